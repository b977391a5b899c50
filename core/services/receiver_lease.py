"""One receiver per bot token: the others stand by, and one of them takes over when it ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from core.concurrency.instance_lock import InstanceLock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.lease import DatabaseLease, Lease
    from core.observability.metrics import Metrics


_UNKNOWN_S = 0.05


@dataclass(frozen=True, slots=True)
class ReceiverLimits:
    """How fast a receiver is succeeded.

    Attributes:
        ttl_s: seconds after which a receiver that was not heard of may be succeeded.
        margin_s: seconds before that when it stops by itself; longer than the clocks of two machines may differ.
        poll_s: seconds between a stand-by's questions.
    """

    ttl_s: float = 30.0
    margin_s: float = 5.0
    poll_s: float = 1.0

    @property
    def renew_s(self) -> float:
        """Seconds between renewals."""
        return self.ttl_s / 3


class ReceiverLease:
    """Telegram gives every update to every session of a bot, so only one process of a token may receive.

    The receiver holds a lease in the primary database. It stops by its own monotonic clock before the lease expires,
    so that a process that was suspended never works beside its successor. While the database cannot be asked the
    receiver goes on, as nobody else can take the lease either; for the same reason a process that starts then receives,
    and stands down if it turns out that another does.

    A process that starts again with the same session file is its own successor and does not wait for the old lease: the
    kernel knows that no other process has the file, and the lease is in the file's name.

    Args:
        leases: in the primary database.
        lock: held beside the lease.
        bot_id: whose receiver this is.
        on_lost: told why once when another process receives; has to end this one.
    """

    def __init__(
        self,
        leases: DatabaseLease,
        lock: InstanceLock,
        bot_id: str,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        on_lost: Callable[[str], None],
        limits: ReceiverLimits | None = None,
    ) -> None:
        self._leases = leases
        self._lock = lock
        self._name = f"receiver:{bot_id}"
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock
        self._on_lost = on_lost
        self._limits = limits or ReceiverLimits()
        self._owner = ""
        self._lease: Lease | None = None
        self._valid_until = 0.0
        self._state = "starting"
        self._keeper: asyncio.Task[None] | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def token(self) -> int | None:
        """Grows with every receiver, so that a store can refuse a late one; None without a lease."""
        return None if self._lease is None else self._lease.token

    @property
    def state(self) -> str:
        """A word for the health page: starting, stand-by, receiver, receiver without lease, lost or ended."""
        return self._state

    @property
    def may_receive(self) -> bool:
        """Whether an update that arrives now is ours to handle."""
        return self._clock.monotonic() < self._valid_until

    async def admits(self) -> bool:
        """Whether an update may be handled; while nobody knows, as after the process was suspended, this waits."""
        while not self.may_receive and self._state.startswith("receiver"):
            await self._clock.sleep(_UNKNOWN_S)
        return self.may_receive

    async def check(self) -> bool:
        """For the health report: whether this process is the receiver."""
        return self.may_receive

    async def acquire(self) -> None:
        """Return when this process is the receiver, however long it has to stand by; from then on the lease is kept.

        Raises:
            ConfigurationError: the file beside the session cannot be written.
        """
        asked_at = self._clock.monotonic()
        while not await self._try():
            if self._state != "stand-by":
                self._state = "stand-by"
                self._log.info("receiver_stands_by", lease=self._name)
            await self._clock.sleep(self._limits.poll_s)
        self._metrics.receiver.set(1)
        waited_s = round(self._clock.monotonic() - asked_at, 1)
        self._log.info("receiver_active", token=self.token, waited_s=waited_s, state=self._state)
        self._keeper = self._tasks.supervise(self._keep, name="receiver_lease")

    async def release(self) -> None:
        """Stop receiving and let another process have it at once."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        lease, self._lease = self._lease, None
        self._stop("ended")
        if lease is not None:
            try:
                await self._leases.release(lease)
            except DatabaseUnavailableError:
                self._log.warning("lease_left_to_expiry", lease=self._name)
        self._lock.release()

    async def _try(self) -> bool:
        """Take lock and lease, if they are to be had."""
        try:
            owner = self._lock.take()
        except OSError as error:
            raise ConfigurationError(
                f"SESSION: nothing can be written beside it ({type(error).__name__}); for example data/bot.session"
            ) from error
        if owner is None:
            return False
        self._owner = owner
        return await self._ask()

    async def _ask(self) -> bool:
        """Renew the lease, or take it; whether it is ours, as far as anybody can know."""
        asked_at = self._clock.monotonic()
        try:
            lease = await self._leases.acquire(self._name, self._owner, self._limits.ttl_s)
        except DatabaseUnavailableError:
            self._go_on_until(self._clock.monotonic(), "receiver without lease")
            return True
        if lease is None:
            return False
        self._lease = lease
        self._go_on_until(asked_at, "receiver")
        return True

    async def _keep(self) -> None:
        while self._state.startswith("receiver"):
            await self._clock.sleep(self._limits.renew_s)
            if self._state.startswith("receiver") and not await self._ask():
                self._lease = None
                self._stop("lost")
                self._log.error("receiver_lost", lease=self._name)
                self._on_lost("another process receives for this bot")

    def _go_on_until(self, since: float, state: str) -> None:
        self._valid_until = since + self._limits.ttl_s - self._limits.margin_s
        self._state = state

    def _stop(self, state: str) -> None:
        self._valid_until = 0.0
        self._state = state
        self._metrics.receiver.set(0)
