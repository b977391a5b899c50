"""Leases, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.database.lease import DatabaseLease
from core.errors import DatabaseUnavailableError
from tests.fixtures.clock import TestClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores

CONTENDERS = 50
EXPIRIES = 10


@pytest.fixture
def leases(either_pool: DatabaseConnectionPool, clock: TestClock) -> DatabaseLease:
    return DatabaseLease(either_pool, clock)


@pytest.fixture
async def tasks(clock: TestClock) -> AsyncIterator[TaskRegistry]:
    registry = TaskRegistry(clock)
    yield registry
    await registry.close(5)
    assert registry.failures == 0


async def crowd(leases: DatabaseLease, round_: int = 0) -> list[int]:
    """Everybody wants the same lease at once; the tokens of those who got it."""
    wanted = (leases.acquire("job", f"{round_}-{number}", 60) for number in range(CONTENDERS))
    return [lease.token for lease in await asyncio.gather(*wanted) if lease is not None]


async def test_one_of_a_crowd_gets_a_lease_that_never_was(leases: DatabaseLease) -> None:
    """Of fifty contenders for a new lease exactly one gets it."""
    assert await crowd(leases) == [1]


async def test_one_of_a_crowd_takes_over_what_expired(leases: DatabaseLease, clock: TestClock) -> None:
    """After every expiry exactly one of fifty takes over, each time with the next token."""
    for round_ in range(EXPIRIES):
        assert await crowd(leases, round_) == [round_ + 1]
        clock.advance(60)


async def test_a_lease_is_kept_to_its_end(leases: DatabaseLease, clock: TestClock) -> None:
    """Nobody else gets it a millisecond before its time is over, and anybody does when it is."""
    lease = await leases.acquire("job", "a", 60)
    assert lease is not None
    assert lease.expires_at == clock.utc_now() + timedelta(seconds=60)
    clock.advance(59.999)
    assert await leases.acquire("job", "b", 60) is None
    clock.advance(0.001)
    taken = await leases.acquire("job", "b", 60)
    assert taken is not None
    assert (taken.owner, taken.token) == ("b", 2)


async def test_leases_of_other_names_are_other_leases(leases: DatabaseLease) -> None:
    """Holding one job keeps nobody out of another."""
    assert await leases.acquire("job", "a", 60) is not None
    assert await leases.acquire("other", "b", 60) is not None


async def test_the_owner_may_ask_again(leases: DatabaseLease, clock: TestClock) -> None:
    """Who holds a lease gets it again, longer and with the same token, as after a lost answer."""
    first = await leases.acquire("job", "a", 60)
    clock.advance(30)
    again = await leases.acquire("job", "a", 60)
    assert first is not None
    assert again is not None
    assert (again.token, again.expires_at) == (first.token, first.expires_at + timedelta(seconds=30))


async def test_a_renewed_lease_stays(leases: DatabaseLease, clock: TestClock) -> None:
    """A renewal counts from now, not from the former end."""
    lease = await leases.acquire("job", "a", 60)
    assert lease is not None
    clock.advance(40)
    assert await leases.renew(lease, 60)
    clock.advance(59)
    assert await leases.acquire("job", "b", 60) is None
    assert await leases.renew(lease, 1)


async def test_what_ended_is_not_renewed(leases: DatabaseLease, clock: TestClock) -> None:
    """A lease that expired, was released or was taken over cannot be renewed; its successor is not harmed."""
    expired = await leases.acquire("job", "a", 60)
    assert expired is not None
    clock.advance(60)
    assert not await leases.renew(expired, 60)
    taken = await leases.acquire("job", "b", 60)
    assert taken is not None
    assert not await leases.renew(expired, 600)
    await leases.release(expired)
    assert await leases.acquire("job", "c", 60) is None
    await leases.release(taken)
    assert not await leases.renew(taken, 60)


async def test_an_earlier_life_of_the_same_owner_is_fenced(leases: DatabaseLease, clock: TestClock) -> None:
    """An owner who takes its own expired lease again has a new token, and what it did before cannot end it."""
    first = await leases.acquire("job", "a", 60)
    clock.advance(60)
    second = await leases.acquire("job", "a", 60)
    assert first is not None
    assert second is not None
    assert second.token == first.token + 1
    await leases.release(first)
    assert not await leases.renew(first, 60)
    assert await leases.renew(second, 60)


async def test_a_released_lease_is_free_at_once_for_any_clock(
    leases: DatabaseLease, either_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """A process whose clock is behind takes a released lease too, and the token goes on."""
    lease = await leases.acquire("job", "a", 60)
    assert lease is not None
    await leases.release(lease)
    await leases.release(lease)
    behind = TestClock(clock.utc_now() - timedelta(hours=1))
    taken = await DatabaseLease(either_pool, behind).acquire("job", "b", 60)
    assert taken is not None
    assert taken.token == 2


async def test_renewing_and_taking_over_exclude_each_other(leases: DatabaseLease, clock: TestClock) -> None:
    """A holder and a contender never both believe that they have it, whichever of them comes first at the end."""
    for round_ in range(EXPIRIES):
        lease = await leases.acquire("job", f"holder-{round_}", 60)
        assert lease is not None
        clock.advance(59.999)
        early = DatabaseLease(leases._pool, TestClock(clock.utc_now()))
        clock.advance(0.001)
        renewed, taken = await asyncio.gather(early.renew(lease, 60), leases.acquire("job", f"contender-{round_}", 60))
        assert renewed != (taken is not None)
        clock.advance(60)


async def test_a_block_keeps_its_lease_as_long_as_it_runs(
    leases: DatabaseLease, clock: TestClock, tasks: TaskRegistry
) -> None:
    """A block that runs for many lives of its lease keeps everybody out, and lets them in when it ends."""
    async with leases.hold("job", 60, tasks) as held:
        assert held is not None
        for _ in range(10):
            await clock.wait_sleeping()
            clock.advance(20)
            await clock.wait_sleeping()
            assert not held.is_lost
            async with leases.hold("job", 60, tasks) as other:
                assert other is None
    async with leases.hold("job", 60, tasks) as other:
        assert other is not None


async def test_a_block_learns_that_its_lease_is_gone(
    leases: DatabaseLease, clock: TestClock, tasks: TaskRegistry
) -> None:
    """A block that was frozen for longer than its lease finds it lost and does not take it from its successor."""
    async with leases.hold("job", 60, tasks) as held:
        assert held is not None
        await clock.wait_sleeping()
        started = clock.utc_now()
        clock.set_utc(started + timedelta(seconds=60))
        taken = await leases.acquire("job", "successor", 60)
        assert taken is not None
        clock.set_utc(started)
        clock.advance(20)
        await asyncio.wait(tasks._tasks, timeout=10)
        assert held.is_lost
    assert await leases.renew(taken, 60)


async def test_a_block_that_cannot_renew_counts_as_lost_in_time(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock, tasks: TaskRegistry
) -> None:
    """Without the database a lease is held to its end and no longer; leaving the block raises nothing."""
    leases = DatabaseLease(memory_pool, clock)
    async with leases.hold("job", 60, tasks) as held:
        assert held is not None
        stores.database_down = True
        for is_lost in (False, False, True):
            await clock.wait_sleeping()
            clock.advance(20)
            assert held.is_lost is is_lost
            if not is_lost:
                await clock.wait_sleeping()
        with pytest.raises(DatabaseUnavailableError):
            await leases.acquire("other", "a", 60)
    stores.database_down = False
    assert await leases.acquire("job", "b", 60) is not None
