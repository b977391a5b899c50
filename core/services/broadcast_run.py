"""Sending one broadcast, under a lease, from where it stopped."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from core.domain.broadcast import BroadcastPause, BroadcastState, Tally
from core.errors import DatabaseUnavailableError, FileFilterError, TelegramUnavailableError
from core.services.broadcast_crowd import Crowd
from core.telegram.broadcast_gateway import NotRepeatableError
from core.telegram.gateway import (
    FileReferenceExpiredError,
    RecipientUnreachableError,
    RetryLaterError,
    SendClass,
    TelegramRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.lease import HeldLease
    from core.domain.audience import Unreachable
    from core.domain.broadcast import Broadcast
    from core.services.reachability import Reachability
    from core.telegram.broadcast_gateway import BroadcastTelegram
    from repositories.audience import AudienceRepository
    from repositories.broadcast import BroadcastRepository

_RETRY_S = 2.0
_GENERAL_FLOOD = 5


@dataclass(frozen=True, slots=True)
class BroadcastLimits:
    """How a broadcast is sent.

    Attributes:
        in_flight: people who are written to at once; enough to use every turn of the send budget, and few enough to
            leave turns to others when none of their sends is answered.
        lease_s: seconds after which the broadcast of a process that died goes on elsewhere.
        progress_s: seconds between two edits of the message that shows how it goes.
        checkpoint_s: seconds between two writes of the cursor; within them orders of other processes are seen.
        drain_s: how long sends that are under way when it is stopped may take.
        most_refused: so many refusals in a row, and the broadcast is paused: the fault is the message's.
    """

    in_flight: int = 20
    lease_s: float = 15.0
    progress_s: float = 3.0
    checkpoint_s: float = 1.0
    drain_s: float = 5.0
    most_refused: int = 25

    @property
    def look_around_s(self) -> float:
        """Seconds after which an idle process looks for what others have ordered, or left behind."""
        return self.lease_s / 3


@dataclass(frozen=True, slots=True)
class BroadcastTools:
    """What a run needs of the rest of the bot."""

    broadcasts: BroadcastRepository
    audience: AudienceRepository
    telegram: BroadcastTelegram
    reachability: Reachability
    tasks: TaskRegistry
    clock: Clock


class BroadcastRun:
    """One process's turn at one broadcast.

    A person whose message went out after the last checkpoint is written to again by whoever goes on after a kill, under
    the same random_id, which Telegram does not deliver twice.

    Args:
        broadcast: as it was taken over under the lease.
        held: lost when another process may go on with it.
        on_checkpoint: told of every checkpoint; must not wait.
    """

    def __init__(
        self,
        broadcast: Broadcast,
        held: HeldLease,
        tools: BroadcastTools,
        limits: BroadcastLimits,
        on_checkpoint: Callable[[Broadcast], None],
    ) -> None:
        self._record = broadcast
        self._snapshot = broadcast.snapshot
        self._held = held
        self._tools = tools
        self._limits = limits
        self._on_checkpoint = on_checkpoint
        self._crowd = Crowd(broadcast, tools.audience, tools.clock)
        self._sent = broadcast.tally.sent
        self._unreachable: Counter[str] = Counter(broadcast.tally.unreachable)
        self._failed: Counter[str] = Counter(broadcast.tally.failed)
        self._to_flag: list[tuple[int, Unreachable]] = []
        self._refused_in_a_row = self._floods_in_a_row = 0
        self._is_lost = False
        self._look = asyncio.Event()
        self._healing, self._writing = asyncio.Lock(), asyncio.Lock()
        self._workers: list[asyncio.Task[Any]] = []
        self._log = structlog.get_logger(__name__).bind(broadcast_id=broadcast.id)

    async def run(self) -> Broadcast | None:
        """Send until everybody was tried, somebody stops or pauses it, or the lease is lost.

        Returns:
            The broadcast as it is now; None when another process may have it.

        Raises:
            Exception: whatever a defect raises; what was done until then is written down.
        """
        tasks = self._tools.tasks
        self._workers = [tasks.spawn(self._work(), name="broadcast_send") for _ in range(self._limits.in_flight)]
        keeper = tasks.spawn(self._keep(), name="broadcast_checkpoints")
        try:
            await asyncio.wait(self._workers, return_when=asyncio.FIRST_EXCEPTION)
            async with self._writing:  # who was flagged by a checkpoint that is cut off would not be counted as lost
                keeper.cancel()
        finally:
            for task in (*self._workers, keeper):
                task.cancel()
            await asyncio.wait((*self._workers, keeper))
        await self._checkpoint_patiently()
        for task in (*self._workers, keeper):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        return await self._ended()

    def look(self) -> None:
        """See at once whether there is an order."""
        self._look.set()

    async def _ended(self) -> Broadcast | None:
        if self._is_lost:
            return None
        if self._record.state is BroadcastState.RUNNING and self._crowd.is_done:
            return await self._tools.broadcasts.finish(self._record) or await self._tools.broadcasts.get(
                self._record.id
            )
        return self._record

    async def _work(self) -> None:
        while (user_id := await self._crowd.next()) is not None:
            await self._deliver(user_id)

    async def _deliver(self, user_id: int) -> None:
        snapshot, random_id = self._snapshot, self._record.random_id_for(user_id)
        try:
            message_id = await self._tools.telegram.send_snapshot(
                user_id, snapshot, random_id=random_id, send_class=SendClass.BULK
            )
        except RecipientUnreachableError as error:
            self._note_unreachable(user_id, error)
        except FileReferenceExpiredError:
            await self._heal(user_id, snapshot.file_id)
        except RetryLaterError as error:
            self._note_flood(user_id, error.seconds)
        except TelegramUnavailableError:  # also when it may have arrived: the random_id tells
            self._crowd.put_off(user_id, _RETRY_S)
        except TelegramRefusedError as error:
            await self._note_refused(user_id, error.name)
        else:
            self._sent += 1
            self._refused_in_a_row = self._floods_in_a_row = 0
            self._crowd.settle(user_id)
            await self._pin(user_id, message_id)

    async def _pin(self, user_id: int, message_id: int) -> None:
        """The person has the message, so whatever happens here is no failure."""
        if not self._record.is_pinned or not message_id:
            return
        try:
            await self._tools.telegram.pin(user_id, message_id)
        except FileFilterError as error:
            self._log.info("broadcast_not_pinned", user_id=user_id, error=type(error).__name__)

    def _note_unreachable(self, user_id: int, error: RecipientUnreachableError) -> None:
        self._refused_in_a_row = 0
        if error.why is None:
            self._failed["NOT_WRITABLE"] += 1
        else:
            self._unreachable[error.why.value] += 1
            self._to_flag.append((user_id, error.why))
        self._crowd.settle(user_id)

    def _note_flood(self, user_id: int, seconds: int) -> None:
        """One chat that Telegram puts off is tried later; several in a row mean all of them."""
        self._crowd.put_off(user_id, seconds)
        self._floods_in_a_row += 1
        if self._floods_in_a_row >= _GENERAL_FLOOD:
            self._crowd.rest(seconds)

    async def _note_refused(self, user_id: int, name: str) -> None:
        self._failed[name] += 1
        self._crowd.settle(user_id)
        self._log.warning("broadcast_refused", user_id=user_id, name=name)
        self._refused_in_a_row += 1
        if self._refused_in_a_row == self._limits.most_refused:
            await self._stand_still(BroadcastPause.REFUSED)

    async def _heal(self, user_id: int, expired: str | None) -> None:
        """Take the file's reference from its message once more; one caller does, the others wait for it."""
        pause_s = 0.0
        try:
            async with self._healing:
                if self._snapshot.file_id == expired:
                    await self._renew_reference()
        except (TelegramUnavailableError, DatabaseUnavailableError):
            pause_s = _RETRY_S
        self._crowd.put_off(user_id, pause_s)

    async def _renew_reference(self) -> None:
        record = self._record
        try:
            fresh = await self._tools.telegram.snapshot_of(record.owner_id, record.source_message_id)
        except NotRepeatableError:
            fresh = None
        is_other = fresh is None or not fresh.is_of_same_file(self._snapshot)
        if fresh is None or is_other or fresh.file_id == self._snapshot.file_id:
            await self._stand_still(BroadcastPause.SOURCE_GONE)
            return
        self._snapshot = replace(self._snapshot, file_id=fresh.file_id)
        await self._tools.broadcasts.renew_snapshot(record, self._snapshot)
        self._log.info("broadcast_reference_renewed")

    async def _stand_still(self, why: BroadcastPause) -> None:
        self._crowd.halt()
        await self._tools.broadcasts.pause(self._record.id, why)
        self.look()

    async def _keep(self) -> None:
        """Write down how far it is, and obey what was ordered meanwhile."""
        while not self._is_lost and self._record.state is BroadcastState.RUNNING:
            try:
                async with asyncio.timeout(self._limits.checkpoint_s):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            await self._try_checkpoint()
        self._crowd.halt()
        if not self._is_lost:
            await self._tools.clock.sleep(self._limits.drain_s)
        for worker in self._workers:
            worker.cancel()

    async def _checkpoint_patiently(self) -> None:
        while not await self._try_checkpoint():
            await self._tools.clock.sleep(_RETRY_S)

    async def _try_checkpoint(self) -> bool:
        """Whether it is written down, or somebody else sends the broadcast now."""
        if self._held.is_lost:
            self._is_lost = True
        if self._is_lost:
            return True
        try:
            async with self._writing:
                await self._checkpoint()
        except DatabaseUnavailableError:
            self._log.warning("broadcast_waits_for_database")
            return False
        return True

    async def _checkpoint(self) -> None:
        flagged = len(self._to_flag)
        tally = Tally(self._sent, dict(self._unreachable), dict(self._failed))
        record = await self._tools.broadcasts.checkpoint(
            self._record, cursor=self._crowd.cursor, unsettled=self._crowd.unsettled, tally=tally
        )
        if record is None:
            self._is_lost = True
            return
        self._record = record
        # Only who is counted is flagged: a person flagged before would never be counted if a kill came in between.
        for user_id, why in self._to_flag[:flagged]:
            await self._tools.reachability.lost(user_id, why)
        del self._to_flag[:flagged]
        self._on_checkpoint(record)
