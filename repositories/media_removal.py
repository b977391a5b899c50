"""Taking files out of the library, one by one and in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.domain.search import MatchCount
from repositories.media_document import (
    CAPTION,
    CHANNEL,
    COLLECTION,
    ID,
    MESSAGE,
    NAME,
    SOURCE_INDEX,
    SOURCES,
    UNIQUE_ID,
    plan_filter,
    plan_index,
    sources_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool
    from core.domain.media import MediaSource
    from core.search.plan import SearchPlan

_NEWEST_FIRST = ((ID, -1),)
_COUNT_MS = 500


class Match(NamedTuple):
    """A file that a plan matches; `caption` is "" without one."""

    id: int
    unique_id: str
    name: str
    caption: str
    sources: tuple[MediaSource, ...]


class Removal(NamedTuple):
    """What a removal did.

    Attributes:
        removed: records that this call deleted.
        missing: numbers of the databases that did not answer, which may still hold them.
    """

    removed: int
    missing: tuple[int, ...] = ()


class MediaRemovalRepository:
    """Deletes records; every method raises DatabaseUnavailableError when no database answers, and may be repeated."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of all databases, in order."""
        return tuple(database.number for database in self._databases.databases)

    async def remove(self, unique_ids: Collection[str]) -> Removal:
        """Delete files wherever they are stored, given up or not."""
        wanted = {UNIQUE_ID: {"$in": list(unique_ids)}}
        answers = await self._databases.ask_all(lambda pool: pool.delete_many(COLLECTION, wanted))
        return Removal(sum(answers.by_number.values()), answers.missing)

    async def remove_post(self, unique_id: str, source: MediaSource) -> Removal:
        """Take a post from a file, wherever that is stored, and delete the file where it has no other."""
        post = {CHANNEL: source.channel_id, MESSAGE: source.message_id}
        has_other = {"$elemMatch": {"$nor": [post]}}

        async def remove(pool: DatabaseConnectionPool) -> int:
            alone = {UNIQUE_ID: unique_id, SOURCES: {"$elemMatch": post, "$not": has_other}}
            removed = await pool.delete_many(COLLECTION, alone)
            pull = {"$pull": {SOURCES: post}}
            await pool.update_many(COLLECTION, {UNIQUE_ID: unique_id, SOURCES: has_other}, pull, idempotent=True)
            return removed

        answers = await self._databases.ask_all(remove)
        return Removal(sum(answers.by_number.values()), answers.missing)

    async def matching(
        self, number: int, plan: SearchPlan, *, before_id: int, limit: int, max_time_ms: int = 1500
    ) -> list[Match]:
        """The newest matches of one database that are older than an id, newest first.

        Raises:
            SearchTimeoutError: finding them passed `max_time_ms`.
        """
        pool = self._databases.database(number)
        found = await pool.find(
            COLLECTION,
            {**plan_filter(plan), ID: {"$lt": before_id}},
            projection={UNIQUE_ID: 1, NAME: 1, CAPTION: 1, SOURCES: 1},
            sort=_NEWEST_FIRST,
            limit=limit,
            hint=plan_index(plan),
            max_time_ms=max_time_ms,
        )
        return [Match(d[ID], d[UNIQUE_ID], d[NAME], d.get(CAPTION) or "", sources_of(d)) for d in found]

    async def remove_from(self, number: int, ids: Sequence[int]) -> int:
        """Delete records of one database; how many this call deleted."""
        return await self._databases.database(number).delete_many(COLLECTION, {ID: {"$in": list(ids)}})

    async def count_in_channel(self, channel_id: int, limit: int) -> MatchCount:
        """How many files have a post in a channel, or `limit` when there are at least so many.

        A file that two databases hold counts twice.

        Raises:
            SearchTimeoutError: counting took too long in every database.
        """
        wanted = {f"{SOURCES}.{CHANNEL}": channel_id}
        answers = await self._databases.ask_all(
            lambda pool: pool.count(COLLECTION, wanted, limit=limit, max_time_ms=_COUNT_MS, hint=SOURCE_INDEX)
        )
        return MatchCount(min(limit, sum(answers.by_number.values())), answers.missing)
