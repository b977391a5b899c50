"""How many files there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import DatabaseUnavailableError
from repositories.media_document import COLLECTION, ID, ID_INDEX, KIND

if TYPE_CHECKING:
    from core.database.multi_pool import MultiDatabaseManager
    from core.domain.media import MediaKind

_WALK_TIMEOUT_S = 120.0


class MediaCountRepository:
    """Counts files by their ids, which are ordered by the time they were stored."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases

    async def between(self, first_id: int, end_id: int) -> int:
        """Files with ids from `first_id` up to below `end_id`.

        Raises:
            DatabaseUnavailableError: a database did not answer.
        """
        wanted = {ID: {"$gte": first_id, "$lt": end_id}}
        answers = await self._databases.ask_all(lambda pool: pool.count(COLLECTION, wanted))
        if answers.missing:
            raise self._databases.outage(answers.missing)
        return sum(answers.by_number.values())

    async def of_kind(self, kind: MediaKind) -> int:
        """Files of one kind, copies in several databases counted apart; reads every file, for work at night.

        Raises:
            SecondaryUnavailableError: a database did not answer that is not the primary.
            DatabaseUnavailableError: the primary did not.
        """
        total = 0
        for pool in self._databases.databases:
            wanted = {ID: {"$gt": 0}, KIND: int(kind)}
            try:
                total += await pool.count(COLLECTION, wanted, hint=ID_INDEX, timeout_s=_WALK_TIMEOUT_S)
            except DatabaseUnavailableError as error:
                raise self._databases.outage((pool.number,)) from error
        return total
