"""A question before what cannot be taken back is answered by whom it was put to, once, within a minute."""

from __future__ import annotations

import pytest

from core.errors import ExpiredError, NotYoursError
from core.services.confirmations import CONFIRM_S, Confirmations

BOB, EVE = 7, 8


@pytest.fixture
def questions(clock):
    return Confirmations(clock, expired="restart-expired", not_yours="restart-not-yours")


def test_an_answer_leads_to_what_was_asked_about_once(questions):
    """A second press, and one to a question that nobody was asked, come too late."""
    token = questions.ask(BOB, "everything")

    assert questions.take(BOB, token) == "everything"
    for spent in (token, "0" * 16):
        with pytest.raises(ExpiredError):
            questions.take(BOB, spent)


def test_the_answer_of_another_admin_leaves_the_question_open(questions):
    """They are told; whoever was asked may still answer."""
    token = questions.ask(BOB, "everything")

    with pytest.raises(NotYoursError):
        questions.take(EVE, token)
    assert questions.take(BOB, token) == "everything"


def test_a_question_is_open_for_a_minute(questions, clock):
    """At its end an answer comes too late, whoever gives it."""
    early, late = questions.ask(BOB, 1), questions.ask(BOB, 2)
    clock.advance(CONFIRM_S - 1)
    assert questions.take(BOB, early) == 1
    clock.advance(1)

    with pytest.raises(ExpiredError):
        questions.take(EVE, late)


def test_questions_that_nobody_answers_take_bounded_room(questions):
    """The latest hundred or so can be answered."""
    tokens = [questions.ask(BOB, number) for number in range(300)]

    assert questions.take(BOB, tokens[-100]) == 200
    with pytest.raises(ExpiredError):
        questions.take(BOB, tokens[0])
