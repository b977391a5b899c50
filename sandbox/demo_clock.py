"""A clock that runs like any other, and can be set forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.clock import Clock


class DemoClock(Clock):
    """The real time plus a step; monotonic time and waiting stay real, as when somebody sets a machine's clock."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def utc_now(self) -> datetime:
        """See `Clock`."""
        return super().utc_now() + self._ahead

    def unix(self) -> float:
        """See `Clock`."""
        return super().unix() + self._ahead.total_seconds()

    def jump_to_midnight(self) -> datetime:
        """Set the wall clock to the next midnight in UTC; returns it."""
        now = self.utc_now()
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        self._ahead += midnight - now
        return midnight
