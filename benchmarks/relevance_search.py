"""The bot's own search as a row of cases asks it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from benchmarks.search_engines import OwnSearch
from core.errors import BadInputError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import ListedFile, NewMedia
    from core.search.dictionary import Spelling

_ATTEMPTS = 5


class AskedSearch(OwnSearch):
    """Answers what cases ask (`Searched`); a page is asked for once."""

    def __init__(self, mongo_uri: str, redis_uri: str, database: str, name: str) -> None:
        super().__init__(mongo_uri, redis_uri, database, name)
        self._pages: dict[str, Sequence[ListedFile]] = {}

    async def store(self, batch: Sequence[NewMedia]) -> None:
        """See `Engine`; again when a busy machine cut it.

        Words of files that a cut attempt stored are not counted, as with the bot until its nightly count.
        """
        for _ in range(_ATTEMPTS - 1):
            with contextlib.suppress(DatabaseUnavailableError):
                return await super().store(batch)
        return await super().store(batch)

    async def page(self, text: str) -> Sequence[ListedFile]:
        """See `Searched`."""
        if text not in self._pages:
            try:
                self._pages[text] = (await self.search(text)).files
            except BadInputError:
                self._pages[text] = ()
        return self._pages[text]

    def nearest(self, word: str) -> Sequence[Spelling]:
        """See `Searched`."""
        return self._words.dictionary.nearest(word)
