"""The nightly check of the stores: what it removes, what it leaves, and that it does a part at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.channel import IndexedChannel
from core.domain.consistency import Check
from core.domain.group import SearchMode
from core.errors import DatabaseUnavailableError, SecondaryUnavailableError, TelegramUnavailableError
from core.services import consistency as module
from core.services.consistency import ConsistencyService
from core.telegram.gateway import SourceGoneError, TelegramRefusedError
from repositories.channel import ChannelRepository
from repositories.consistency import ConsistencyRepository
from repositories.group import GroupRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.redis_cache import RedisCache
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

LISTED, UNLISTED = -1001, -1002
HELD, DEAD, GONE = 11, 12, 13


class Members:
    """Telegram's answers about groups, by id: the default is that the bot is in."""

    def __init__(self) -> None:
        self.faults: dict[int, Exception] = {}
        self.asked: list[int] = []
        self.is_reached = True

    async def reach(self) -> None:
        if not self.is_reached:
            raise TelegramUnavailableError("no login")

    async def own_rights(self, chat_id: int) -> object:
        self.asked.append(chat_id)
        if chat_id in self.faults:
            raise self.faults[chat_id]
        return object()


class Night:
    """The check over databases, in one process."""

    def __init__(
        self, pools: Sequence[DatabaseConnectionPool], cache: RedisCache, clock: TestClock, most_pages: int = 300
    ) -> None:
        self.primary, self.clock, self.members = pools[0], clock, Members()
        self.groups = GroupRepository(self.primary, cache, clock)
        self.channels = ChannelRepository(self.primary, clock)
        self.service = ConsistencyService(
            consistency=ConsistencyRepository(MultiDatabaseManager(pools, clock)),
            channels=self.channels,
            groups=self.groups,
            members=self.members,  # type: ignore[arg-type]
            reach=self.members.reach,
            clock=clock,
            most_pages=most_pages,
        )

    async def found(self, check: Check) -> int | None:
        """What its last complete walk found."""
        result = (await self.service.results()).get(check)
        return None if result is None else result.found

    async def left(self, collection: str) -> list[Any]:
        """Ids of the documents that are left."""
        return sorted(document["_id"] for document in await self.primary.find(collection, {}))


async def write_about_files(pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """A file that is held, one that is given up, and words about both and about one that is gone."""
    await pool.insert_many("media_files", [{"_id": HELD, "src": []}, {"_id": DEAD, "src": [], "x": 1}])
    await pool.insert_many("file_reports", [{"_id": f"{media}:gone", "media": media} for media in (HELD, DEAD, GONE)])
    kept: list[dict[str, Any]] = [
        {"_id": "both", "media": [HELD, GONE]},
        {"_id": "gone", "media": [GONE]},
        {"_id": "waits", "media": [GONE], "due": clock.utc_now()},
        {"_id": "page", "due": clock.utc_now()},
    ]
    await pool.insert_many("scheduled_deletions", kept)


async def test_words_about_files_that_are_gone_go_too(
    either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Reports and lists lose what no database holds; a file that is given up is held, what waits to be deleted stays.

    Two processes at once do no harm.
    """
    night, other = (Night([either_pool], memory_cache, clock) for _ in range(2))
    await write_about_files(either_pool, clock)

    await asyncio.gather(night.service.check_references(), other.service.check_references())

    assert await night.left("file_reports") == [f"{HELD}:gone", f"{DEAD}:gone"]
    assert await night.left("scheduled_deletions") == ["both", "page", "waits"]
    both = await either_pool.find_one("scheduled_deletions", {"_id": "both"})
    assert both is not None
    assert both["media"] == [HELD]
    assert await night.service.check_references() == 0
    assert await night.found(Check.FILE_REFERENCES) == 0


async def test_while_a_database_is_silent_nothing_counts_as_gone(
    stores: InMemoryStores, memory_cache: RedisCache, clock: TestClock
) -> None:
    """A file that nobody finds may be in the database that does not answer; when it is back, the check goes on."""
    pools = [
        DatabaseConnectionPool("", f"memory_{number}", clock=clock, number=number, client_factory=stores.mongo_client)
        for number in (1, 2)
    ]
    night = Night(pools, memory_cache, clock)
    await write_about_files(pools[0], clock)
    await pools[1].insert_one("media_files", {"_id": GONE, "src": []})
    for _ in range(5):
        pools[1].breaker.note_ping(answered=False)
    assert await night.service.check_references() == 0
    assert await night.service.check_files() == 1
    assert len(await night.left("file_reports")) == 3
    assert await night.service.results() == {}

    pools[1].breaker.reset()
    assert await night.service.check_references() == 0
    assert await night.service.check_files() == 2
    assert len(await night.left("file_reports")) == 3
    assert (await night.found(Check.FILE_REFERENCES), await night.found(Check.UNLISTED_FILES)) == (0, 2)


async def test_without_the_primary_no_check_counts_as_done(
    stores: InMemoryStores, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Every check then fails, to be tried again the same night."""
    pools = [
        DatabaseConnectionPool("", f"memory_{number}", clock=clock, number=number, client_factory=stores.mongo_client)
        for number in (1, 2)
    ]
    night = Night(pools, memory_cache, clock)
    for _ in range(5):
        pools[0].breaker.note_ping(answered=False)
    for step in night.service.steps().values():
        with pytest.raises(DatabaseUnavailableError) as caught:
            await step()
        assert not isinstance(caught.value, SecondaryUnavailableError)


async def test_a_night_does_a_bounded_part_and_the_next_goes_on(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pages of two and two pages a night, ten reports take three nights; only then there is a result."""
    monkeypatch.setattr(module, "_REFERRERS_AT_ONCE", 2)
    await memory_pool.insert_many("file_reports", [{"_id": f"{media}:gone", "media": media} for media in range(10, 20)])
    left = []
    for _ in range(3):
        night = Night([memory_pool], memory_cache, clock, most_pages=2)
        assert await night.found(Check.FILE_REFERENCES) is None
        await night.service.check_references()
        left.append(len(await night.left("file_reports")))
    assert left == [6, 2, 0]
    assert await night.found(Check.FILE_REFERENCES) == 10


async def test_files_that_nothing_refreshes_are_counted_over_all_databases(
    stores: InMemoryStores, memory_cache: RedisCache, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files without a post in a listed channel count, disabled ones listed, those given up not; also page by page."""
    pools = [
        DatabaseConnectionPool("", f"memory_{number}", clock=clock, number=number, client_factory=stores.mongo_client)
        for number in (1, 2)
    ]
    night = Night(pools, memory_cache, clock)
    await night.channels.seed([IndexedChannel(LISTED, enabled=False)])
    places: list[list[int]] = [[LISTED], [UNLISTED], [], [UNLISTED, LISTED]]
    for pool in pools:
        files = [
            {"_id": number, "u": f"{pool.number}{number}", "src": [{"ch": channel, "mi": 1} for channel in channels]}
            for number, channels in enumerate(places, start=1)
        ]
        await pool.insert_many("media_files", [*files, {"_id": 9, "u": f"{pool.number}x", "src": [], "x": 1}])
    assert await night.service.check_files() == 4

    monkeypatch.setattr(module, "_FILES_AT_ONCE", 2)
    clock.advance(days=1)
    in_parts = Night(pools, memory_cache, clock, most_pages=3)
    assert [await in_parts.service.check_files() for _ in range(3)] == [2, 4, 4]
    result = (await night.service.results())[Check.UNLISTED_FILES]
    assert (result.found, result.at) == (4, clock.utc_now())
    assert await pools[0].count("media_files", {}) == 5


async def test_groups_are_forgotten_after_a_month_without_the_bot(
    either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """One that throws it out is forgotten after thirty days, one that takes it back within them never is."""
    night = Night([either_pool], memory_cache, clock)
    stays, leaves, returns, odd = -1, -2, -3, -4
    for group in (stays, leaves, returns, odd):
        await night.groups.set_search_mode(group, SearchMode.ALL)
    night.members.faults = {group: SourceGoneError("gone") for group in (leaves, returns)}
    night.members.faults[odd] = TelegramRefusedError("channels.GetParticipant", "SOMETHING_NEW")
    await night.service.check_groups()
    clock.advance(days=29)
    del night.members.faults[returns]
    await night.service.check_groups()
    assert await night.left("groups") == [odd, returns, leaves, stays]
    clock.advance(days=2)
    assert await night.service.check_groups() == 1
    assert await night.left("groups") == [odd, returns, stays]
    assert (await night.groups.get_group(leaves)).search_mode is None
    assert await night.found(Check.LOST_GROUPS) == 1


async def test_without_telegram_no_group_counts_as_lost(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk ends quietly and goes on where it was, in another process as well."""
    monkeypatch.setattr(module, "_GROUPS_AT_ONCE", 1)
    night = Night([memory_pool], memory_cache, clock)
    for group in (-1, -2, -3):
        await night.groups.set_search_mode(group, SearchMode.ALL)
    night.members.faults = {-2: TelegramUnavailableError("away")}
    assert await night.service.check_groups() == 0
    assert await night.found(Check.LOST_GROUPS) is None

    stand_by = Night([memory_pool], memory_cache, clock)
    stand_by.members.is_reached = False
    await stand_by.service.check_groups()
    assert stand_by.members.asked == []
    later = Night([memory_pool], memory_cache, clock)
    await later.service.check_groups()
    assert later.members.asked == [-2, -1]
    assert await memory_pool.count("groups", {"gone_since": {"$exists": True}}) == 0


async def test_what_a_server_does_not_remove_by_itself_goes_a_day_later(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Records that are long over go; those of today, of the future and without an end stay."""
    night, now, hour = Night([memory_pool], memory_cache, clock), clock.utc_now(), timedelta(hours=1)
    ends = {"over": now - 25 * hour, "a moment ago": now - 23 * hour, "later": now + hour, "never": None}
    for collection, field in (("deliveries", "expires_at"), ("broadcasts", "expires_at")):
        await memory_pool.insert_many(collection, [{"_id": name, field: end} for name, end in ends.items()])
    asked = {"old": now - timedelta(days=32), "new": now - timedelta(days=30)}
    await memory_pool.insert_many("join_requests", [{"_id": name, "at": at} for name, at in asked.items()])

    assert await night.service.remove_overdue() == 3

    for collection in ("deliveries", "broadcasts"):
        assert await night.left(collection) == ["a moment ago", "later", "never"]
    assert await night.left("join_requests") == ["new"]
    assert await night.found(Check.OVERDUE_RECORDS) == 3
