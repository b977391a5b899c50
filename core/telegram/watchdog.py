"""Notices that the client hears nothing from Telegram any more, and has the process replaced."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import structlog
from pyrogram import errors, raw

from core.telegram.session_guard import LOST_KEY, has_lost_key, waits_as_asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from core.observability.metrics import Metrics


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """When a silence counts as deafness.

    Attributes:
        period_s: seconds from one question to the next.
        patience_s: seconds for each of the two answers.
        failures: questions in a row without an answer that mean deafness.
        look_s: seconds between looks at the session itself, which cost nothing.
    """

    period_s: float = 30.0
    patience_s: float = 10.0
    failures: int = 3
    look_s: float = 1.0


class _Answer(Enum):
    GOOD = "good"
    NONE = "none"
    LOST_KEY = "lost_key"
    ASKED_TO_WAIT = "asked_to_wait"


class Watchdog:
    """Asks Telegram for a sign of life at intervals; gives up when there is none three times in a row.

    pyrogram survives much and notices little: `is_connected` stays true whatever happens. So the connection is asked
    (a ping, past every queue and lane), and then the login (`updates.getState`, which a connection can fail although it
    answers pings, and which tells a server that lost our session that this client wants updates). A lost key and an
    ended login do not wait for the next question: the session is looked at every second, and a key that is lost is
    reported at once.

    Args:
        client: started, and guarded by `install_session_guard`.
        on_deaf: told the reason once; has to have the process replaced.
    """

    def __init__(
        self,
        client: Any,
        clock: Clock,
        metrics: Metrics,
        on_deaf: Callable[[str], None],
        limits: WatchLimits | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._metrics = metrics
        self._on_deaf = on_deaf
        self._limits = limits or WatchLimits()
        self._failures = 0
        self._running = False
        self._verdict = ""
        self._log = structlog.get_logger(__name__)

    @property
    def is_deaf(self) -> bool:
        """Whether this process has to be replaced."""
        return bool(self._verdict)

    @property
    def state(self) -> str:
        """A word for the health page: waiting for the login, listening, silent, or why it is deaf."""
        if self._verdict:
            return self._verdict
        if not self._running:
            return "waiting for the login"
        if self._failures:
            return f"silent {self._failures} of {self._limits.failures}"
        return "listening"

    async def check(self) -> bool:
        """For the health report: False when the process has to be replaced."""
        return not self.is_deaf

    async def run(self) -> None:
        """Watch from the login on; returns when the process is to be replaced."""
        self._running = True
        asked_at = self._clock.monotonic()
        while not self.is_deaf:
            await self._clock.sleep(self._limits.look_s)
            if has_lost_key(self._client.session):
                self._give_up("the login is lost")
            elif self._clock.monotonic() - asked_at >= self._limits.period_s:
                asked_at = self._clock.monotonic()
                self._judge(await self._ask())

    async def _ask(self) -> _Answer:
        session = self._client.session
        if not session.is_started.is_set():
            return _Answer.ASKED_TO_WAIT if waits_as_asked(session) else _Answer.NONE
        for question in (raw.functions.Ping(ping_id=random.getrandbits(63)), raw.functions.updates.GetState()):
            answer = await self._put(session, question)
            if answer is not _Answer.GOOD:
                return answer
        return _Answer.GOOD

    async def _put(self, session: Any, question: Any) -> _Answer:
        try:
            async with asyncio.timeout(self._limits.patience_s * 1.5):
                await session.send(question, timeout=self._limits.patience_s)
        except LOST_KEY:
            return _Answer.LOST_KEY
        except errors.RPCError:
            return _Answer.GOOD  # it refuses, so it is there
        except (OSError, errors.BadMsgNotification) as error:
            self._log.warning("telegram_silent", question=question.QUALNAME, error=type(error).__name__)
            return _Answer.NONE
        return _Answer.GOOD

    def _judge(self, answer: _Answer) -> None:
        self._metrics.watchdog_questions.labels(answer.value).inc()
        if answer is _Answer.LOST_KEY:
            self._give_up("the login is lost")
        elif answer is _Answer.NONE:
            self._failures += 1
            if self._failures >= self._limits.failures:
                self._give_up("no sign of life")
        elif answer is _Answer.GOOD:
            self._failures = 0

    def _give_up(self, reason: str) -> None:
        self._verdict = f"deaf: {reason}"
        self._log.error("telegram_deaf", reason=reason)
        self._on_deaf(self._verdict)
