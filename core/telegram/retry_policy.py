"""Which failures of a call to Telegram are tried again, after how long, and what giving up means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MAX_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 4.0
_FLOOD_JITTER_S = 0.5


class Idempotency(Enum):
    """What a second execution of the same request would do."""

    REPEATABLE = "repeatable"
    """The same as the first: reads, edits, settings."""
    RANDOM_ID = "random_id"
    """Nothing: Telegram recognises the random_id, which therefore stays the same over all attempts."""
    ONCE = "once"
    """Harm: never sent again once it may have been carried out."""


class Failure(Enum):
    """How one attempt ended without an answer that can be used; values are metric labels."""

    FLOOD_WAIT = "flood_wait"
    SERVER_ERROR = "server_error"
    NOT_SENT = "not_sent"
    ANSWER_LOST = "answer_lost"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class GiveUpReason(Enum):
    """Why no further attempt is made."""

    ALREADY_DONE = "already_done"
    """An earlier attempt was carried out, only its answer was lost."""
    RETRY_LATER = "retry_later"
    """Telegram asks for a longer wait than the caller may."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """Some attempt may have been carried out."""
    UNAVAILABLE = "unavailable"
    """No attempt was carried out, or it does not matter whether one was."""
    REFUSED = "refused"
    """The request itself is refused; repeating it is pointless."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after `wait_s` seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Make no further attempt."""

    reason: GiveUpReason


@dataclass(frozen=True, slots=True)
class CallState:
    """What has happened to a call so far.

    Attributes:
        attempt: number of the attempt that just failed, from 1. Attempts that met a flood wait are not counted, as
            the cap bounds those.
        uncertain: some attempt, the last one included, may have been carried out although no answer came.
        flood_waited_s: seconds already waited because Telegram asked.
    """

    attempt: int = 1
    uncertain: bool = False
    flood_waited_s: float = 0.0

    def after_wait(self, flood_wait_s: int) -> CallState:
        """The state at the next attempt; `flood_wait_s` is what Telegram had asked for, 0 when it had not."""
        attempt = self.attempt if flood_wait_s else self.attempt + 1
        return CallState(attempt, self.uncertain, self.flood_waited_s + flood_wait_s)


def decide(
    failure: Failure,
    state: CallState,
    idempotency: Idempotency,
    *,
    jitter: float,
    flood_wait_s: int = 0,
    flood_cap_s: float = 0.0,
) -> Retry | GiveUp:
    """Decide what follows a failed attempt.

    Args:
        failure: how the attempt ended.
        state: what has happened so far, the failed attempt included.
        idempotency: what repeating the request would do.
        jitter: random number in [0, 1) that spreads simultaneous retries.
        flood_wait_s: what Telegram asked for, with `Failure.FLOOD_WAIT`.
        flood_cap_s: most seconds the call may spend on flood waits altogether.

    Returns:
        `Retry` never waits less than Telegram asked for, and at most half a second more.
    """
    if failure is Failure.REFUSED:
        return GiveUp(GiveUpReason.REFUSED)
    if failure is Failure.DUPLICATE:
        return GiveUp(GiveUpReason.ALREADY_DONE)
    if failure is Failure.FLOOD_WAIT:
        if state.flood_waited_s + flood_wait_s <= flood_cap_s:
            return Retry(flood_wait_s + jitter * _FLOOD_JITTER_S)
        return _give_up(GiveUpReason.RETRY_LATER, state, idempotency)
    if state.attempt >= MAX_ATTEMPTS or (state.uncertain and idempotency is Idempotency.ONCE):
        return _give_up(GiveUpReason.UNAVAILABLE, state, idempotency)
    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (state.attempt - 1))
    return Retry(pause * (1 + jitter))


def give_up_waiting(state: CallState, idempotency: Idempotency) -> GiveUp:
    """What it means that a call is not tried (again) because the next attempt would have to wait too long."""
    return _give_up(GiveUpReason.RETRY_LATER, state, idempotency)


def _give_up(reason: GiveUpReason, state: CallState, idempotency: Idempotency) -> GiveUp:
    if state.uncertain and idempotency is not Idempotency.REPEATABLE:
        return GiveUp(GiveUpReason.OUTCOME_UNKNOWN)
    return GiveUp(reason)
