"""The last distinct errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.database.pool import DatabaseConnectionPool
from core.errors import DatabaseUnavailableError
from core.observability.redaction import Redactor
from core.services.error_log import KEPT, ErrorLog
from repositories.error_log import ErrorLogRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock

if TYPE_CHECKING:
    from core.domain.error_log import NotedError


class Rig:
    """The error logs of two processes on one database that can go away."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.stores = InMemoryStores(self.clock)
        self.pool = DatabaseConnectionPool("", "test", clock=self.clock, client_factory=self.stores.mongo_client)
        redact = Redactor(["hunter2-password"]).text
        self.first, self.second = (ErrorLog(ErrorLogRepository(self.pool), self.clock, redact) for _ in range(2))

    async def shown(self) -> list[tuple[str, str, int]]:
        return [(error.kind, error.message, error.count) for error in await self.first.latest()]


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_the_same_error_is_counted_over_all_processes(rig: Rig) -> None:
    """One entry for one class in one place during the same work; the newest message stays, the first time too."""
    rig.first.note(ValueError("one\n two"), "search")
    rig.clock.advance(minutes=1)
    rig.second.note(ValueError("three"), "search")
    rig.second.note(ValueError("other work"), "file")
    await rig.first.flush()
    await rig.second.flush()

    other, same = sorted(await rig.first.latest(), key=lambda error: error.where)
    assert (other.message, other.count) == ("other work", 1)
    assert (same.message, same.count) == ("three", 2)
    assert (same.last - same.first).total_seconds() == 60
    assert same.where.startswith("search · ")


async def test_secrets_are_masked_before_a_message_is_cut(rig: Rig) -> None:
    """Scenario 136: what an error says is shown to people."""
    rig.first.note(ValueError("x" * 196 + " hunter2-password"), "search")
    [shown] = await rig.first.latest()
    assert "hunter" not in shown.message
    assert len(shown.message) == 200


async def test_only_the_newest_are_kept(rig: Rig) -> None:
    """However many there are, nothing grows."""
    for number in range(KEPT + 25):
        rig.clock.advance(seconds=1)
        rig.first.note(ValueError(str(number)), f"work {number}")
    found = await rig.first.latest()
    assert [error.message for error in found[:2]] == [str(KEPT + 24), str(KEPT + 23)]
    assert len(found) == await rig.pool.count("error_log", {}) == KEPT


async def test_errors_of_an_outage_are_kept_until_it_is_over(rig: Rig) -> None:
    """While the database is away they are shown from memory, and none is counted twice or lost afterwards."""
    rig.stores.database_down = True
    rig.first.note(ValueError("a"), "search")
    with pytest.raises(DatabaseUnavailableError):
        await rig.first.flush()
    rig.first.note(ValueError("b"), "search")
    assert await rig.shown() == [("ValueError", "b", 2)]
    for number in range(1_000):
        rig.first.note(ValueError(), f"work {number}")
    assert len(rig.first._waiting) == 200

    rig.stores.database_down = False
    rig.clock.advance(minutes=10)
    await rig.first.clear()
    assert await rig.shown() == []


async def test_what_comes_while_it_is_stored_is_counted_too(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails late gives back what it took, and adds it to what came meanwhile."""
    repository: Any = rig.first._errors
    add = repository.add

    async def fail_late(errors: list[NotedError]) -> None:
        rig.first.note(ValueError("new"), "search")
        raise DatabaseUnavailableError("late")

    rig.first.note(ValueError("old"), "search")
    monkeypatch.setattr(repository, "add", fail_late)
    with pytest.raises(DatabaseUnavailableError):
        await rig.first.flush()
    monkeypatch.setattr(repository, "add", add)

    [shown] = await rig.first.latest()
    assert replace(shown, fingerprint="") == replace(shown, fingerprint="", message="new", count=2)


async def test_a_message_that_no_database_can_hold_costs_no_other_error(rig: Rig) -> None:
    """Half a letter, as a file name or a cut text may end with, is replaced."""
    rig.first.note(ValueError("half \ud83d"), "search")
    rig.first.note(KeyError("whole"), "search")

    stored = await rig.first.latest()

    assert sorted(error.message for error in stored) == ["'whole'", "half ?"]
    for error in stored:
        error.message.encode()
