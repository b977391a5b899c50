"""How long a session waits before it connects again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.clock import Clock

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0
_SHORT_LIFE_S = 1.0


class ReconnectPace:
    """Growing pauses between attempts to connect that fail, or whose connection is lost at once.

    The longest pause stays so short that a bot answers soon after a trouble of any length; that is one connection in
    about five seconds. What Telegram asks for is waited in full.

    Args:
        clock: paces the attempts.

    Attributes:
        waits_as_asked: the present pause is one that Telegram asked for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._asked_s = 0.0
        self._connected_at: float | None = None
        self.waits_as_asked = False

    async def wait(self) -> None:
        """Return when the next attempt may be made; at once after a connection that lived."""
        if self._connected_at is not None:
            lived_s = self._clock.monotonic() - self._connected_at
            self._failures = self._failures + 1 if lived_s < _SHORT_LIFE_S else 0
            self._connected_at = None
        pause_s = self._pause_s()
        self.waits_as_asked = self._asked_s > pause_s
        if (pause_s := pause_s + self._asked_s) > 0:
            await self._clock.sleep(pause_s)
        self._asked_s, self.waits_as_asked = 0.0, False

    def failed(self, asked_s: float = 0.0) -> None:
        """Note an attempt that failed, and for how many seconds Telegram asked to stay away."""
        self._failures += 1
        self._asked_s = asked_s

    def connected(self) -> None:
        """Note an attempt that succeeded."""
        self._connected_at = self._clock.monotonic()

    def _pause_s(self) -> float:
        if not self._failures:
            return 0.0
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (self._failures - 1))
        return longest * (0.5 + random.random() / 2)
