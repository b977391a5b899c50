"""What follows from new names of files: the dictionary learns their words, and they are read for metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.concurrency.worker_process import WorkerLostError
from core.search.word_counts import read_words
from core.search.words import TITLE_MARK, file_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.concurrency.worker_process import WorkerProcess
    from core.domain.indexing import BatchOutcome
    from core.domain.media import NewMedia
    from core.services.media_metadata import MediaMetadataService
    from core.services.search_dictionary import SearchDictionary

_MANY = 100  # some four milliseconds of reading


class NewNames:
    """Reads names for indexing, and is told of what it stored; nothing here fails."""

    def __init__(self, dictionary: SearchDictionary, metadata: MediaMetadataService, worker: WorkerProcess) -> None:
        self._dictionary = dictionary
        self._metadata = metadata
        self._worker = worker

    async def read(self, files: Sequence[NewMedia]) -> list[list[str]] | None:
        """The words of many files, read beside the event loop; None where that does not pay or is not possible now."""
        if len(files) < _MANY:
            return None
        try:
            return await self._worker.call(read_words, [(media.name, media.caption) for media in files])
        except WorkerLostError:
            return None

    def stored(self, outcome: BatchOutcome) -> None:
        """A batch was stored."""
        self._dictionary.learn(outcome.words)
        self._metadata.add(outcome.named)

    def edited(self, media: NewMedia) -> None:
        """A file may have another name or caption; words that were known already are counted by the next re-count."""
        words = (word for word in file_words(media.name, media.caption) if not word.startswith(TITLE_MARK))
        self._dictionary.learn({word: 1 for word in words if not self._dictionary.dictionary.files(word)})
        self._metadata.add([(media.unique_id, media.name)])
