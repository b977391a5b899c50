"""The last distinct errors: noted at once, stored soon, and still there after a restart."""

from __future__ import annotations

import hashlib
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from core.domain.error_log import NotedError
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from repositories.error_log import ErrorLogRepository

KEPT = 50
_WAITING = 200
_LOOKED_AT = 1_000
_FLUSH_S = 5.0
_MESSAGE_LENGTH = 200
_ROOT = str(Path(__file__).parents[2]) + "/"
_OURS = tuple(f"{_ROOT}{name}" for name in ("core/", "handlers/", "repositories/", "config/", "sandbox/", "bot.py"))


class ErrorLog:
    """Keeps the newest `KEPT` distinct errors of all processes in the database, and in memory while that is away.

    Args:
        redact: takes secrets out of a text.
    """

    def __init__(self, errors: ErrorLogRepository, clock: Clock, redact: Callable[[str], str]) -> None:
        self._errors = errors
        self._clock = clock
        self._redact = redact
        self._waiting: dict[str, NotedError] = {}

    def note(self, error: BaseException, where: str) -> None:
        """Remember that an error happened; never waits and never fails.

        Args:
            error: the error, with the traceback of where it was raised.
            where: what was being done: a route or a task.
        """
        now = self._clock.utc_now()
        place = f"{where} · {_place_of(error)}"
        kind = type(error).__name__
        fingerprint = hashlib.sha256(f"{kind}\n{place}".encode()).hexdigest()[:24]
        message = " ".join(self._redact(str(error)).split())[:_MESSAGE_LENGTH].encode("utf-8", "replace").decode()
        known = self._waiting.pop(fingerprint, None)  # it goes to the end, the newest of those that wait
        first, count = (known.first, known.count + 1) if known is not None else (now, 1)
        self._waiting[fingerprint] = NotedError(fingerprint, kind, message, place, count, first, now)
        if len(self._waiting) > _WAITING:
            del self._waiting[next(iter(self._waiting))]

    async def latest(self) -> list[NotedError]:
        """The newest errors, the latest first: those of all processes, or of this one while the database is away."""
        try:
            await self.flush()
            return await self._errors.latest(KEPT)
        except DatabaseUnavailableError:
            return sorted(self._waiting.values(), key=lambda error: error.last, reverse=True)[:KEPT]

    async def clear(self) -> int:
        """Forget all errors of before; returns how many distinct ones there were.

        Raises:
            DatabaseUnavailableError: they may still be there.
        """
        await self.flush()
        return await self._errors.clear(self._clock.utc_now())

    async def flush(self) -> None:
        """Store what was noted since the last time.

        Raises:
            DatabaseUnavailableError: what could not be stored is kept for the next time.
        """
        if not self._waiting:
            return
        noted, self._waiting = self._waiting, {}
        try:
            await self._errors.add(list(noted.values()))
        except DatabaseUnavailableError:
            self._waiting = {**noted, **{name: _joined(noted.get(name), new) for name, new in self._waiting.items()}}
            raise
        await self._errors.keep(KEPT, _LOOKED_AT)

    async def run(self) -> None:
        """Store every five seconds; ends only when cancelled."""
        log = structlog.get_logger(__name__)
        while True:
            await self._clock.sleep(_FLUSH_S)
            try:
                await self.flush()
            except DatabaseUnavailableError:
                log.debug("errors_kept")


def _joined(old: NotedError | None, new: NotedError) -> NotedError:
    return new if old is None else replace(new, first=old.first, count=old.count + new.count)


def _place_of(error: BaseException) -> str:
    """The innermost place of our own code that an error came through; the innermost of any where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_OURS)]
    if not frames:
        return "?"
    frame = (ours or frames)[-1]
    return f"{frame.filename.removeprefix(_ROOT)}:{frame.lineno}"
