"""Whether the bot can do its job, watched in the background and answered from the last look."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from core.clock import Clock
    from core.observability.metrics import Metrics

_PERIOD_S = 1.0
_DEADLINE_S = 1.0
_STALE_S = 3.0


@dataclass(frozen=True, slots=True)
class HealthProbe:
    """One part that is asked every second.

    Attributes:
        ask: healthy when it returns within a second; failed when it raises or returns False.
        critical: without this part the bot is not ready; otherwise it is merely degraded.
        vital: without this part the process counts as dead.
        state: a word on how the part is treated at the moment, such as the state of its breaker.
    """

    ask: Callable[[], Awaitable[object]]
    critical: bool
    vital: bool = False
    state: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class PartHealth:
    """The last look at one part.

    Attributes:
        checked_ago_s: seconds since an answer or a failure; None before the first one.
        problem: class of the error, "stale" when the last look is too old, "" when healthy.
        took_ms: how long the last look took.
        state: see `HealthProbe`; "" for a part without.
    """

    healthy: bool
    critical: bool
    vital: bool
    checked_ago_s: float | None
    took_ms: float
    problem: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The whole at one moment.

    Attributes:
        live: the event loop turns and every vital part answers.
        ready: live, and every critical part answers.
        failed: names of the failed parts, critical or not, sorted.
        parts: by name.
        maintenance: readers are kept out on purpose.
    """

    live: bool
    ready: bool
    failed: tuple[str, ...]
    parts: Mapping[str, PartHealth]
    maintenance: bool = False

    @property
    def status(self) -> str:
        """One word: unavailable, else maintenance, else degraded (a part failed) or ok."""
        if not self.ready:
            return "unavailable"
        if self.maintenance:
            return "maintenance"
        return "degraded" if self.failed else "ok"


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    took_s: float
    problem: str


class HealthReport:
    """Asks every part every second, each by itself, so that one that hangs does not hide the others.

    A part that was not asked successfully within three seconds counts as failed, whatever the reason. Give `run` to
    the task registry's `supervise`.

    Args:
        is_maintenance: whether readers are kept out on purpose, which makes the bot neither dead nor unready.
    """

    def __init__(
        self,
        probes: Mapping[str, HealthProbe],
        metrics: Metrics,
        clock: Clock,
        is_maintenance: Callable[[], bool] = lambda: False,
    ) -> None:
        self._probes = dict(probes)
        self._is_maintenance = is_maintenance
        self._metrics = metrics
        self._clock = clock
        self._looks: dict[str, _Look] = {}
        self._beat_at: float | None = None
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Watch until cancelled."""
        await asyncio.gather(self._beat(), *(self._watch(name, probe) for name, probe in self._probes.items()))

    def health(self) -> Health:
        """The present state, from the last look; costs nothing and asks nobody."""
        parts = {name: self._part(name, probe) for name, probe in self._probes.items()}
        beating = self._beat_at is not None and self._clock.monotonic() - self._beat_at <= _STALE_S
        live = beating and all(part.healthy for part in parts.values() if part.vital)
        return Health(
            live=live,
            ready=live and all(part.healthy for part in parts.values() if part.critical),
            failed=tuple(sorted(name for name, part in parts.items() if not part.healthy)),
            parts=parts,
            maintenance=self._is_maintenance(),
        )

    async def _beat(self) -> None:
        while True:
            self._beat_at = self._clock.monotonic()
            self._metrics.ready.set(self.health().ready)
            await self._clock.sleep(_PERIOD_S)

    async def _watch(self, name: str, probe: HealthProbe) -> None:
        while True:
            started = self._clock.monotonic()
            problem = await _problem_of(probe)
            ended = self._clock.monotonic()
            self._note(name, _Look(ended, ended - started, problem))
            await self._clock.sleep(max(0.0, started + _PERIOD_S - ended))

    def _note(self, name: str, look: _Look) -> None:
        before = self._looks.get(name)
        self._looks[name] = look
        self._metrics.health_state.labels(name).set(0 if look.problem else 1)
        if before is None or bool(before.problem) != bool(look.problem):
            self._log.info("health_changed", part=name, healthy=not look.problem, problem=look.problem)

    def _part(self, name: str, probe: HealthProbe) -> PartHealth:
        look = self._looks.get(name)
        state = probe.state() if probe.state is not None else ""
        if look is None:
            return PartHealth(False, probe.critical, probe.vital, None, 0.0, "not asked yet", state)
        age_s = self._clock.monotonic() - look.at
        problem = look.problem or ("stale" if age_s > _STALE_S else "")
        return PartHealth(
            healthy=not problem,
            critical=probe.critical,
            vital=probe.vital,
            checked_ago_s=round(age_s, 3),
            took_ms=round(look.took_s * 1000, 1),
            problem=problem,
            state=state,
        )


async def _problem_of(probe: HealthProbe) -> str:
    """The class of what went wrong, "" when nothing did."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            (answer,) = await asyncio.gather(probe.ask(), return_exceptions=True)
    except TimeoutError:
        return "no answer in time"
    if isinstance(answer, BaseException):
        return type(answer).__name__
    return "refused" if answer is False else ""
