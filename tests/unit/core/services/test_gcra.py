"""The rate algorithm: its bound holds in any order, and the script and its twin decide alike."""

from __future__ import annotations

from typing import Any

import lupa.lua51 as lupa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.services.gcra import GCRA_SCRIPT, Limit, LocalGcra, Verdict
from tests.fixtures.clock import TestClock

STEPS = st.lists(st.tuples(st.integers(0, 3_000_000), st.sampled_from(["ann", "bob", "eve"])), max_size=120)
LIMITS = st.builds(Limit.per_period, st.integers(1, 12), st.integers(1, 20))


class LuaServer:
    """What a Redis server is to the script: TIME, GET, SET with NX and PX, on a clock of the test's own."""

    def __init__(self) -> None:
        self.now_us = 1_700_000_000_000_000
        self._values: dict[str, tuple[bytes, int]] = {}
        self._lua = lupa.LuaRuntime(encoding="latin-1")
        run = self._lua.eval("function(source, call) redis = {call = call}; return loadstring(source) end")
        self._script = run(GCRA_SCRIPT.source, self._call)

    def check(self, person: str, limit: Limit, ceiling: Limit, told_us: int) -> Verdict:
        table = self._lua.table_from
        env = self._lua.globals()
        env.KEYS = table([f"rate:{person}", "rate:all", f"told:{person}"])
        env.ARGV = table(
            [str(n) for n in (limit.interval_us, limit.burst, ceiling.interval_us, ceiling.burst, told_us)]
        )
        person_wait, global_wait, first = self._script().values()
        return Verdict(int(person_wait), int(global_wait), bool(first))

    def _call(self, name: str, *args: Any) -> Any:
        if name == "TIME":
            return self._lua.table_from([str(self.now_us // 1_000_000), str(self.now_us % 1_000_000)])
        key = args[0]
        value, until = self._values.get(key, ("", 0))
        alive = until > self.now_us
        if name == "GET":
            return value if alive else False
        assert name == "SET"
        if "NX" in args and alive:
            return False
        life_ms = int(args[-1])
        assert args[-2] == "PX"
        assert life_ms >= 1
        self._values[key] = (str(args[1]), self.now_us + life_ms * 1000)
        return True


@settings(deadline=None)
@given(LIMITS, LIMITS, STEPS)
def test_never_more_than_the_burst_plus_what_time_allows(limit, ceiling, steps):
    """In every stretch of time at most burst + elapsed / interval actions pass, per person and for all together."""
    clock = TestClock()
    gcra = LocalGcra(clock)
    passed: list[tuple[int, str]] = []
    now = 0
    for wait_us, person in steps:
        now += wait_us
        clock.advance(wait_us / 1_000_000)
        if gcra.check(person, "all", limit, ceiling, told_us=1).passed:
            passed.append((now, person))

    for scope, bound in ((None, ceiling), ("ann", limit), ("bob", limit), ("eve", limit)):
        times = [time for time, person in passed if scope in (None, person)]
        for start in range(len(times)):
            for end in range(start, len(times)):
                allowed = bound.burst + (times[end] - times[start] + 1) / bound.interval_us
                assert end - start + 1 <= allowed


@settings(deadline=None)
@given(LIMITS, LIMITS, STEPS, st.integers(1, 20))
def test_the_script_and_its_twin_decide_alike(limit, ceiling, steps, told_s):
    """Whatever happens in whatever order, Redis and the process give the same verdict and the same wait."""
    clock, server = TestClock(), LuaServer()
    start_us = round(clock.monotonic() * 1_000_000)
    gcra = LocalGcra(clock)
    clock_us = start_us
    for wait_us, person in steps:
        clock_us += wait_us
        server.now_us += wait_us
        clock._monotonic = clock_us / 1_000_000 + 1e-8
        told_us = told_s * 1_000_000
        mine = gcra.check(person, "all", limit, ceiling, told_us=told_us)
        assert mine == server.check(person, limit, ceiling, told_us)


def test_the_wait_that_is_told_is_exactly_enough():
    """After the wait the action passes; a microsecond earlier it does not."""
    clock = TestClock()
    gcra = LocalGcra(clock)
    limit, ceiling = Limit.per_period(2, 60), Limit.per_period(1000, 1)

    def check() -> Verdict:
        return gcra.check("ann", "all", limit, ceiling, told_us=60_000_000)

    assert check().passed
    assert check().passed
    wait_us = check().person_wait_us
    assert wait_us == 30_000_000
    clock.advance((wait_us - 10) / 1_000_000)
    assert not check().passed
    clock.advance(0.00002)
    assert check().passed


def test_a_refusal_by_the_ceiling_costs_the_person_nothing():
    """When the whole bot is at its ceiling, the person's own allowance stays."""
    clock = TestClock()
    gcra = LocalGcra(clock)
    own, ceiling = Limit.per_period(1, 3600), Limit.per_period(1, 10)
    assert gcra.check("ann", "all", own, ceiling, told_us=1).passed

    refused = gcra.check("bob", "all", own, ceiling, told_us=1)
    assert (refused.person_wait_us, refused.global_wait_us) == (0, 10_000_000)
    clock.advance(10)
    assert gcra.check("bob", "all", own, ceiling, told_us=1).passed


def test_the_memory_of_the_twin_is_bounded():
    """Scenario 119: idle people are forgotten, and a flood of new ones cannot grow the table."""
    clock = TestClock()
    gcra = LocalGcra(clock, most=50)
    for number in range(500):
        gcra.check(f"person {number}", "all", Limit.per_period(1, 60), Limit.per_period(10**6, 1), told_us=1)
    assert len(gcra._arrivals) <= 50


@pytest.mark.parametrize(("burst", "period_s"), [(3, 86_400), (7, 60), (1_000_000, 1)])
def test_an_interval_is_never_too_short(burst, period_s):
    """Rounding never lets one more through in a period."""
    limit = Limit.per_period(burst, period_s)
    assert limit.interval_us * burst >= period_s * 1_000_000
