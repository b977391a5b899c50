"""Notices that our clock and Telegram's differ by more than a client can work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.telegram.server_clock import ServerClock

OFF_S = 30.0
"""Seconds beyond which pyrogram discards what the server sends, or the server refuses what we send."""


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """When a difference counts.

    Attributes:
        drift_s: seconds of difference at which somebody should look after the clock, while everything still works.
        confirm_s: seconds for which every packet has to show a difference beyond `OFF_S`.
        packets: how many packets, at least, have to show it.
        look_s: seconds between looks.
    """

    drift_s: float = 10.0
    confirm_s: float = 10.0
    packets: int = 3
    look_s: float = 1.0


class ClockWatch:
    """Looks at the difference of the clocks; tells of one that grows, and gives up when nothing works any more.

    Works before the login too: with a clock that is off there is none.

    Args:
        server_clock: what the packets say; its limit is `OFF_S`.
        on_drift: told seconds whenever the clocks drift apart, once until they agree again; the bot still works.
        on_off: told once that the client cannot work; has to have the process replaced.
    """

    def __init__(
        self,
        server_clock: ServerClock,
        clock: Clock,
        metrics: Metrics,
        on_drift: Callable[[float], None],
        on_off: Callable[[str], None],
        limits: ClockLimits | None = None,
    ) -> None:
        self._server_clock = server_clock
        self._clock = clock
        self._metrics = metrics
        self._on_drift = on_drift
        self._on_off = on_off
        self._limits = limits or ClockLimits()
        self._drifting_for_s = 0.0
        self._told = False
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Look until the clocks are too far apart."""
        limits = self._limits
        while not self._server_clock.is_off(limits.confirm_s, limits.packets):
            await self._clock.sleep(limits.look_s)
            self._look()
        offset_s = round(self._server_clock.offset_s, 1)
        self._log.error("clock_skew", server_ahead_s=offset_s, limit_s=OFF_S)
        self._on_off(f"clock_skew: Telegram's clock is {offset_s:+.0f} s off ours")

    def _look(self) -> None:
        offset_s = self._server_clock.offset_s
        self._metrics.clock_offset_seconds.set(offset_s)
        if abs(offset_s) <= self._limits.drift_s:
            self._drifting_for_s, self._told = 0.0, False
            return
        self._drifting_for_s += self._limits.look_s
        if not self._told and self._drifting_for_s >= self._limits.confirm_s:
            self._told = True
            self._log.warning("clock_drifts", server_ahead_s=round(offset_s, 1))
            self._on_drift(offset_s)
