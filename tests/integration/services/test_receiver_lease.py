"""One receiver per bot token, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from core.concurrency.instance_lock import InstanceLock
from core.concurrency.task_registry import TaskRegistry
from core.database.lease import DatabaseLease
from core.errors import ConfigurationError, DatabaseUnavailableError
from core.observability.metrics import Metrics
from core.services.receiver_lease import ReceiverLease
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

TTL_S, STOPS_AFTER_S = 30, 25


class Host:
    """A machine with its own clock and session file, on which the bot may run."""

    def __init__(self, pool: DatabaseConnectionPool, clock: TestClock, folder: Path) -> None:
        self.clock = clock
        self.tasks = TaskRegistry(clock)
        self.metrics = Metrics()
        self.lost: list[str] = []
        self.leases = DatabaseLease(pool, clock)
        self.lock = InstanceLock(folder / "bot.session.lock")
        self.receiver = ReceiverLease(
            self.leases, self.lock, "7", self.tasks, self.metrics, clock, on_lost=self.lost.append
        )

    async def stand_by(self) -> asyncio.Task[None]:
        """Begin to wait for the lease."""
        waiting = asyncio.create_task(self.receiver.acquire())
        await until(lambda: self.receiver.state == "stand-by")
        return waiting

    def die(self) -> None:
        """End as a killed process does: nothing is released but what the kernel releases."""
        self.lock.release()
        for task in list(self.tasks._tasks):
            task.cancel()


@pytest.fixture
def host(either_pool, clock, tmp_path):
    """Make hosts whose clocks are one."""
    return lambda name: Host(either_pool, clock, tmp_path / name)


@asynccontextmanager
async def cut_off(host):
    """The database cannot be asked from this host."""
    acquire = host.leases.acquire

    async def fail(*_):
        raise DatabaseUnavailableError("cut off")

    host.leases.acquire = fail
    yield
    host.leases.acquire = acquire


async def test_a_second_process_stands_by_and_takes_over(host, clock):
    """Scenario 140: two instances with one token: one receives, the other one second after it has ended."""
    first, second = host("a"), host("b")
    await first.receiver.acquire()
    waiting = await second.stand_by()
    assert (first.receiver.may_receive, second.receiver.may_receive) == (True, False)

    await first.receiver.release()
    assert (first.receiver.may_receive, first.receiver.state) == (False, "ended")
    await clock.wait_sleeping()
    clock.advance(1)
    await asyncio.wait_for(waiting, 10)

    assert (second.receiver.state, second.receiver.token, second.receiver.may_receive) == ("receiver", 2, True)
    await second.receiver.release()


async def test_a_receiver_keeps_its_lease(host, clock):
    """Renewed three times a life, it is never anybody else's."""
    first, second = host("a"), host("b")
    await first.receiver.acquire()
    waiting = await second.stand_by()
    for _ in range(100):
        await clock.wait_sleeping(2)
        clock.advance(1)
        await clock.wait_sleeping(2)
        assert first.receiver.may_receive
        assert not second.receiver.may_receive

    waiting.cancel()
    await first.receiver.release()


async def test_the_successor_of_a_killed_process_elsewhere_waits_for_the_end_of_its_lease(host, clock):
    """The dead one stops before the lease ends by its own clock, and the next one begins after it."""
    first, second = host("a"), host("b")
    await first.receiver.acquire()
    waiting = await second.stand_by()
    first.die()

    clock.advance(STOPS_AFTER_S)
    assert not first.receiver.may_receive
    await clock.wait_sleeping()
    assert not second.receiver.may_receive
    clock.advance(TTL_S - STOPS_AFTER_S)
    await asyncio.wait_for(waiting, 10)
    await second.receiver.release()


async def test_a_killed_process_is_succeeded_at_once_where_it_was(host):
    """The same session file makes it the same owner: a restart does not wait for the lease of the dead one."""
    first = host("a")
    await first.receiver.acquire()
    first.die()

    successor = host("a")
    await asyncio.wait_for(successor.receiver.acquire(), 5)
    assert successor.receiver.may_receive
    await successor.receiver.release()


async def test_two_processes_never_share_a_session_file(host, clock):
    """Not even while the database cannot be asked: the kernel keeps the second one out."""
    first, second = host("a"), host("a")
    await first.receiver.acquire()
    async with cut_off(second):
        waiting = await second.stand_by()
        first.die()
        await clock.wait_sleeping()
        clock.advance(1)
        await asyncio.wait_for(waiting, 10)
    await second.receiver.release()


async def test_a_process_that_was_suspended_asks_before_it_goes_on(host, clock):
    """Updates that arrive when it wakes wait for the answer; with a successor they are not handled."""
    first, second = host("a"), host("b")
    await first.receiver.acquire()
    waiting = await second.stand_by()
    await clock.wait_sleeping(2)
    for task in list(first.tasks._tasks):
        task.cancel()  # its timers stand still as it does
    clock.advance(TTL_S + 1)
    await asyncio.wait_for(waiting, 10)

    keeping = asyncio.create_task(first.receiver._keep())
    admitting = asyncio.create_task(first.receiver.admits())
    await clock.wait_sleeping(3)
    assert not admitting.done()
    clock.advance(10)
    await until(lambda: first.lost)
    await clock.wait_sleeping()
    clock.advance(1)
    assert not await asyncio.wait_for(admitting, 5)
    await asyncio.wait_for(keeping, 5)
    assert (first.receiver.state, first.lost) == ("lost", ["another process receives for this bot"])
    await second.receiver.release()


async def test_without_the_database_the_receiver_goes_on(host, clock):
    """Nobody else can take the lease either; when the database is back, it is taken again."""
    first = host("a")
    await first.receiver.acquire()
    async with cut_off(first):
        for _ in range(12):
            await clock.wait_sleeping()
            clock.advance(10)
            await clock.wait_sleeping()
            assert await first.receiver.admits()
        assert first.receiver.state == "receiver without lease"

    await clock.wait_sleeping()
    clock.advance(10)
    await until(lambda: first.receiver.state == "receiver")
    assert (first.receiver.may_receive, first.lost) == (True, [])
    await first.receiver.release()


async def test_a_start_without_the_database_receives_and_stands_down_if_it_has_to(host, clock):
    """Better two for a while than none: as soon as the database says that another one receives, this one ends."""
    first, second = host("a"), host("b")
    await first.receiver.acquire()
    async with cut_off(second):
        await asyncio.wait_for(second.receiver.acquire(), 5)
        assert second.receiver.may_receive

    await clock.wait_sleeping(2)
    clock.advance(10)
    await until(lambda: second.lost)
    assert first.receiver.may_receive
    assert not second.receiver.may_receive
    await first.receiver.release()


async def test_a_folder_that_cannot_be_written_is_a_configuration_error(host, tmp_path):
    """The operator is told the variable instead of waiting for ever."""
    (tmp_path / "a").write_text("a file where the folder should be")

    with pytest.raises(ConfigurationError, match="SESSION"):
        await host("a").receiver.acquire()
