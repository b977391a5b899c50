"""Values this process has read or written in the last few seconds."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from core.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class RecentValues(Generic[K, V]):
    """A small memory in front of a cache: a person who searches, turns pages and presses is looked up once.

    Args:
        ttl_s: seconds a value may be stale here, where another process wrote it.
        capacity: the oldest values beyond it are forgotten.
    """

    def __init__(self, clock: Clock, *, ttl_s: float, capacity: int) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, None when it is not remembered or too old."""
        found = self._values.get(key)
        if found is None:
            return None
        expires_at, value = found
        if self._clock.monotonic() < expires_at:
            return value
        del self._values[key]
        return None

    def put(self, key: K, value: V) -> None:
        """Remember a value as of now."""
        self._values.pop(key, None)
        self._values[key] = (self._clock.monotonic() + self._ttl_s, value)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget a value."""
        self._values.pop(key, None)
