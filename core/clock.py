"""The only place that tells the time and waits."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Wall time, monotonic time and waiting, injected everywhere so that no test waits.

    Subclasses for tests override all methods together; the three views must agree.
    """

    def utc_now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        return datetime.now(UTC)

    def unix(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of monotonic time; 0 yields once to the event loop."""
        await asyncio.sleep(seconds)
