"""Which database takes the next files: one that has room, answers, and has done so for a while.

A database is left before it is full, and it stays the one that is written to until it has to be left: what returns, or
gains room, is not hurried back to.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

from core.database.capacity import LAG_S, SpaceLedger, WriteLoad, usual_load
from core.database.circuit_breaker import CircuitBreakerState
from core.database.indexes import MEDIA, ensure_indexes, has_index
from core.database.write_choice import Standing, WriteCandidate, allowed_databases, choose_write_database
from core.domain.media_id import first_media_id_at
from core.errors import DatabaseFullError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool
    from core.domain.database import WriteLimits
    from core.observability.metrics import Metrics

MEASURE_EVERY_S = 30.0
REST_S = 60.0
"""How long a database that refused, failed or came back is passed over while another one will do."""

_TICK_S = 2.0
_EMPTY_BUILD_S = 5.0
_COUNT_RECENT_UP_TO = 200_000
_BURST = 0.02
_SPARE_TO_RESUME = 0.01


class LibraryFullError(DatabaseFullError):
    """No database has room for new files; everything that is stored stays readable."""


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """One database, for people.

    Attributes:
        used_bytes: measured plus estimated; None before the first measurement.
        files: at the last measurement.
        is_open: see `WriteCandidate`.
        is_current: it takes the next files.
        measured_s_ago: None before the first measurement.
        standing: how much it is trusted with new files.
    """

    number: int
    used_bytes: int | None
    limit_bytes: int
    files: int
    is_open: bool
    is_current: bool
    measured_s_ago: float | None
    standing: Standing


class _Target:
    """One database and what is known of its fitness."""

    def __init__(self, database: DatabaseConnectionPool, clock: Clock) -> None:
        self.database = database
        self.ledger = SpaceLedger()
        self.is_indexed = False
        self._clock = clock
        self._refused_until = 0.0
        self._shaky_until = 0.0
        self._known_since = clock.monotonic()

    def note_failure(self, error: DatabaseUnavailableError) -> None:
        until = self._clock.monotonic() + REST_S
        if isinstance(error, DatabaseFullError):
            self._refused_until = until
        else:
            self._shaky_until = until

    def standing(self) -> Standing:
        if self.database.breaker.state is not CircuitBreakerState.CLOSED:
            return Standing.DOWN
        now = self._clock.monotonic()
        is_back = self._changed_at() > self._known_since and now - self._changed_at() < REST_S
        return Standing.SHAKY if is_back or now < self._shaky_until else Standing.STEADY

    def candidate(self, limit_bytes: int) -> WriteCandidate:
        is_refusing = self._clock.monotonic() < self._refused_until
        return WriteCandidate(
            self.database.number,
            limit_bytes - self.ledger.used(),
            is_open=self.is_ready and not is_refusing,
            standing=self.standing(),
        )

    @property
    def is_ready(self) -> bool:
        """It was measured, and cannot store a file twice."""
        return self.is_indexed and self.ledger.size is not None

    def is_due(self, limit_bytes: int) -> bool:
        """Whether it is time to measure: never done, long ago, after a burst, or back after an outage."""
        read_at, now = self.ledger.read_at, self._clock.monotonic()
        if read_at is None or not self.is_indexed or now - read_at >= MEASURE_EVERY_S:
            return True
        is_back = self.database.breaker.state is CircuitBreakerState.CLOSED and self._changed_at() > read_at
        return is_back or self.ledger.charged_since_reading > limit_bytes * _BURST

    def _changed_at(self) -> float:
        return self._clock.monotonic() - self.database.breaker.steady_s

    async def measure(self) -> None:
        """Raises DatabaseUnavailableError; what was known is then kept."""
        mark, begun_at = self.ledger.mark(), self._clock.monotonic()
        size = await self.database.measure(MEDIA)
        if size.files == 0:
            await ensure_indexes(
                self.database, timeout_s=_EMPTY_BUILD_S
            )  # at once on an empty collection, and before anybody fills it
        self.is_indexed = await has_index(self.database, MEDIA, "u")
        since = first_media_id_at(self._clock.unix() - LAG_S)
        recent = await self.database.count(MEDIA, {"_id": {"$gte": since}}, limit=_COUNT_RECENT_UP_TO)
        self.ledger.measured(mark, size, recent, begun_at)


class WriteTicket:
    """Room reserved for one insert; use as a context manager.

    A block that ends without `written` or `failed` counts as if everything had been inserted.
    """

    def __init__(self, routing: WriteRouting, target: _Target, load: WriteLoad) -> None:
        self._routing = routing
        self._target = target
        self._load: WriteLoad | None = load

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._load is not None:
            self.written(self._load)

    @property
    def database(self) -> DatabaseConnectionPool:
        """Where to insert."""
        return self._target.database

    def written(self, stored: WriteLoad) -> None:
        """The insert was answered; `stored` of it is there now."""
        self._settle(stored)

    def failed(self, error: DatabaseUnavailableError) -> None:
        """The insert was refused or not answered: all of it may be there; another database is better for a while."""
        self._target.note_failure(error)
        if self._load is not None:
            self._settle(self._load)

    def _settle(self, stored: WriteLoad) -> None:
        load, self._load = self._load, None
        if load is not None:
            self._routing.settle(self._target, load, stored)


class WriteRouting:
    """Keeps account of every database's room and chooses where new files go; one object for the process.

    What another process inserts is noticed at the next measurement; two that store a burst into nearly full databases
    at the same time may pass a limit by what each of them stores between two measurements.

    Args:
        databases: in the order of their numbers.
        limits: read at every choice, so that they may change while the bot runs.
    """

    def __init__(
        self,
        databases: Sequence[DatabaseConnectionPool],
        limits: Callable[[], WriteLimits],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._targets = {database.number: _Target(database, clock) for database in databases}
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._current = 0
        self._is_full = False
        self._log = structlog.get_logger(__name__)

    def choose(
        self, files: int, *, load: WriteLoad | None = None, pinned: int | None = None, tried: Collection[int] = ()
    ) -> WriteTicket:
        """Choose a database for one insert and reserve room in it, without a wait in between.

        Args:
            files: how many.
            load: what they take; None for as much as files usually do.
            pinned: number of the database their channel is pinned to.
            tried: databases that this insert failed at.

        Raises:
            LibraryFullError: every database that answers is full.
            DatabaseUnavailableError: those that may have room are down, not measured or not ready yet.
        """
        wanted = load or usual_load(files)
        limits = self._limits()
        needed = self._needed(wanted, limits)
        number = self._pick(needed, limits, pinned, tried)
        if number is None:
            raise self._refusal(needed, limits)
        if number != pinned:
            self._make_current(number)
        target = self._targets[number]
        target.ledger.reserve(wanted)
        return WriteTicket(self, target, wanted)

    def next_database(self) -> int | None:
        """Where one more file of no pinned channel would go now; None when none takes it. Reserves nothing."""
        limits = self._limits()
        return self._pick(self._needed(usual_load(1), limits), limits)

    def _needed(self, wanted: WriteLoad, limits: WriteLimits) -> int:
        return wanted.bytes + (int(limits.size_limit_bytes * _SPARE_TO_RESUME) if self._is_full else 0)

    def _pick(
        self, needed: int, limits: WriteLimits, pinned: int | None = None, tried: Collection[int] = ()
    ) -> int | None:
        left = (target for number, target in self._targets.items() if number not in tried)
        candidates = [target.candidate(limits.size_limit_bytes) for target in left]
        return choose_write_database(candidates, needed, limits, current=self._current, pinned=pinned)

    def settle(self, target: _Target, reserved: WriteLoad, stored: WriteLoad) -> None:
        """Turn a reservation into what was stored; called by the ticket."""
        if stored.files == 0:
            target.ledger.release(reserved)
        else:
            target.ledger.charge(reserved, stored, self._clock.monotonic())

    def note_growth(self, number: int, data_bytes: int) -> None:
        """Count what a change of stored files added to a database."""
        grown = WriteLoad(0, data_bytes, data_bytes)
        ledger = self._targets[number].ledger
        ledger.reserve(grown)
        ledger.charge(grown, grown, self._clock.monotonic())

    async def prepare(self) -> None:
        """Measure, unless some database is known to take files; never raises, since the choice says what is missing."""
        if not any(target.is_ready for target in self._targets.values()):
            await self.measure()

    async def measure(self, *, only_due: bool = False) -> None:
        """Measure the databases that answer, all at the same time."""
        limit = self._limits().size_limit_bytes
        due = [target for target in self._targets.values() if not only_due or target.is_due(limit)]
        if len(due) == 1:
            await self._measure(due[0])
        elif due:
            await asyncio.gather(*(self._measure(target) for target in due))
        self._publish()

    async def run(self) -> None:
        """Keep the measurements fresh: every 30 s, and soon after a start, a burst or a return; ends when cancelled."""
        while True:
            await self.measure(only_due=True)
            await self._clock.sleep(_TICK_S)

    @property
    def status(self) -> list[WriteStatus]:
        """Every database by number."""
        limits, now = self._limits(), self._clock.monotonic()
        return [self._status_of(target, limits.size_limit_bytes, now) for target in self._targets.values()]

    @property
    def is_full(self) -> bool:
        """The last choice found no room anywhere."""
        return self._is_full

    def _status_of(self, target: _Target, limit: int, now: float) -> WriteStatus:
        size, read_at = target.ledger.size, target.ledger.read_at
        return WriteStatus(
            number=target.database.number,
            used_bytes=target.ledger.used() if size is not None else None,
            limit_bytes=limit,
            files=size.files if size is not None else 0,
            is_open=target.candidate(limit).is_open,
            is_current=target.database.number == self._current,
            measured_s_ago=now - read_at if read_at is not None else None,
            standing=target.standing(),
        )

    async def _measure(self, target: _Target) -> None:
        try:
            await target.measure()
        except DatabaseUnavailableError as error:
            self._log.debug("database_not_measured", database=target.database.number, detail=str(error))

    def _refusal(self, needed: int, limits: WriteLimits) -> DatabaseUnavailableError:
        """Full only when no database could take the files once it answers."""
        for number in allowed_databases(self._targets, limits, self._current):
            target = self._targets[number]
            if not target.is_ready or target.candidate(limits.size_limit_bytes).fits(needed):
                return DatabaseUnavailableError("no database that may have room for new files is usable now")
        if not self._is_full:
            self._is_full = True
            self._metrics.library_full.set(1)
            self._log.error("library_full", databases=len(self._targets), needed_bytes=needed)
        return LibraryFullError("no database has room for new files")

    def _make_current(self, number: int) -> None:
        if self._is_full:
            self._is_full = False
            self._metrics.library_full.set(0)
            self._log.info("library_takes_files_again", database=number)
        if number != self._current:
            if self._current:
                self._metrics.write_switches.inc()
                self._log.warning("write_database_changed", database=number, before=self._current)
            self._current = number

    def _publish(self) -> None:
        limit = self._limits().size_limit_bytes
        for number, target in self._targets.items():
            if target.ledger.size is not None:
                self._metrics.database_room_bytes.labels(str(number)).set(limit - target.ledger.used())
