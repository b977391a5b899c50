"""What follows from new names of files: the dictionary learns their words, and they are read for metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.search.words import TITLE_MARK, file_words

if TYPE_CHECKING:
    from core.domain.indexing import BatchOutcome
    from core.domain.media import NewMedia
    from core.services.media_metadata import MediaMetadataService
    from core.services.search_dictionary import SearchDictionary


class NewNames:
    """Told by indexing of what it stored; nothing here waits or fails."""

    def __init__(self, dictionary: SearchDictionary, metadata: MediaMetadataService) -> None:
        self._dictionary = dictionary
        self._metadata = metadata

    def stored(self, outcome: BatchOutcome) -> None:
        """A batch was stored."""
        self._dictionary.learn(outcome.words)
        self._metadata.add(outcome.named)

    def edited(self, media: NewMedia) -> None:
        """A file may have another name or caption; words that were known already are counted by the next re-count."""
        words = (word for word in file_words(media.name, media.caption) if not word.startswith(TITLE_MARK))
        self._dictionary.learn({word: 1 for word in words if not self._dictionary.dictionary.files(word)})
        self._metadata.add([(media.unique_id, media.name)])
