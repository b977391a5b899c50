"""Whose message goes next."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from core.telegram.gateway import SendClass
from core.telegram.send_schedule import ClassLimits, SendLimits
from tests.fixtures.send_run import EPSILON, SINGLY, Run, assert_rate, moments_of

ANSWER, DELIVERY, NOTICE, BULK = SendClass
RATE = SendLimits().bot_rate


def test_an_answer_overtakes_whatever_was_there_before_it():
    """Scenario 86: a reader who asks during a broadcast is answered next, not after hundreds of others."""
    run = Run(SendLimits())
    for chat_id, send_class in zip(range(1, 151), itertools.cycle([BULK, NOTICE, DELIVERY]), strict=False):
        run.send(chat_id, send_class)
    asked_at = run.now
    answer = run.send(1000, ANSWER)
    run.finish()

    sent_at = next(moment for moment, ticket in run.sent if ticket is answer)
    assert sent_at - asked_at <= 1 / RATE + EPSILON


@pytest.mark.parametrize("asked", [ANSWER, DELIVERY])
def test_beside_a_broadcast_nobody_waits_at_all(asked):
    """Scenario 88: a broadcast takes every turn but one; an answer or a file takes that in the same moment."""
    run = Run(SendLimits())
    waits = []
    for chat_id in range(1, 301):
        run.send(chat_id, BULK)
        run.until(run.now + 1 / RATE)
        if chat_id % 20 == 0:
            ticket = run.send(1000 + chat_id, asked)
            waits.append(next((moment - run.now for moment, sent in run.sent if sent is ticket), None))
    run.finish()

    assert waits == [0.0] * 15
    assert_rate(moments_of(run), 1 / RATE, SendLimits().bot_burst)


def test_a_broadcast_fills_the_turns_that_nobody_needs():
    """What it leaves to others it does not lose: beside answers, all goes at the full rate together."""
    run = Run(SendLimits(classes={kind: ClassLimits(n, 900, 900, n // 3) for n, kind in enumerate(SendClass)}))
    for chat_id in range(1, 501):
        run.send(chat_id, BULK)
    for chat_id in range(2001, 2041):
        run.until(run.now + 0.3)
        run.send(chat_id, ANSWER)
    run.finish()

    moments = moments_of(run)
    assert len(moments) == 540
    assert moments[-1] - moments[0] == pytest.approx((540 - SendLimits().bot_burst) / RATE, abs=0.1)


def test_classes_leave_in_their_order():
    """What came together leaves by class: answers, files, notices, broadcast."""
    run = Run(replace(SINGLY, chat_burst=1))
    run.send(999, ANSWER)
    for chat_id, send_class in enumerate([BULK, NOTICE, DELIVERY, ANSWER] * 3, 1):
        run.send(chat_id, send_class)
    run.finish()

    classes = [ticket.send_class for _, ticket in run.sent[1:]]
    assert classes == sorted(classes, key=list(SendClass).index)


@pytest.mark.parametrize("patient", [DELIVERY, NOTICE, BULK])
def test_nobody_starves(patient):
    """Answers beyond the rate without end hold up a later class for its head start and the backlog, not for ever."""
    run = Run(replace(SINGLY, classes={kind: ClassLimits(2.0 * n, 600, 9999) for n, kind in enumerate(SendClass)}))
    run.send(1_000_000, ANSWER)
    waiting = run.send(1_000_001, patient)
    came, head_start_s = run.now, run.limits.classes[patient].head_start_s
    for chat_id in range(1, 800):
        run.send(chat_id, ANSWER)
        run.until(run.now + 1 / 40)
    run.finish()

    sent_at = next(moment for moment, ticket in run.sent if ticket is waiting)
    backlog = head_start_s * 40 + 1
    assert head_start_s <= sent_at - came <= backlog / RATE + 0.1


def test_in_one_chat_an_answer_goes_before_files_but_not_for_ever():
    """Somebody who pages while files arrive sees the pages first; the files still come."""
    run = Run(SendLimits())
    for _ in range(8):
        run.send(7, DELIVERY)
    run.until(run.now + 0.5)
    answers = [run.send(7, ANSWER) for _ in range(2)]
    run.finish()
    assert [ticket for _, ticket in run.sent][5:7] == answers

    file = None
    for number in range(20):
        run.send(7, ANSWER)
        file = run.send(7, DELIVERY) if number == 5 else file
        run.until(run.now + 1.05)
    assert file in [ticket for _, ticket in run.sent]


def test_a_chat_with_a_long_queue_does_not_delay_others():
    """Forty readers with a full queue each take turns; a newcomer waits for one of each at most."""
    run = Run(SendLimits())
    for _, chat_id in itertools.product(range(40), range(1, 41)):
        run.send(chat_id, DELIVERY)
    run.until(run.now + 12)
    came = run.now
    newcomer = run.send(1000, DELIVERY)
    run.finish()

    sent_at = next(moment for moment, ticket in run.sent if ticket is newcomer)
    assert sent_at - came <= 40 / RATE + 2.0


def test_what_goes_later_does_not_count_against_an_answer():
    """A reader with many notices waiting is answered all the same."""
    run = Run(SendLimits())
    for _ in range(60):
        run.send(7, NOTICE)

    assert run.send(7, ANSWER) is not None
