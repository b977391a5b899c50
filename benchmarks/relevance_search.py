"""The bot's own search as a row of cases asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.search_engines import OwnSearch
from core.errors import FileFilterError
from core.search.dictionary import Dictionary
from core.search.words import file_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import ListedFile, NewMedia
    from core.search.dictionary import Spelling

_READER = 1


class AskedSearch(OwnSearch):
    """Answers what cases ask (`Searched`); a page is asked for once."""

    def __init__(self, mongo_uri: str, redis_uri: str, database: str, name: str) -> None:
        super().__init__(mongo_uri, redis_uri, database, name)
        self._pages: dict[str, Sequence[ListedFile]] = {}
        self._dictionary = Dictionary()

    async def store(self, batch: Sequence[NewMedia]) -> None:
        """See `Engine`."""
        await super().store(batch)
        for file in batch:
            self._dictionary.add(dict.fromkeys(file_words(file.name, file.caption), 1))

    async def page(self, text: str) -> Sequence[ListedFile]:
        """See `Searched`."""
        if text not in self._pages:
            try:
                self._pages[text] = (await self._search.search(_READER, text)).files
            except FileFilterError:
                self._pages[text] = ()
        return self._pages[text]

    def nearest(self, word: str) -> Sequence[Spelling]:
        """See `Searched`."""
        return self._dictionary.nearest(word)
