"""The index list and the stored settings, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.domain.channel import IndexedChannel
from repositories.channel import ChannelRepository
from repositories.runtime_settings import RuntimeSettingsRepository

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

FILMS = IndexedChannel(-1001, "Films", "films", pts=40)
BOOKS = IndexedChannel(-1002, "Books")


@pytest.fixture
def channels(either_pool: DatabaseConnectionPool, clock: TestClock) -> ChannelRepository:
    return ChannelRepository(either_pool, clock)


async def test_the_list_is_seeded_once(channels: ChannelRepository) -> None:
    """Seeds fill a list that was never filled; afterwards the list rules, even when it is empty again."""
    assert not await channels.is_seeded()
    assert await channels.seed([FILMS, BOOKS])
    assert await channels.is_seeded()
    assert await channels.list_enabled() == [BOOKS, FILMS]
    assert await channels.remove(FILMS.id)
    assert await channels.remove(BOOKS.id)
    assert not await channels.seed([FILMS])
    assert await channels.list_all() == []


async def test_no_seeds_leave_the_list_unfilled(channels: ChannelRepository) -> None:
    """A start without channels does not use up the one seeding."""
    assert not await channels.seed([])
    assert await channels.seed([FILMS])


async def test_seeding_from_two_processes_is_seeding_once(channels: ChannelRepository) -> None:
    """Concurrent seeds leave each channel once."""
    await asyncio.gather(*(channels.seed([FILMS, BOOKS]) for _ in range(5)))
    assert await channels.list_all() == [BOOKS, FILMS]


async def test_an_added_channel_makes_the_list_the_admins(channels: ChannelRepository) -> None:
    """After an admin added a channel no seed follows; adding it again changes nothing."""
    assert await channels.add(FILMS)
    assert not await channels.add(IndexedChannel(FILMS.id, "Other title"))
    assert not await channels.seed([BOOKS])
    assert await channels.list_all() == [FILMS]


async def test_marks_never_go_back(channels: ChannelRepository) -> None:
    """Advancing is monotonic in both counters, in any order, and 0 tells nothing."""
    await channels.seed([FILMS, BOOKS])
    marks = [(50, 7), (60, 5), (45, 9), (0, 8), (55, 0)]
    await asyncio.gather(*(channels.advance(FILMS.id, pts, top) for pts, top in marks))
    known = await channels.get(FILMS.id)
    assert known is not None
    assert (known.pts, known.last_message_id) == (60, 9)


async def test_walking_by_ids_leaves_an_unknown_counter_unknown(channels: ChannelRepository) -> None:
    """A channel whose events were never counted does not appear counted because its posts were read by id."""
    await channels.seed([BOOKS])
    await channels.advance(BOOKS.id, 0, 200)
    known = await channels.get(BOOKS.id)
    assert known is not None
    assert (known.pts, known.last_message_id) == (None, 200)


async def test_a_removed_channel_is_not_brought_back_by_its_events(channels: ChannelRepository) -> None:
    """Events still in the queue when a channel is removed leave it removed."""
    await channels.seed([FILMS])
    await channels.remove(FILMS.id)
    await channels.advance(FILMS.id, 99, 99)
    assert not await channels.set_enabled(FILMS.id, enabled=True)
    assert await channels.get(FILMS.id) is None


async def test_switches_are_kept(channels: ChannelRepository) -> None:
    """A switched-off channel is not listed as enabled until it is switched on again."""
    await channels.seed([FILMS, BOOKS])
    assert await channels.set_enabled(BOOKS.id, enabled=False)
    assert await channels.list_enabled() == [FILMS]
    assert await channels.set_enabled(BOOKS.id, enabled=True)
    assert await channels.list_enabled() == [BOOKS, FILMS]


async def test_the_seed_marker_is_no_channel(channels: ChannelRepository) -> None:
    """Id 0, which no channel has, can not be read, switched, advanced or removed."""
    await channels.seed([FILMS])
    await channels.advance(0, 5, 5)
    assert await channels.get(0) is None
    assert not await channels.set_enabled(0, enabled=True)
    assert not await channels.remove(0)
    assert await channels.is_seeded()


async def test_settings_are_seeded_once_and_changed_by_name(
    either_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """A seed never overwrites; a put always does, for any kind of value."""
    settings = RuntimeSettingsRepository(either_pool, clock)
    assert await settings.get_all() == {}
    await settings.seed({"limit": 10, "text": "a"})
    await settings.put("limit", 20, by=7)
    await settings.put("pairs", {"search": [30, 60]}, by=7)
    await settings.seed({"limit": 5, "more": None})
    await settings.seed({})
    assert await settings.get_all() == {"limit": 20, "text": "a", "pairs": {"search": [30, 60]}, "more": None}
