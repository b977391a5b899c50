"""The memory of the last few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cache.recent_values import RecentValues

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock


def test_a_value_is_remembered_until_its_time_is_over(clock: TestClock) -> None:
    """What was put is found for the time to live, and not at its end."""
    recent: RecentValues[int, str] = RecentValues(clock, capacity=10)
    recent.put(1, "one", 5)

    clock.advance(4.9)
    assert recent.get(1) == "one"
    clock.advance(0.1)
    assert recent.get(1) is None


def test_a_dropped_value_is_gone_at_once(clock: TestClock) -> None:
    """Whoever changed a value drops it, and the old one is never seen again."""
    recent: RecentValues[int, str] = RecentValues(clock, capacity=10)
    recent.put(1, "one", 5)

    recent.drop(1)

    assert recent.get(1) is None


def test_beyond_the_capacity_the_oldest_value_goes(clock: TestClock) -> None:
    """However many people write, the memory is bounded, and a value put again is young again."""
    recent: RecentValues[int, str] = RecentValues(clock, capacity=2)
    for key in (1, 2, 1, 3):
        recent.put(key, str(key), 5)

    assert [recent.get(key) for key in (1, 2, 3)] == ["1", None, "3"]
