"""What follows a failed attempt."""

from __future__ import annotations

import itertools

import pytest

from core.telegram.retry_policy import (
    MAX_ATTEMPTS,
    CallState,
    Failure,
    GiveUp,
    GiveUpReason,
    Idempotency,
    Retry,
    decide,
)

TRANSIENT = [Failure.SERVER_ERROR, Failure.NOT_SENT, Failure.ANSWER_LOST]


@pytest.mark.parametrize("idempotency", list(Idempotency))
@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_a_flood_wait_is_obeyed_exactly_and_never_undercut(idempotency, jitter):
    """The pause is what Telegram asked for plus at most half a second."""
    step = decide(Failure.FLOOD_WAIT, CallState(), idempotency, jitter=jitter, flood_wait_s=7, flood_cap_s=7)

    assert isinstance(step, Retry)
    assert 7 <= step.wait_s <= 7.5


def test_flood_waits_add_up_to_the_cap_and_no_further():
    """The cap bounds the sum of all flood waits of one call, not each of them."""
    state = CallState().after_wait(6)

    step = decide(Failure.FLOOD_WAIT, state, Idempotency.REPEATABLE, jitter=0, flood_wait_s=5, flood_cap_s=10)

    assert step == GiveUp(GiveUpReason.RETRY_LATER)


def test_a_flood_wait_after_a_lost_answer_leaves_the_outcome_of_a_send_unknown():
    """A send that may have arrived is never reported as "try again later"."""
    state = CallState(uncertain=True)

    step = decide(Failure.FLOOD_WAIT, state, Idempotency.RANDOM_ID, jitter=0, flood_wait_s=5, flood_cap_s=0)

    assert step == GiveUp(GiveUpReason.OUTCOME_UNKNOWN)


@pytest.mark.parametrize("failure", TRANSIENT)
def test_transient_failures_are_tried_again_a_bounded_number_of_times_with_growing_pauses(failure):
    """A repeatable call makes four attempts at most, each pause longer than the one before."""
    state, pauses = CallState(uncertain=failure is Failure.ANSWER_LOST), []
    while isinstance(step := decide(failure, state, Idempotency.REPEATABLE, jitter=0), Retry):
        pauses.append(step.wait_s)
        state = state.after_wait(0)

    assert len(pauses) == MAX_ATTEMPTS - 1
    assert all(earlier < later for earlier, later in itertools.pairwise(pauses))
    assert step == GiveUp(GiveUpReason.UNAVAILABLE)


def test_a_call_that_must_not_be_repeated_is_not_sent_again_once_its_answer_is_lost():
    """What would do harm twice is given up at once as unknown."""
    step = decide(Failure.ANSWER_LOST, CallState(uncertain=True), Idempotency.ONCE, jitter=0)

    assert step == GiveUp(GiveUpReason.OUTCOME_UNKNOWN)


def test_a_send_whose_answers_all_got_lost_ends_as_unknown_not_as_failed():
    """Only Telegram can say whether such a send arrived, so it is never reported as not sent."""
    state = CallState(attempt=MAX_ATTEMPTS, uncertain=True)

    assert decide(Failure.NOT_SENT, state, Idempotency.RANDOM_ID, jitter=0) == GiveUp(GiveUpReason.OUTCOME_UNKNOWN)


def test_a_send_that_never_left_ends_as_unavailable():
    """When no attempt can have arrived, the caller may safely do it again later."""
    state = CallState(attempt=MAX_ATTEMPTS)

    assert decide(Failure.NOT_SENT, state, Idempotency.RANDOM_ID, jitter=0) == GiveUp(GiveUpReason.UNAVAILABLE)


@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_a_used_random_id_means_done_and_a_refusal_means_refused(idempotency):
    """A duplicate counts as success; a refused request is never repeated."""
    assert decide(Failure.DUPLICATE, CallState(), idempotency, jitter=0) == GiveUp(GiveUpReason.ALREADY_DONE)
    assert decide(Failure.REFUSED, CallState(), idempotency, jitter=0) == GiveUp(GiveUpReason.REFUSED)
