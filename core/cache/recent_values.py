"""Values that this process remembers for a while."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from core.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class RecentValues(Generic[K, V]):
    """A bounded memory with times to live, in front of a cache or in its stead while that is gone.

    Args:
        capacity: the oldest values beyond it are forgotten.
    """

    def __init__(self, clock: Clock, *, capacity: int) -> None:
        self._clock = clock
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

    def put(self, key: K, value: V, ttl_s: float) -> None:
        """Remember a value for `ttl_s` seconds from now."""
        self._values.pop(key, None)
        self._values[key] = (self._clock.monotonic() + ttl_s, value)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget a value."""
        self._values.pop(key, None)
