"""Scheduled deletions over stores: who deletes what, and what becomes of it while the database is gone."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.database.pool import DatabaseConnectionPool
from core.domain.auto_delete import DeletionKind, DueDeletion, NewDeletion
from core.errors import DatabaseUnavailableError
from core.observability.metrics import Metrics
from core.services.auto_delete import AutoDelete
from core.services.runtime_settings import RuntimeSettingsService
from repositories.runtime_settings import RuntimeSettingsRepository
from repositories.scheduled_deletion import ScheduledDeletionRepository

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock
    from tests.fixtures.database_rig import DatabaseRig

pytestmark = pytest.mark.servers
RIG_MONGODS = 1
BOT = 7


def page(clock: TestClock, number: int, due_s: float = 0) -> NewDeletion:
    """An entry of two messages of a chat of its own."""
    now = clock.utc_now()
    return NewDeletion(f"{number}:1", number, (1, 2), DeletionKind.RESULTS, now, now + timedelta(seconds=due_s))


def auto_delete(pool: DatabaseConnectionPool, clock: TestClock, metrics: Metrics, bot_id: int = BOT) -> AutoDelete:
    """The service over a database, with an hour as the setting."""
    settings = RuntimeSettingsRepository(pool, clock)
    runtime = RuntimeSettingsService(settings, {"AUTO_DELETE_S": "3600"}, clock, TaskRegistry(clock))
    return AutoDelete(ScheduledDeletionRepository(pool, bot_id), runtime, metrics, clock)


async def claim_all(pool: DatabaseConnectionPool, clock: TestClock, name: str) -> list[DueDeletion]:
    """Claim small parts until nothing is left."""
    deletions, now = ScheduledDeletionRepository(pool, BOT), clock.utc_now()
    found: list[DueDeletion] = []
    claims = (f"{name}{number}" for number in itertools.count())
    while await pool.count("scheduled_deletions", {"due": {"$lte": now}}):
        found += await deletions.claim_due(next(claims), now, 7)
    return found


async def test_of_several_sweepers_one_gets_each_entry(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """Scenario 90: four processes that sweep at once claim every entry once between them."""
    deletions = ScheduledDeletionRepository(either_pool, BOT)
    await deletions.add([page(clock, number) for number in range(1, 301)])

    parts = await asyncio.gather(*(claim_all(either_pool, clock, name) for name in "abcd"))

    keys = [entry.key for entry in itertools.chain(*parts)]
    assert len(keys) == len(set(keys)) == 300


async def test_what_a_dead_process_claimed_is_due_again(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """A claim that is not settled ends after a minute, and the next one counts the try."""
    deletions = ScheduledDeletionRepository(either_pool, BOT)
    await deletions.add([page(clock, 1)])
    await deletions.claim_due("dead", clock.utc_now(), 10)
    assert await deletions.claim_due("too early", clock.utc_now(), 10) == []
    clock.advance(60)

    (again,) = await deletions.claim_due("next", clock.utc_now(), 10)

    assert again.tries == 2
    assert again.wanted == clock.utc_now() - timedelta(seconds=60)


async def test_an_entry_that_grew_is_not_settled(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """A page that is turned while it is being deleted is deleted again, never forgotten."""
    deletions = ScheduledDeletionRepository(either_pool, BOT)
    await deletions.add([page(clock, 1)])
    await deletions.claim_due("claim", clock.utc_now(), 10)
    await deletions.add([page(clock, 1, 300)])
    await deletions.settle("claim", ["1:1"], clock.utc_now())
    clock.advance(300)

    assert [entry.key for entry in await deletions.claim_due("next", clock.utc_now(), 10)] == ["1:1"]


async def test_another_bots_messages_are_left_alone(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """A bot with a new token on the old database deletes nothing by the old one's numbers."""
    await ScheduledDeletionRepository(either_pool, BOT).add([page(clock, 1)])

    assert await ScheduledDeletionRepository(either_pool, BOT + 1).claim_due("claim", clock.utc_now(), 10) == []


async def test_what_is_scheduled_without_a_database_is_stored_later(rig: DatabaseRig, clock: TestClock) -> None:
    """An outage of the database costs no deletion: entries wait in memory, with the time they were due at first."""
    metrics = Metrics()
    pool = DatabaseConnectionPool(rig.uri(0), "test_deletions", clock=clock)
    try:
        service = auto_delete(pool, clock, metrics)
        due = clock.utc_now() + timedelta(hours=1)
        await rig.fail("mongo0", "refused")
        await service.schedule(9, (1, 2), kind=DeletionKind.RESULTS)
        with pytest.raises(DatabaseUnavailableError):
            await service.flush()
        assert metrics.registry.get_sample_value("file_filter_deletions_kept") == 1
        await rig.heal("mongo0")
        clock.advance(400)  # as long as the breaker stays open
        await service.flush()

        (found,) = await pool.find("scheduled_deletions", {})
        assert found["ids"] == [1, 2]
        assert found["due"] == due.replace(microsecond=due.microsecond // 1000 * 1000)
        assert metrics.registry.get_sample_value("file_filter_deletions_kept") == 0
    finally:
        await pool.close()


async def test_messages_of_two_bots_under_one_number_are_two_entries(
    either_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """Scenario 80: what a new bot schedules in a chat joins nothing that the old one left there under the number."""
    for bot_id, last in ((BOT, 6), (BOT + 1, 7)):
        await auto_delete(either_pool, clock, Metrics(), bot_id).schedule(42, (5, last), kind=DeletionKind.RESULTS)
    clock.advance(3600)

    for bot_id, last in ((BOT, 6), (BOT + 1, 7)):
        deletions = ScheduledDeletionRepository(either_pool, bot_id)
        (found,) = await deletions.claim_due(f"claim {bot_id}", clock.utc_now(), 10)
        assert found.message_ids == (5, last)
