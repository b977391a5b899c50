"""The index list and how far each channel is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymongo import UpdateOne

from core.domain.channel import IndexedChannel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document

_CHANNELS = "indexed_channels"
_SEEDED = {"_id": 0}  # no channel has this id: the list was filled once, from now on it rules
_LISTED = {"_id": {"$ne": 0}}


class ChannelRepository:
    """Channels whose posts are indexed; every method raises DatabaseUnavailableError when the database is gone."""

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def is_seeded(self) -> bool:
        """Whether the list was ever filled; it may be empty again by now."""
        return await self._pool.find_one(_CHANNELS, _SEEDED) is not None

    async def seed(self, channels: Sequence[IndexedChannel]) -> bool:
        """Fill a list that was never filled; False when it was, and then nothing changes.

        An empty `channels` leaves the list unfilled. Two processes may seed at once; interrupted, it can be repeated.
        """
        if not channels or await self.is_seeded():
            return False
        fill = [UpdateOne({"_id": channel.id}, {"$setOnInsert": _to_document(channel)}, True) for channel in channels]
        await self._pool.bulk_write(_CHANNELS, [*fill, self._mark_seeded()], ordered=True, idempotent=True)
        return True

    async def list_enabled(self) -> list[IndexedChannel]:
        """The channels to be indexed, those included that may not be read now, by id."""
        enabled = {**_LISTED, "enabled": True}
        return [_to_channel(found) for found in await self._pool.find(_CHANNELS, enabled, sort=[("_id", 1)])]

    async def list_all(self) -> list[IndexedChannel]:
        """Every channel of the list, switched off or not, by id."""
        return [_to_channel(found) for found in await self._pool.find(_CHANNELS, _LISTED, sort=[("_id", 1)])]

    async def get(self, channel_id: int) -> IndexedChannel | None:
        """One channel of the list; None when it is not in it."""
        found = await self._pool.find_one(_CHANNELS, {"_id": channel_id})
        return _to_channel(found) if found is not None and channel_id != 0 else None

    async def add(self, channel: IndexedChannel) -> bool:
        """Put a channel on the list, as known as it says; False when it is on it already, and then nothing changes."""
        before = await self.get(channel.id)
        add = UpdateOne({"_id": channel.id}, {"$setOnInsert": _to_document(channel)}, True)
        await self._pool.bulk_write(_CHANNELS, [add, self._mark_seeded()], ordered=True, idempotent=True)
        return before is None

    async def remove(self, channel_id: int) -> bool:
        """Take a channel off the list; False when it was not on it."""
        return channel_id != 0 and await self._pool.delete_one(_CHANNELS, {"_id": channel_id}) == 1

    async def set_enabled(self, channel_id: int, *, enabled: bool) -> bool:
        """Switch indexing of a channel on or off; False when it is not on the list."""
        query = {"_id": channel_id, "enabled": {"$exists": True}}
        change = {"$set": {"enabled": enabled}}
        return await self._pool.update_one(_CHANNELS, query, change, idempotent=True) == 1

    async def set_paused(self, channel_id: int, reason: str | None) -> bool:
        """Note why a channel may not be read now, or None that it may again; whether that is news.

        Of several callers at once one is told that it is. A channel that is not on the list is no news.
        """
        if channel_id == 0:
            return False
        query = {"_id": channel_id, "paused": {"$exists": reason is None}}
        change = {"$unset": {"paused": ""}} if reason is None else {"$set": {"paused": reason}}
        return await self._pool.update_one(_CHANNELS, query, change, idempotent=True) == 1

    async def rename(self, channel_id: int, title: str, username: str | None) -> None:
        """Note what a channel is called now; its id stays what it is known by."""
        if channel_id != 0:
            change = {"$set": {"title": title, "username": username}}
            await self._pool.update_one(_CHANNELS, {"_id": channel_id}, change, idempotent=True)

    async def note_audit(self, channel_id: int, audited_to: int, finished_at: datetime | None = None) -> None:
        """Note how far an audit has come, and when it came to its end."""
        fields: Document = {"audited_to": audited_to} | ({"audited_at": finished_at} if finished_at else {})
        if channel_id != 0:
            await self._pool.update_one(_CHANNELS, {"_id": channel_id}, {"$set": fields}, idempotent=True)

    async def move(self, old_id: int, new_id: int) -> IndexedChannel | None:
        """Let a group's place on the list be that of the supergroup it became, of which nothing is known yet.

        Safe to repeat: cut short, both are on the list.

        Returns:
            The entry of `new_id`; None when neither is on the list.
        """
        old = await self.get(old_id)
        if old is None:
            return await self.get(new_id)
        await self.add(replace(old, id=new_id, pts=None, last_message_id=0, paused=None))
        await self.remove(old_id)
        return await self.get(new_id)

    async def advance(self, channel_id: int, pts: int, last_message_id: int) -> None:
        """Everything up to `pts` and `last_message_id` is stored; neither ever goes back, 0 leaves it as it is.

        Safe to repeat and to race. A channel that was removed meanwhile stays removed.
        """
        higher = {name: value for name, value in (("pts", pts), ("last_message_id", last_message_id)) if value > 0}
        if higher and channel_id != 0:
            await self._pool.update_one(_CHANNELS, {"_id": channel_id}, {"$max": higher}, idempotent=True)

    def _mark_seeded(self) -> UpdateOne:
        return UpdateOne(_SEEDED, {"$setOnInsert": {"seeded_at": self._clock.utc_now()}}, upsert=True)


def _to_document(channel: IndexedChannel) -> Document:
    document: Document = {
        "title": channel.title,
        "username": channel.username,
        "enabled": channel.enabled,
        "last_message_id": channel.last_message_id,
    }
    known = {"pts": channel.pts, "database": channel.database, "paused": channel.paused}
    return {**document, **{name: value for name, value in known.items() if value is not None}}


def _to_channel(found: Document) -> IndexedChannel:
    return IndexedChannel(
        id=found["_id"],
        title=found.get("title", ""),
        username=found.get("username"),
        enabled=found.get("enabled", True),
        pts=found.get("pts"),
        last_message_id=found.get("last_message_id", 0),
        database=found.get("database"),
        paused=found.get("paused"),
        audited_to=found.get("audited_to", 0),
        audited_at=found.get("audited_at"),
    )
