"""What Telegram's time is against ours, told from the packets that arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.clock import Clock

_MESSAGE_ID_SECOND = 1 << 32


class ServerClock:
    """The difference between the server's clock and ours, as the last packets show it.

    A packet carries the time it was made. It can be late, so one old packet says nothing; a clock that is off shows in
    every packet. Cheap enough for each of them.

    Args:
        clock: ours; its wall time is compared.
        limit_s: seconds of difference that no packet of a sound clock shows for long.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._offset_s = 0.0
        self._off_since: float | None = None
        self._off_packets = 0

    @property
    def offset_s(self) -> float:
        """Seconds by which the server was ahead of us at the last packet, negative when behind; 0 before the first."""
        return self._offset_s

    def packet_made(self, message_id: int) -> None:
        """Note a packet of the server by its message id, whose upper half is the server's unix time."""
        self._offset_s = message_id / _MESSAGE_ID_SECOND - self._clock.unix()
        if abs(self._offset_s) <= self._limit_s:
            self._off_since, self._off_packets = None, 0
            return
        self._off_packets += 1
        if self._off_since is None:
            self._off_since = self._clock.monotonic()

    def is_off(self, for_s: float, packets: int) -> bool:
        """Whether every packet of at least `for_s` seconds, and at least so many, was beyond the limit."""
        if self._off_since is None or self._off_packets < packets:
            return False
        return self._clock.monotonic() - self._off_since >= for_s
