"""One run of a broadcast: what becomes of people, and in which order it is written down."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from core.cache.redis_cache import RedisCache
from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.database.lease import DatabaseLease
from core.database.pool import DatabaseConnectionPool
from core.domain.audience import Segment, Unreachable
from core.domain.broadcast import Broadcast, BroadcastState, Snapshot
from core.observability.metrics import Metrics
from core.services.broadcast_run import BroadcastLimits, BroadcastRun, BroadcastTools
from core.services.reachability import Reachability
from core.telegram.gateway import OutcomeUnknownError, RecipientUnreachableError, RetryLaterError, SendClass
from repositories.audience import AudienceRepository
from repositories.broadcast import BroadcastRepository
from repositories.user import UserRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PEOPLE = list(range(100, 130))
FAST = BroadcastLimits(in_flight=4, checkpoint_s=0.02, drain_s=0.1)


class Post:
    """Stands in for Telegram: delivers under a number once, and fails as it is told, each failure once."""

    def __init__(self) -> None:
        self.failures: dict[int, Exception] = {}
        self.delivered: dict[int, int] = {}
        self.attempts = 0

    async def snapshot_of(self, chat_id: int, message_id: int) -> Snapshot | None:
        raise AssertionError((chat_id, message_id))

    async def send_snapshot(self, chat_id: int, snapshot: Snapshot, *, random_id: int, send_class: SendClass) -> int:
        self.attempts += 1
        assert (snapshot.text, send_class) == ("Hello", SendClass.BULK)
        failure = self.failures.get(chat_id)
        if not isinstance(failure, RecipientUnreachableError):
            self.failures.pop(chat_id, None)
        if isinstance(failure, OutcomeUnknownError) or failure is None:
            self.delivered[random_id] = chat_id
        if failure is not None:
            raise failure
        return 1

    async def pin(self, chat_id: int, message_id: int) -> None:
        raise AssertionError((chat_id, message_id))


class Rig:
    """A run over stores in memory."""

    def __init__(self, pool: DatabaseConnectionPool, users: UserRepository, clock: Clock) -> None:
        self.pool = pool
        self.post = Post()
        self.leases = DatabaseLease(pool, clock)
        self.broadcasts = BroadcastRepository(pool, clock)
        self.tasks = TaskRegistry(clock)
        audience = AudienceRepository(pool, users, clock, ZoneInfo("UTC"))
        self.metrics = Metrics()
        self.reachability = WatchedReachability(audience, self.metrics, clock)
        self.reachability.broadcasts, self.reachability.counted = self.broadcasts, {}
        self.tools = BroadcastTools(self.broadcasts, audience, self.post, self.reachability, self.tasks, clock)
        now = clock.utc_now()
        self.draft = Broadcast("a" * 16, 1, "en", Segment(), Snapshot("Hello"), 3, False, BroadcastState.DRAFT, now, 30)

    async def confirm(self) -> None:
        """Let it begin."""
        await self.broadcasts.add(self.draft)
        await self.broadcasts.confirm(self.draft.id, 1, 5)

    async def run(self) -> Broadcast | None:
        """One process's turn."""
        async with self.leases.hold("broadcast", 30, self.tasks) as held:
            assert held is not None
            taken = await self.broadcasts.take_over(self.draft, held.lease.token)
            assert taken is not None
            return await BroadcastRun(taken, held, self.tools, FAST, lambda _record: None).run()


class WatchedReachability(Reachability):
    """Notes what was counted when somebody was flagged first; a checkpoint that is cut off is repeated."""

    broadcasts: BroadcastRepository
    counted: dict[int, int]

    async def lost(self, user_id: int, why: Unreachable | None) -> bool:
        record = await self.broadcasts.get("a" * 16)
        assert record is not None
        assert user_id <= record.cursor
        assert user_id not in record.unsettled
        self.counted.setdefault(user_id, sum(record.tally.unreachable.values()))
        return await super().lost(user_id, why)


@asynccontextmanager
async def opened() -> AsyncIterator[Rig]:
    clock = Clock()
    stores = InMemoryStores(clock)
    redis = stores.redis_client()
    pool = DatabaseConnectionPool("", "memory", clock=clock, client_factory=stores.mongo_client)
    await pool.insert_many("users", [{"_id": user_id, "first_name": "Somebody"} for user_id in PEOPLE])
    rig = Rig(pool, UserRepository(pool, RedisCache(redis, Metrics(), clock), clock), clock)
    yield rig
    await rig.tasks.close(1)
    await redis.aclose()
    await pool.close()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A confirmed broadcast for thirty people."""
    async with opened() as rig:
        await rig.confirm()
        yield rig


async def test_who_is_put_off_and_whose_answer_is_lost_have_it_once(rig: Rig) -> None:
    """Scenario 109: neither a long flood wait nor an unknown outcome counts as failed; both are tried again."""
    rig.post.failures = {100: RetryLaterError(1), 110: RetryLaterError(1), 120: OutcomeUnknownError("no answer")}

    done = await rig.run()

    assert done is not None
    assert (done.state, done.tally.sent, dict(done.tally.failed)) == (BroadcastState.DONE, 30, {})
    assert sorted(rig.post.delivered.values()) == PEOPLE
    assert rig.post.attempts == 33


async def test_several_who_are_put_off_in_a_row_hold_everybody_up(rig: Rig) -> None:
    """Scenario 109: a wait that Telegram asks of the whole bot is not tried out on one person after the other."""
    rig.post.failures = {user_id: RetryLaterError(60) for user_id in PEOPLE}

    running = rig.tasks.spawn(rig.run(), name="run")
    await until(lambda: rig.post.attempts >= 5 or running.done())
    done, _ = await asyncio.wait((running,), timeout=0.3)

    assert not done
    assert 5 <= rig.post.attempts <= 5 + FAST.in_flight


async def test_people_are_flagged_only_once_they_are_counted(rig: Rig) -> None:
    """Scenario 106: a kill between the two leaves nobody out of the report, since nobody is flagged uncounted."""
    rig.post.failures = {u: RecipientUnreachableError("", Unreachable.BLOCKED) for u in PEOPLE[::3]}

    done = await rig.run()

    assert done is not None
    assert dict(done.tally.unreachable) == {"blocked": 10}
    assert len(rig.reachability.counted) == 10
    assert all(counted >= number for number, counted in enumerate(rig.reachability.counted.values(), start=1))
    assert await rig.pool.count("users", {"unreachable_why": "blocked"}) == 10
    assert rig.tasks.failures == 0


async def test_the_last_checkpoint_does_not_cut_off_the_one_before(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenario 106: who is being flagged when everybody else is done is flagged, counted and logged, once."""
    rig.post.failures = {PEOPLE[0]: RecipientUnreachableError("", Unreachable.BLOCKED)}
    flagging, flagged = asyncio.Event(), []
    mark, send = rig.tools.audience.mark_unreachable, rig.post.send_snapshot

    async def mark_slowly(user_id: int, *args: Any) -> bool:
        is_new = await mark(user_id, *args)
        flagging.set()
        for _ in range(100):
            await asyncio.sleep(0)
        flagged.append(user_id)
        return is_new

    async def send_while_flagging(user_id: int, *args: Any, **options: Any) -> int:
        if user_id == PEOPLE[-1]:
            await flagging.wait()
        return await send(user_id, *args, **options)

    monkeypatch.setattr(rig.tools.audience, "mark_unreachable", mark_slowly)
    monkeypatch.setattr(rig.post, "send_snapshot", send_while_flagging)
    await rig.run()

    assert flagged == [PEOPLE[0]]
    assert rig.metrics.people_lost.labels("blocked")._value.get() == 1


async def test_an_older_fence_moves_nothing(rig: Rig) -> None:
    """Scenario 107: a process that another one has succeeded changes neither cursor nor counts nor state."""
    old = await rig.broadcasts.take_over(rig.draft, 1)
    new = await rig.broadcasts.take_over(rig.draft, 2)
    assert old is not None
    assert new is not None

    written = await rig.broadcasts.checkpoint(old, cursor=129, unsettled=[], tally=old.tally)
    await rig.broadcasts.renew_snapshot(old, Snapshot("Other"))

    assert written is None
    assert await rig.broadcasts.finish(old) is None
    assert await rig.broadcasts.take_over(rig.draft, 1) is None
    assert await rig.broadcasts.get(rig.draft.id) == new
    assert await rig.broadcasts.checkpoint(new, cursor=7, unsettled=[3], tally=new.tally) == replace(
        new, cursor=7, unsettled=(3,)
    )
