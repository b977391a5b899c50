"""Deleting what is due, in every process, whoever scheduled it."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.auto_delete import MESSAGES_PER_CALL
from core.errors import DatabaseUnavailableError, InfrastructureError
from core.services.health_report import HealthProbe
from core.telegram.gateway import RecipientUnreachableError, RetryLaterError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from core.clock import Clock
    from core.domain.auto_delete import DueDeletion
    from core.observability.metrics import Metrics
    from core.services.auto_delete import AutoDelete
    from core.telegram.gateway import TelegramGateway
    from repositories.scheduled_deletion import ScheduledDeletionRepository

_LOOK_EVERY_S = 1.0
_ENTRIES = 200
_CHATS_AT_ONCE = 4  # of the lane that answers are sent through as well
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 300.0
_DELETABLE = timedelta(hours=48)  # as long as Telegram lets a bot delete a message
_REMEMBERED = timedelta(days=7)
LATE_S = 120.0
_DELETED, _REFUSED, _TOO_LATE = "deleted", "refused", "too_late"


@dataclass(frozen=True, slots=True)
class _Owed:
    """An entry that was put off until a moment of the monotonic clock; `wanted` as in `DueDeletion`."""

    wanted: datetime
    until: float


@dataclass(slots=True)
class _Round:
    """What one claim came to: keys of entries that are settled, and of those to try again, with the pause."""

    settled: list[str] = field(default_factory=list)
    postponed: dict[str, float] = field(default_factory=dict)


class DeletionSweep:
    """Looks every second for messages that are due. Give `run` to the task registry's `supervise`.

    An outage puts a deletion off, and a flood wait all of them; what Telegram will not delete any more is given up and
    counted. Deleting twice harms nothing, so a process that dies in the middle is followed by one that begins anew.
    """

    def __init__(
        self,
        scheduler: AutoDelete,
        deletions: ScheduledDeletionRepository,
        telegram: TelegramGateway,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._scheduler = scheduler
        self._deletions = deletions
        self._telegram = telegram
        self._metrics = metrics
        self._clock = clock
        self._owed: dict[str, _Owed] = {}
        self._late_s = 0.0
        self._quiet_until = 0.0
        self._unsettled: dict[str, _Round] = {}
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Delete what is due until cancelled."""
        while True:
            try:
                await self._scheduler.flush()
                while await self.sweep():
                    pass
            except DatabaseUnavailableError:
                self._log.debug("deletions_wait_for_database")
            await self._clock.sleep(_LOOK_EVERY_S)

    @property
    def probe(self) -> HealthProbe:
        """Whether deletions are made about when they are due."""
        return HealthProbe(self._check, critical=False)

    async def _check(self) -> bool:
        return self._late_s < LATE_S

    async def sweep(self) -> bool:
        """Delete some of what is due; True when there may be more.

        Raises:
            DatabaseUnavailableError: it is not known what is due, or what was deleted is not settled; the next call
                does so first.
        """
        await self._settle()
        claim = secrets.token_hex(8)
        due = await self._deletions.claim_due(claim, self._clock.utc_now(), _ENTRIES)
        self._note_lateness(due)
        if not due:
            return False
        done = self._unsettled[claim] = _Round()
        chats = list(_by_chat(due).values())
        for start in range(0, len(chats), _CHATS_AT_ONCE):
            await asyncio.gather(*(self._clear(chat, done) for chat in chats[start : start + _CHATS_AT_ONCE]))
        await self._settle()
        return len(due) == _ENTRIES and not done.postponed

    async def _clear(self, entries: Sequence[DueDeletion], done: _Round) -> None:
        """Delete the messages of one chat's entries, and tell of those that were files."""
        batches = deque(_batches(entries))
        while batches:
            batch = batches.popleft()
            try:
                self._refuse_while_quiet()
                outcome = await self._delete(batch)
                if outcome == _REFUSED and len(batch) > 1:  # one of them may be the reason
                    batches.extend([entry] for entry in batch)
                    continue
                await self._tell(batch, outcome)
            except InfrastructureError as error:
                self._put_off(batch, error, done)
            else:
                done.settled += [entry.key for entry in batch]
                for entry in batch:
                    self._metrics.deletions.labels(entry.kind.value, outcome).inc(len(entry.message_ids))

    def _refuse_while_quiet(self) -> None:
        """Ask for nothing while Telegram wants to be left alone: asking makes the wait longer."""
        left = self._quiet_until - self._clock.monotonic()
        if left > 0:
            raise RetryLaterError(math.ceil(left))

    def _put_off(self, batch: Sequence[DueDeletion], error: InfrastructureError, done: _Round) -> None:
        pause = _pause_s(batch, error)
        if isinstance(error, RetryLaterError):
            self._quiet_until = self._clock.monotonic() + pause
        for entry in batch:
            done.postponed[entry.key] = pause
            self._owed[entry.key] = _Owed(entry.wanted, self._clock.monotonic() + pause + LATE_S)
        self._log.warning("deletion_postponed", error=type(error).__name__, pause_s=pause)

    async def _delete(self, batch: Sequence[DueDeletion]) -> str:
        """How it ended, for the metric; raises InfrastructureError when it did not."""
        ids = [message_id for entry in batch for message_id in entry.message_ids]
        try:
            for start in range(0, len(ids), MESSAGES_PER_CALL):
                await self._telegram.delete_messages(batch[0].chat_id, ids[start : start + MESSAGES_PER_CALL])
        except InfrastructureError:
            if self._clock.utc_now() - min(entry.since for entry in batch) < _DELETABLE:
                raise
            return _TOO_LATE
        except (RecipientUnreachableError, TelegramRefusedError) as refused:
            self._log.info("deletion_refused", chat_id=batch[0].chat_id, detail=str(refused))
            return _REFUSED
        return _DELETED

    async def _tell(self, batch: Sequence[DueDeletion], outcome: str) -> None:
        notices = self._scheduler.notices if outcome == _DELETED else None
        for entry in batch:
            if entry.media_ids and notices is not None:
                await notices.deleted(entry)

    def _note_lateness(self, due: Sequence[DueDeletion]) -> None:
        """How long what is due now, or was put off by this process, should have been gone."""
        now, moment = self._clock.utc_now(), self._clock.monotonic()
        for entry in due:
            self._owed.pop(entry.key, None)
        self._owed = {key: owed for key, owed in self._owed.items() if owed.until > moment}  # else another settled it
        wanted = [*(entry.wanted for entry in due), *(owed.wanted for owed in self._owed.values())]
        self._late_s = max(((now - its).total_seconds() for its in wanted), default=0.0)
        self._metrics.deletions_late_seconds.set(self._late_s)

    async def _settle(self) -> None:
        """Store how claims ended; what is not stored stays for the next time."""
        now = self._clock.utc_now()
        for claim, done in list(self._unsettled.items()):
            if done.settled:
                await self._deletions.settle(claim, done.settled, now + _REMEMBERED)
            for pause in sorted(set(done.postponed.values())):
                keys = [key for key, its in done.postponed.items() if its == pause]
                await self._deletions.postpone(claim, keys, now + timedelta(seconds=pause))
            del self._unsettled[claim]


def _by_chat(due: Sequence[DueDeletion]) -> dict[int, list[DueDeletion]]:
    chats: defaultdict[int, list[DueDeletion]] = defaultdict(list)
    for entry in due:
        chats[entry.chat_id].append(entry)
    return chats


def _batches(entries: Sequence[DueDeletion]) -> Iterator[list[DueDeletion]]:
    """Entries together as far as one call takes their messages; one that is larger stands alone."""
    batch: list[DueDeletion] = []
    for entry in entries:
        if batch and sum(len(other.message_ids) for other in (*batch, entry)) > MESSAGES_PER_CALL:
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _pause_s(batch: Sequence[DueDeletion], error: InfrastructureError) -> float:
    """Until the next try: what Telegram asks for, or longer with every try."""
    if isinstance(error, RetryLaterError):
        return float(error.seconds)
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(10, max(entry.tries for entry in batch) - 1))
