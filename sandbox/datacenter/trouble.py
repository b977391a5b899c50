"""Troubles of the whole data centre, started and ended by a test, the demo or a benchmark; `Fault` is about calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from sandbox.datacenter.flood_control import FloodControl
from sandbox.datacenter.session import random_long

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from sandbox.datacenter.connection import Connection
    from sandbox.datacenter.server import DataCenter


class Trouble:
    """What can happen to all clients at once, or to every key of one account.

    All of it may be combined, and takes effect at once unless said otherwise.

    Args:
        datacenter: whose clients get into trouble.

    Attributes:
        flood_control: how fast bots may write; off at first.
        turn_away: new connections are accepted and cut at once, those that stand go on. A client that retries
            without a pause shows here; see `refuse_connections` for a port that is closed.
        lose_updates: updates are thrown away although the client is connected, and nothing tells it. Answers go on.
        tamper: called with every packet before it is framed, gives the packet to send instead.
    """

    def __init__(self, datacenter: DataCenter) -> None:
        self.turn_away = False
        self.lose_updates = False
        self.tamper: Callable[[bytes], bytes] | None = None
        self.flood_control = FloodControl(datacenter.clock)
        self._datacenter = datacenter
        self._in_black_hole = False
        self._flapping: asyncio.Task[None] | None = None

    def drop_all(self) -> None:
        """Cut every TCP connection; keys, sessions and unacknowledged messages stay."""
        self._datacenter.drop_all()

    def mute(self) -> None:
        """Let every connection that stands go silent both ways, for good; new ones are served."""
        for connection in self._datacenter.connections:
            connection.muted = True

    def black_hole(self) -> None:
        """Accept connections and read what comes, but serve and answer nothing, on old connections and on new ones."""
        self._in_black_hole = True
        self.mute()

    def end_black_hole(self) -> None:
        """Serve new connections again. What went into the hole is lost.

        The connections of the hole stay open and silent for good, as behind a router that has forgotten them: the
        client has to find that out. `drop_all` would tell it.
        """
        self._in_black_hole = False

    def flapping(self, every_s: float) -> None:
        """Cut all connections every so many seconds of the data centre's clock, first after one pause.

        Raises:
            ValueError: `every_s` is not positive.
        """
        if every_s <= 0:
            raise ValueError("connections flap at intervals of more than 0 seconds")
        self.end_flapping()
        self._flapping = self._datacenter.tasks.spawn(self._flap(every_s), name="flapping")

    def end_flapping(self) -> None:
        """Leave connections alone again. Without effect when they do not flap."""
        if self._flapping is not None:
            self._flapping.cancel()
            self._flapping = None

    async def refuse_connections(self) -> None:
        """Close the port, so that connecting fails; connections that stand go on. See `accept_connections`."""
        await self._datacenter.close_port()

    async def accept_connections(self) -> None:
        """Open the port again, the same one.

        Raises:
            OSError: another program has taken it meanwhile.
        """
        await self._datacenter.open_port()

    def forget_key(self, user_id: int) -> int:
        """Forget every auth key an account is logged in with; returns how many.

        Such a client's next packet is answered by transport error 404. It can make a new key and log in again.
        """
        keys = self._datacenter.keys_of(user_id)
        for auth in keys:
            self._datacenter.forget(auth)
        return len(keys)

    def revoke_login(self, user_id: int) -> int:
        """Log every key of an account out, as ending a session from another device does; returns how many.

        The key stays known; calls are refused with 401 AUTH_KEY_UNREGISTERED until a new login.
        """
        keys = self._datacenter.keys_of(user_id)
        for auth in keys:
            self._datacenter.log_out(auth)
        return len(keys)

    def change_salt(self, user_id: int) -> int:
        """Replace the server salt of every key of an account; returns how many. The client is told at its next call."""
        keys = self._datacenter.keys_of(user_id)
        for auth in keys:
            auth.salt = random_long()
        return len(keys)

    @property
    def clock_offset_s(self) -> float:
        """Seconds by which the server's time is ahead of the real one; negative when behind."""
        return self._datacenter.message_ids.offset_s

    @clock_offset_s.setter
    def clock_offset_s(self, seconds: float) -> None:
        self._datacenter.message_ids.step(seconds)

    def ignore_requests(self) -> Fault:
        """Swallow every call until the fault is lifted; pings are answered."""
        return self._datacenter.faults.add(Fault("*", action="ignore", times=None))

    def lose_requests(self) -> Fault:
        """Cut the connection at every call and do not serve it, until the fault is lifted."""
        return self._datacenter.faults.add(Fault("*", action="drop", times=None))

    def lose_answers(self) -> Fault:
        """Serve every call and cut the connection instead of answering, until the fault is lifted."""
        return self._datacenter.faults.add(Fault("*", action="drop_after", times=None))

    def admits(self, connection: Connection) -> bool:
        """Whether a client that has just connected may stay; it may have to stay unheard."""
        connection.muted = self._in_black_hole
        return not self.turn_away

    def outgoing(self, packet: bytes) -> bytes:
        """The packet that is really sent."""
        return packet if self.tamper is None else self.tamper(packet)

    async def _flap(self, every_s: float) -> None:
        while True:
            await self._datacenter.clock.sleep(every_s)
            self.drop_all()
