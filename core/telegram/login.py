"""The login at the start, however long Telegram takes for it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from core.errors import ConfigurationError, TelegramUnavailableError
from core.telegram.client import start_client
from core.telegram.gateway import RetryLaterError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.observability.metrics import Metrics


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """How long a login is tried.

    Attributes:
        attempt_s: seconds for one attempt.
        first_pause_s, longest_pause_s: pauses double from one to the other.
        patience_s: seconds without any answer after which a new process may do better.
    """

    attempt_s: float = 30.0
    first_pause_s: float = 2.0
    longest_pause_s: float = 60.0
    patience_s: float = 600.0


class Login:
    """Starts the client, again and again where waiting helps.

    A bot that exits and is started again at once, while Telegram asks it to stay away, is asked to stay away for
    longer. So what Telegram asks for is waited, whatever it is; a Telegram that does not answer is tried with growing
    pauses, which an exit would not make shorter. Every pause has some jitter.
    """

    def __init__(self, client: Any, clock: Clock, metrics: Metrics, limits: LoginLimits | None = None) -> None:
        self._client = client
        self._clock = clock
        self._metrics = metrics
        self._limits = limits or LoginLimits()
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Return when the client is logged in.

        Raises:
            ConfigurationError: waiting does not help: the token or the application is not accepted, or the session
                cannot be written.
            TelegramUnavailableError: patience is over without an answer.
        """
        ends_at = self._clock.monotonic() + self._limits.patience_s
        attempt = 0
        while True:
            try:
                await start_client(self._client, timeout_s=self._limits.attempt_s)
            except RetryLaterError as error:
                ends_at += error.seconds
                self._count("asked_to_wait")
                await self._pause(error.seconds + random.random(), error)
            except TelegramUnavailableError as error:
                self._count("no_answer")
                if self._clock.monotonic() >= ends_at:
                    raise
                await self._pause(self._pause_after(attempt), error)
                attempt += 1
            except ConfigurationError:
                self._count("refused")
                raise
            else:
                self._count("done")
                return

    def _pause_after(self, attempt: int) -> float:
        longest = min(self._limits.longest_pause_s, self._limits.first_pause_s * 2**attempt)
        return longest * (0.5 + random.random() / 2)

    async def _pause(self, seconds: float, error: TelegramUnavailableError) -> None:
        self._log.warning("telegram_login_waits", wait_s=round(seconds, 1), reason=str(error))
        await self._clock.sleep(seconds)

    def _count(self, outcome: str) -> None:
        self._metrics.logins.labels(outcome).inc()
