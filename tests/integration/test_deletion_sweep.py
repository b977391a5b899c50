"""What a sweep does with what is due, in time that tests drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.domain.auto_delete import DeletionKind, DueDeletion, NewDeletion
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.observability.metrics import Metrics
from core.services.auto_delete import AutoDelete
from core.services.deletion_sweep import DeletionSweep
from core.services.runtime_settings import RuntimeSettingsService
from core.telegram.gateway import RetryLaterError, TelegramRefusedError
from repositories.runtime_settings import RuntimeSettingsRepository
from repositories.scheduled_deletion import ScheduledDeletionRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock


class Wire:
    """Telegram's side; answers with its errors first, and keeps what was asked and told."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.asked: list[tuple[int, tuple[int, ...]]] = []
        self.told: list[str] = []
        self.on_delete: Callable[[], None] = lambda: None

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        self.asked.append((chat_id, tuple(message_ids)))
        self.on_delete()
        if self.errors:
            raise self.errors.pop(0)

    async def deleted(self, deletion: DueDeletion) -> None:
        self.told.append(deletion.key)

    def announce(self, _notice: object) -> None:
        raise AssertionError("nothing is announced by a sweep")


class Rig:
    """A sweep over an in-memory database."""

    def __init__(self, pool: DatabaseConnectionPool, clock: TestClock) -> None:
        self.clock, self.pool, self.wire, self.metrics = clock, pool, Wire(), Metrics()
        runtime = RuntimeSettingsService(RuntimeSettingsRepository(pool, clock), {}, clock, TaskRegistry(clock))
        self.deletions = ScheduledDeletionRepository(pool, 7)
        scheduler = AutoDelete(self.deletions, runtime, self.metrics, clock)
        scheduler.tell_with(self.wire)
        self.sweep = DeletionSweep(scheduler, self.deletions, self.wire, self.metrics, clock)

    async def due(self, *messages: tuple[int, ...], chat_id: int = 9, media: tuple[int, ...] = ()) -> None:
        """Entries of one chat that are due now."""
        now = self.clock.utc_now()
        kind = DeletionKind.FILES if media else DeletionKind.RESULTS
        new = [NewDeletion(f"{chat_id}:{ids[0]}", chat_id, ids, kind, now, now, media) for ids in messages]
        await self.deletions.add(new)

    async def left(self) -> int:
        """Entries that wait."""
        return await self.pool.count("scheduled_deletions", {"due": {"$exists": True}})

    async def is_healthy(self) -> bool:
        """What the health report sees."""
        return bool(await self.sweep.probe.ask())

    def counted(self, outcome: str, kind: str = "results") -> float:
        """Messages that ended so."""
        labels = {"kind": kind, "outcome": outcome}
        return self.metrics.registry.get_sample_value("file_filter_deletions_total", labels) or 0


@pytest.fixture
def rig(memory_pool: DatabaseConnectionPool, clock: TestClock) -> Rig:
    return Rig(memory_pool, clock)


async def test_a_chat_is_asked_once_for_up_to_a_hundred_messages(rig: Rig) -> None:
    """Entries of one chat go together, never more messages than Telegram takes, and an entry larger than that too."""
    await rig.due(*((number, 1000 + number) for number in range(1, 61)))
    await rig.due(tuple(range(5000, 5130)), chat_id=10)

    await rig.sweep.sweep()

    assert sorted((chat, len(ids)) for chat, ids in rig.wire.asked) == [(9, 20), (9, 100), (10, 30), (10, 100)]
    assert await rig.left() == 0
    assert rig.counted("deleted") == 250


async def test_a_long_flood_wait_is_obeyed_by_the_whole_sweep(rig: Rig, clock: TestClock) -> None:
    """While Telegram wants to be left alone nothing is asked, whatever falls due; afterwards everything goes."""
    rig.wire.errors = [RetryLaterError(60)]
    await rig.due((1,))
    await rig.sweep.sweep()
    clock.advance(59)
    await rig.due((2,), chat_id=10)
    await rig.sweep.sweep()
    assert rig.wire.asked == [(9, (1,))]
    clock.advance(1)

    await rig.sweep.sweep()

    assert sorted(rig.wire.asked[1:]) == [(9, (1,)), (10, (2,))]
    assert await rig.left() == 0


async def test_an_outage_is_waited_out_with_growing_pauses(rig: Rig, clock: TestClock) -> None:
    """Each failed try doubles the pause, and the health report names the sweep once it is two minutes late."""
    rig.wire.errors = [TelegramUnavailableError("down")] * 7
    await rig.due((1,))
    tries: list[float] = []
    started = clock.monotonic()
    healthy_at_first = False
    while await rig.left():
        before = len(rig.wire.asked)
        await rig.sweep.sweep()
        if len(rig.wire.asked) > before:
            tries.append(clock.monotonic() - started)
        healthy_at_first = healthy_at_first or await rig.is_healthy()
        if len(tries) == 7:
            assert not await rig.is_healthy()
        clock.advance(1)

    assert tries == [0, 2, 6, 14, 30, 62, 126, 254]
    assert healthy_at_first
    await rig.sweep.sweep()
    assert await rig.is_healthy()


async def test_what_telegram_cannot_delete_any_more_is_given_up(rig: Rig, clock: TestClock) -> None:
    """After two days of failures an entry is counted and forgotten."""
    await rig.due((1,))
    clock.advance(hours=48)
    rig.wire.errors = [TelegramUnavailableError("down")]

    await rig.sweep.sweep()

    assert await rig.left() == 0
    assert rig.counted("too_late") == 1


async def test_nobody_is_told_that_files_are_gone_which_are_not(rig: Rig) -> None:
    """Files that Telegram refuses to delete are not called deleted, and those beside them are."""
    await rig.due((1,), (2,), media=(5,))
    refusal = TelegramRefusedError("messages.DeleteMessages", "MESSAGE_DELETE_FORBIDDEN")
    rig.wire.errors = [refusal, refusal]

    await rig.sweep.sweep()

    assert rig.wire.asked == [(9, (1, 2)), (9, (1,)), (9, (2,))]
    assert rig.wire.told == ["9:2"]
    assert (rig.counted("refused", "files"), rig.counted("deleted", "files")) == (1, 1)


async def test_what_was_deleted_is_settled_when_the_database_is_back(rig: Rig, stores: InMemoryStores) -> None:
    """A database that goes while messages are deleted does not have them deleted again."""
    await rig.due((1,))
    rig.wire.on_delete = lambda: setattr(stores, "database_down", True)
    with pytest.raises(DatabaseUnavailableError):
        await rig.sweep.sweep()
    stores.database_down = False

    await rig.sweep.sweep()

    assert len(rig.wire.asked) == 1
    assert await rig.left() == 0


async def test_a_backlog_is_worked_off_at_once(rig: Rig) -> None:
    """After a long absence a sweep says that there may be more until nothing is due."""
    await rig.due(*((number,) for number in range(1, 451)))

    assert [await rig.sweep.sweep() for _ in range(3)] == [True, True, False]
    assert await rig.left() == 0
