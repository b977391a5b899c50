"""Settings of groups.

    groups {_id: chat id, mode?: "all" | "mention" | "command", t: when that was set, required?: [chat id],
            gone_since?: the bot is not in it, as far as it knows}

A group that nobody set anything for has no document.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from core.cache import keys
from core.cache.codec import ValueForm
from core.database.base import BaseRepository
from core.domain.group import Group, SearchMode

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool

_GROUPS = "groups"
_FORGOTTEN_AT_ONCE = 200
_BEFORE_ALL = -(1 << 63)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_SETTINGS = {"mode": 1, "required": 1}
_MODES = frozenset(SearchMode)


class GroupRepository(BaseRepository[int, Group]):
    """Reads and writes groups; every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool, cache: RedisCache, clock: Clock) -> None:
        super().__init__(cache, clock, key=keys.group, form=_FORM)
        self._pool = pool

    async def get_group(self, chat_id: int) -> Group:
        """The settings of a group, without any for one that has none.

        What this process wrote is seen at once, what another one wrote within five seconds. That a group has no
        settings is remembered as well, so that a busy one does not ask for them at every message.
        """
        return await self._read_cached(chat_id, lambda: self._load(chat_id)) or Group(chat_id)

    async def set_search_mode(self, chat_id: int, mode: SearchMode) -> None:
        """Set what counts as a search in a group, durably; the last of two racing writers wins."""
        fields = {"mode": mode.value, "t": self._clock.utc_now()}
        async with self._writing(chat_id):
            await self._pool.update_one(_GROUPS, {"_id": chat_id}, {"$set": fields}, upsert=True, idempotent=True)

    async def require(self, chat_id: int, required_id: int, most: int) -> bool:
        """Put a chat on a group's list of those that people have to be in; False when `most` others stand there."""
        room = {"$or": [{f"required.{most - 1}": {"$exists": False}}, {"required": required_id}]}
        change = {"$addToSet": {"required": required_id}}
        async with self._writing(chat_id):
            with suppress(DuplicateKeyError):  # there is such a group, whose list is full
                await self._pool.update_one(_GROUPS, {"_id": chat_id, **room}, change, upsert=True, idempotent=True)
                return True
        return False

    async def require_no_more(self, chat_id: int, required_id: int) -> bool:
        """Take a chat off a group's list; False when it did not stand there."""
        query, change = {"_id": chat_id, "required": required_id}, {"$pull": {"required": required_id}}
        async with self._writing(chat_id):
            before = await self._pool.find_one_and_update(_GROUPS, query, change, return_new=False)
        return before is not None

    async def requiring(self, required_id: int) -> list[int]:
        """Ids of the groups that have a chat on their list."""
        found = await self._pool.find(_GROUPS, {"required": required_id}, projection={"_id": 1})
        return [int(group["_id"]) for group in found]

    async def ids_after(self, after: int | None, limit: int) -> list[int]:
        """The next groups with settings, in order of their ids; None is before the first."""
        query = {"_id": {"$gt": _BEFORE_ALL if after is None else after}}
        found = await self._pool.find(_GROUPS, query, projection={"_id": 1}, sort=[("_id", 1)], limit=limit)
        return [int(group["_id"]) for group in found]

    async def note_gone(self, chat_id: int, at: datetime) -> None:
        """The bot is not in a group, as was seen at `at` (UTC); keeps an earlier moment."""
        query = {"_id": chat_id, "gone_since": {"$exists": False}}
        await self._pool.update_one(_GROUPS, query, {"$set": {"gone_since": at}}, idempotent=True)

    async def note_here(self, chat_id: int) -> None:
        """The bot is in a group."""
        query = {"_id": chat_id, "gone_since": {"$exists": True}}
        await self._pool.update_one(_GROUPS, query, {"$unset": {"gone_since": ""}}, idempotent=True)

    async def forget_gone(self, before: datetime) -> int:
        """Forget the settings of some hundred groups that the bot has not been in since `before` (UTC); how many."""
        gone = {"gone_since": {"$gt": _LONG_AGO, "$lt": before}}
        found = await self._pool.find(_GROUPS, gone, projection={"_id": 1}, limit=_FORGOTTEN_AT_ONCE)
        forgotten = 0
        for group in found:
            async with self._writing(int(group["_id"])):
                forgotten += await self._pool.delete_many(_GROUPS, {"_id": group["_id"], **gone})
        return forgotten

    async def move(self, old_id: int, new_id: int) -> bool:
        """Give a group's settings to the supergroup it became, unless it has some of its own; whether there were any.

        Done again it changes nothing; cut off in the middle, it is completed by doing it again.
        """
        found = await self._pool.find_one(_GROUPS, {"_id": old_id})
        if found is None:
            return False
        async with self._writing(new_id):
            with suppress(DuplicateKeyError):  # the supergroup has settings: they are newer
                await self._pool.insert_one(_GROUPS, {**found, "_id": new_id})
        async with self._writing(old_id):
            await self._pool.delete_one(_GROUPS, {"_id": old_id})
        return True

    async def _load(self, chat_id: int) -> Group:
        found = await self._pool.find_one(_GROUPS, {"_id": chat_id}, projection=_SETTINGS) or {}
        return Group(chat_id, _mode(found.get("mode")), tuple(map(int, found.get("required", ()))))


def _mode(stored: Any) -> SearchMode | None:
    return SearchMode(stored) if isinstance(stored, str) and stored in _MODES else None


def _to_json(group: Group) -> list[Any]:
    return [group.id, group.search_mode, group.required_chats]


def _from_json(fields: Any) -> Group | None:
    match fields:
        case [int(chat_id), mode, [*required]] if all(type(required_id) is int for required_id in required):
            return Group(chat_id, _mode(mode), tuple(required))
    return None


_FORM = ValueForm(_to_json, _from_json)
