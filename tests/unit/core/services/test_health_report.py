"""Health: watched part by part, answered from the last look, never trusting an old one."""

from __future__ import annotations

import asyncio

import pytest

from core.clock import Clock
from core.errors import DatabaseUnavailableError
from core.observability.metrics import Metrics
from core.services.health_report import HealthProbe, HealthReport
from tests.fixtures.waiting import Stopwatch


class Part:
    """Something that can be healthy, fail, refuse or hang; `asked` counts the questions."""

    def __init__(self) -> None:
        self.mode = "well"
        self.asked = 0

    async def ask(self) -> object:
        self.asked += 1
        if self.mode == "fails":
            raise DatabaseUnavailableError
        if self.mode == "breaks":
            raise LookupError("never seen before")
        if self.mode == "hangs":
            await asyncio.Event().wait()
        return self.mode != "refuses"


@pytest.fixture
def parts():
    return {"database": Part(), "telegram": Part(), "redis": Part()}


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
async def report(parts, metrics, clock):
    """The report of three parts, watched until the test ends."""
    probes = {
        "database": HealthProbe(parts["database"].ask, critical=True),
        "telegram": HealthProbe(parts["telegram"].ask, critical=True, vital=True),
        "redis": HealthProbe(parts["redis"].ask, critical=False),
    }
    made = HealthReport(probes, metrics, clock)
    watching = asyncio.create_task(made.run())
    yield made
    watching.cancel()
    await asyncio.wait([watching])


async def look_again(clock):
    """Every part and the beat wait for their next second; let it pass."""
    await clock.wait_sleeping(4)
    clock.advance(1)
    await clock.wait_sleeping(4)


async def test_before_the_first_look_nothing_is_ready(report):
    """A process that has just started does not claim to work."""
    assert (report.health().status, report.health().live) == ("unavailable", False)


async def test_all_parts_well_is_ok(report, clock, metrics):
    """Every part answers: live, ready, nothing named."""
    await look_again(clock)
    health = report.health()
    assert (health.status, health.live, health.ready, health.failed) == ("ok", True, True, ())
    assert metrics.health_state.labels("redis")._value.get() == 1


@pytest.mark.parametrize("mode", ["fails", "breaks", "refuses"])
async def test_a_critical_part_that_fails_makes_the_bot_unready_and_back(report, parts, clock, mode):
    """Scenario 127: the database gone is "unavailable" after the next look, alive all the same, and "ok" once back."""
    await look_again(clock)
    parts["database"].mode = mode
    await look_again(clock)
    health = report.health()
    assert (health.status, health.live, health.failed) == ("unavailable", True, ("database",))

    parts["database"].mode = "well"
    await look_again(clock)
    assert report.health().status == "ok"


async def test_a_part_that_is_not_critical_only_degrades(report, parts, clock):
    """Redis gone: the bot does its job, and the answer names what is missing."""
    parts["redis"].mode = "fails"
    await look_again(clock)
    health = report.health()
    assert (health.status, health.ready, health.failed) == ("degraded", True, ("redis",))
    assert health.parts["redis"].problem == "DatabaseUnavailableError"


async def test_without_a_vital_part_the_process_counts_as_dead(report, parts, clock):
    """Telegram does not answer: neither live nor ready."""
    parts["telegram"].mode = "fails"
    await look_again(clock)
    health = report.health()
    assert (health.live, health.ready) == (False, False)


async def test_an_old_answer_counts_as_a_failure(report, clock):
    """When nobody looked for more than three seconds, nothing is claimed: the loop may be stuck."""
    await look_again(clock)
    clock._monotonic += 3.1
    health = report.health()
    assert (health.live, health.ready) == (False, False)
    assert {part.problem for part in health.parts.values()} == {"stale"}


async def test_answers_ask_nobody(report, parts, clock):
    """Scenario 128: a thousand questions cost the database none."""
    await look_again(clock)
    before = parts["database"].asked
    for _ in range(1000):
        report.health()
    assert parts["database"].asked == before


async def test_a_part_that_hangs_is_cut_and_hides_no_other():
    """A frozen database is a failure within about a second, while the other parts are seen as before."""
    parts = {"database": Part(), "redis": Part()}
    parts["database"].mode = "hangs"
    probes = {name: HealthProbe(part.ask, critical=True) for name, part in parts.items()}
    seen = asyncio.Event()

    class Watched(HealthReport):
        def _note(self, name, look):
            super()._note(name, look)
            if name == "database":
                seen.set()

    report = Watched(probes, Metrics(), Clock())
    with Stopwatch() as watch:
        watching = asyncio.create_task(report.run())
        await asyncio.wait_for(seen.wait(), 10)
    health = report.health()
    watching.cancel()
    await asyncio.wait([watching])

    assert health.failed == ("database",)
    assert health.parts["database"].problem == "no answer in time"
    assert health.parts["database"].took_ms >= 900
    assert watch.seconds < 2
