"""The only way out to Telegram: lane, timeout, flood wait, retry and metric around every call."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import structlog
from pyrogram import errors, raw
from pyrogram.raw.core import TLObject

from core.errors import TelegramUnavailableError
from core.telegram.gateway import OutcomeUnknownError, RetryLaterError
from core.telegram.retry_policy import CallState, Failure, GiveUpReason, Idempotency, Retry, decide, give_up_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrogram import Client

    from core.clock import Clock
    from core.concurrency.semaphore_manager import ConcurrencyDomain, SemaphoreManager
    from core.observability.metrics import Metrics
    from core.telegram.send_budget import SendPermit
    from core.telegram.send_schedule import Ticket

_UNREADABLE_FLOOD_WAIT_S = 5
_SEND_GRACE_S = 1.0
_FLOOD, _SERVER_ERROR = 420, 500


class AlreadyDone:
    """Stands for the lost answer of a request that Telegram has carried out."""


ALREADY_DONE: Final = AlreadyDone()


class SerialisedRequest(TLObject):
    """A request written to bytes once; the client itself writes every request twice, first to measure it.

    Writing a result page with its 13 buttons takes about 80 µs on the event loop's thread.
    """

    __slots__ = ["content"]

    def __init__(self, request: Any) -> None:
        self.content: bytes = request.write()

    def __len__(self) -> int:
        return len(self.content)

    def write(self, *_args: Any) -> bytes:
        """The TL bytes of the request."""
        return self.content


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    request_factory: Callable[[], Any]
    lane: ConcurrencyDomain
    idempotency: Idempotency
    flood_cap_s: float
    timeout_s: float
    permit: SendPermit | None


class TelegramApi:
    """Calls raw functions of one client; safe for any number of tasks.

    Args:
        client: a started client that neither retries nor sleeps on its own (`sleep_threshold` 0).
        lanes: bound how many calls of a kind are under way; inside a lane a call waits for its answer and nothing else.
        clock: used for every pause and measurement.
        metrics: counts every attempt, every wait and how every call ends.
    """

    def __init__(self, client: Client, lanes: SemaphoreManager, clock: Clock, metrics: Metrics) -> None:
        self._client = client
        self._lanes = lanes
        self._clock = clock
        self._metrics = metrics
        waits = metrics.telegram_wait_seconds
        self._lane_wait, self._connection_wait = waits.labels("lane"), waits.labels("connection")
        self._flood_wait, self._retry_wait = waits.labels("flood_wait"), waits.labels("retry")
        self._log = structlog.get_logger(__name__)

    async def call_api(
        self,
        method_name: str,
        request_factory: Callable[[], Any],
        *,
        lane: ConcurrencyDomain,
        idempotency: Idempotency,
        flood_cap_s: float,
        timeout_s: float,
        permit: SendPermit | None = None,
    ) -> Any:
        """Carry out one request.

        Args:
            method_name: name of the raw function, for metrics and logs; one of few.
            request_factory: makes the request for each attempt; a random_id in it must stay the same.
            lane: the kind of work, which bounds how many such calls run at once.
            idempotency: whether the request may be sent again after its answer was lost.
            flood_cap_s: most seconds to wait because Telegram asks for it, in total; 0 for never.
            timeout_s: how long one attempt waits for the connection and for its answer.
            permit: asked for a turn before every attempt; required of whatever creates a message.

        Returns:
            The raw answer, or `ALREADY_DONE` when Telegram says that the random_id has been used: an earlier attempt
            was carried out and its answer is lost.

        Raises:
            RetryLaterError: Telegram asks for a longer wait than the cap, or no turn comes in time; nothing was done.
            OutcomeUnknownError: no answer came, and a request that is not repeatable may have been carried out.
            TelegramUnavailableError: no answer came; nothing was done, or doing it again is harmless.
            pyrogram.errors.RPCError: the request itself is refused.
        """
        call = _Call(method_name, request_factory, lane, idempotency, flood_cap_s, timeout_s, permit)
        try:
            answer = await self._execute_with_retry(call)
        except (errors.RPCError, TelegramUnavailableError, asyncio.CancelledError) as error:
            self._metrics.telegram_outcomes.labels(method_name, type(error).__name__).inc()
            raise
        self._metrics.telegram_outcomes.labels(method_name, "ok").inc()
        return answer

    async def _execute_with_retry(self, call: _Call) -> Any:
        state = CallState()
        while True:
            try:
                return await self._attempt_in_turn(call, state)
            except (errors.RPCError, errors.BadMsgNotification, OSError) as error:
                failure, flood_wait_s = _classify(error)
                self._note_failure(call, failure, flood_wait_s)
                state = replace(state, uncertain=state.uncertain or failure is Failure.ANSWER_LOST)
                step = decide(
                    failure,
                    state,
                    call.idempotency,
                    jitter=random.random(),
                    flood_wait_s=flood_wait_s,
                    flood_cap_s=call.flood_cap_s,
                )
                if not isinstance(step, Retry):
                    return self._give_up(call, step.reason, error, flood_wait_s)
            (self._flood_wait if failure is Failure.FLOOD_WAIT else self._retry_wait).observe(step.wait_s)
            await self._clock.sleep(step.wait_s)
            state = state.after_wait(flood_wait_s)

    async def _attempt_in_turn(self, call: _Call, state: CallState) -> Any:
        """Wait for what an attempt needs before it takes a place in its lane: the connection, then a turn to send.

        In this order, or turns would pile up while there is no connection, and all be used at once when it is back.
        The turn counts until the attempt is over, however that ends.
        """
        await self._wait_connected(call.timeout_s)
        if call.permit is None:
            return await self._attempt(call)
        turn = await self._acquire(call, call.permit, state)
        try:
            return await self._attempt(call)
        finally:
            call.permit.answered(turn)

    async def _acquire(self, call: _Call, permit: SendPermit, state: CallState) -> Ticket:
        try:
            return await permit.acquire()
        except RetryLaterError as error:
            if give_up_waiting(state, call.idempotency).reason is GiveUpReason.OUTCOME_UNKNOWN:
                raise OutcomeUnknownError(f"{call.method}: no turn to ask again") from error
            raise

    async def _attempt(self, call: _Call) -> Any:
        came = self._clock.monotonic()
        async with self._lanes.lane(call.lane):
            started = self._clock.monotonic()
            self._lane_wait.observe(started - came)
            if not self._is_connected:
                raise ConnectionError("the connection went while waiting for a place")
            # The client's own timeout forgets the request properly; ours only guards a connection that cannot be
            # written to, which that one does not cover.
            async with asyncio.timeout(call.timeout_s + _SEND_GRACE_S):
                answer = await self._client.invoke(
                    SerialisedRequest(call.request_factory()), retries=0, timeout=call.timeout_s, sleep_threshold=0
                )
            took = self._clock.monotonic() - started
        if isinstance(answer, raw.types.BadMsgNotification):
            raise TimeoutError("the client lost the answer while it corrected its message ids")
        self._metrics.telegram_calls.labels(call.method, "ok").inc()
        self._metrics.telegram_seconds.labels(call.method).observe(took)
        return answer

    @property
    def _is_connected(self) -> bool:
        session = self._client.session
        return session is None or session.is_started.is_set()

    async def _wait_connected(self, timeout_s: float) -> None:
        if self._is_connected:
            return
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                await self._client.session.is_started.wait()
        except TimeoutError as error:
            raise ConnectionError("no connection to Telegram") from error
        finally:
            self._connection_wait.observe(self._clock.monotonic() - started)

    def _note_failure(self, call: _Call, failure: Failure, flood_wait_s: int) -> None:
        self._metrics.telegram_calls.labels(call.method, failure.value).inc()
        if failure is Failure.FLOOD_WAIT:
            self._metrics.flood_wait_seconds.inc(flood_wait_s)
            if call.permit is not None:
                call.permit.hold_back(flood_wait_s)
            self._log.warning("telegram_flood_wait", method=call.method, seconds=flood_wait_s)

    def _give_up(self, call: _Call, reason: GiveUpReason, error: Exception, flood_wait_s: int) -> AlreadyDone:
        if reason is GiveUpReason.ALREADY_DONE:
            return ALREADY_DONE
        if reason is GiveUpReason.REFUSED:
            raise error
        self._log.warning("telegram_call_failed", method=call.method, reason=reason.value, error=type(error).__name__)
        if reason is GiveUpReason.RETRY_LATER:
            raise RetryLaterError(flood_wait_s) from error
        if reason is GiveUpReason.OUTCOME_UNKNOWN:
            raise OutcomeUnknownError(f"{call.method}: no answer") from error
        raise TelegramUnavailableError(f"{call.method}: {type(error).__name__}") from error


def error_name(error: errors.RPCError) -> str:
    """Telegram's name of an error, for example "PEER_ID_INVALID", also for one that pyrogram does not know."""
    if error.ID is not None:
        return str(error.ID)
    _, _, name = str(error.value).strip("[]").partition(" ")  # pyrogram keeps an unknown error as "[400 ITS_NAME]"
    return name


def _classify(error: Exception) -> tuple[Failure, int]:
    """What kind of failure it was, and the seconds Telegram asked to wait (0 unless it did)."""
    if isinstance(error, errors.RPCError):
        return _classify_answer(abs(error.CODE or 0), error_name(error), error.value)
    # A bare ConnectionError comes from before the request was written; any other one may come from after.
    not_sent = isinstance(error, errors.BadMsgNotification) or type(error) is ConnectionError
    return (Failure.NOT_SENT if not_sent else Failure.ANSWER_LOST), 0


def _classify_answer(code: int, name: str, value: Any) -> tuple[Failure, int]:
    if name == "RANDOM_ID_DUPLICATE":
        return Failure.DUPLICATE, 0
    if code == _FLOOD:
        return Failure.FLOOD_WAIT, value if isinstance(value, int) else _UNREADABLE_FLOOD_WAIT_S
    if code >= _SERVER_ERROR:
        # Telegram's servers report their own time-outs this way; what they were doing may still happen.
        timed_out = name.upper() in {"TIMEOUT", "TIMEDOUT"} or "_TIMEOUT" in name.upper()
        return (Failure.ANSWER_LOST if timed_out else Failure.SERVER_ERROR), 0
    return Failure.REFUSED, 0
