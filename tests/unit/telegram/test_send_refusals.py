"""What is put off, refused or given up."""

from __future__ import annotations

import pytest

from core.telegram.gateway import RetryLaterError, SendClass
from core.telegram.send_schedule import SendLimits
from tests.fixtures.send_run import EPSILON, SINGLY, Run, moments_of

ANSWER, DELIVERY, NOTICE, BULK = SendClass
GROUP = -100_7
RATE = SendLimits().bot_rate


def test_a_chat_that_telegram_puts_off_waits_alone():
    """Scenario 85: one chat with an hour to wait costs nobody else anything; its own sends are put off at once."""
    run = Run(SendLimits())
    for _ in range(6):
        last = run.send(7, DELIVERY)
    run.hold(7, 3600)
    other = run.send(8, DELIVERY)

    assert last in run.overdue
    assert run.schedule.retry_after(last, run.now) == 3600
    with pytest.raises(RetryLaterError) as refused:
        run.schedule.add(7, ANSWER, run.now)
    assert refused.value.seconds == 3600
    run.finish()
    assert run.sent[-1][1] is other
    run.until(run.now + 3601)
    assert run.send(7, ANSWER) is run.sent[-1][1]


def test_a_short_hold_delays_and_refuses_nothing():
    """Scenario 85: what can wait as long as Telegram asks does so."""
    run = Run(SendLimits())
    run.hold(7, 3)
    held = run.send(7, ANSWER)
    start = run.now
    run.finish()

    assert run.sent == [(pytest.approx(start + 3), held)]


def test_a_shorter_hold_does_not_end_a_longer_one():
    """Two sends of one chat may be told different waits; the longer one counts."""
    run = Run(SendLimits())
    start = run.now
    run.hold(7, 9)
    run.hold(7, 2)
    run.send(7, ANSWER)
    run.finish()

    assert moments_of(run) == [pytest.approx(start + 9)]


def test_too_many_are_refused_by_class():
    """A broadcast may not pile up; answers go on being taken."""
    run = Run(SINGLY)
    for chat_id in range(1, 1000):
        run.send(chat_id, BULK)
    assert run.schedule.waiting[BULK] == 200
    assert run.refused == 1000 - 1 - 200 - 1

    refused = run.refused
    for chat_id in range(2000, 2100):
        run.send(chat_id, ANSWER)
    assert run.refused == refused


def test_a_send_that_cannot_go_in_time_is_refused_at_once():
    """A person who asks faster than the chat may be answered is told, not kept for longer than patience lasts."""
    run = Run(SendLimits())
    tickets = [run.send(7, ANSWER) for _ in range(60)]

    assert sum(ticket is not None for ticket in tickets) == 5 + 28
    run.finish()
    assert run.overdue == []


def test_a_place_that_is_given_up_goes_to_the_next():
    """A cancelled send costs neither its chat nor the bot anything."""
    run = Run(SINGLY)
    first, second, third = (run.send(GROUP, ANSWER) for _ in range(3))
    run.withdraw(second)
    run.finish()

    assert [ticket for _, ticket in run.sent] == [first, third]
    assert run.sent[1][0] - run.sent[0][0] <= 1 / RATE + EPSILON
    run.withdraw(first)  # its turn is over
    assert run.schedule.wake_at() is None
