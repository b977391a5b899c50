"""How fast messages may go, and what is remembered for it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telegram.gateway import SendClass
from core.telegram.send_schedule import ClassLimits, SendLimits, SendSchedule
from tests.fixtures.send_run import EPSILON, Run, assert_rate, moments_of

ANSWER, DELIVERY, NOTICE, BULK = SendClass
GROUP = -100_7
RATE, BURST = SendLimits().bot_rate, SendLimits().bot_burst

SMALL = SendLimits(
    bot_rate=10.0,
    bot_burst=2,
    bot_sends=6,
    bot_window_s=0.55,
    chat_interval_s=0.5,
    chat_burst=2,
    group_sends=3,
    group_window_s=7.0,
    longest_way_s=5.0,
    classes={
        ANSWER: ClassLimits(0.0, 20.0, 40),
        DELIVERY: ClassLimits(1.0, 40.0, 40),
        NOTICE: ClassLimits(4.0, 40.0, 6),
        BULK: ClassLimits(8.0, 40.0, 6, leaves=1),
    },
)


WAYS = st.sampled_from([0.0, 0.0, 0.0, 0.02, 0.3, 1.5, math.inf])


def go(schedule, now):
    """The send whose turn it is, which is answered at once."""
    if (ticket := schedule.next_turn(now)) is not None:
        schedule.settled(ticket, now)
    return ticket


STEPS = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 0.03, 0.4, 2.0, 11.0]),
    st.sampled_from(["send", "send", "send", "send", "withdraw", "hold"]),
    st.sampled_from([1, 2, 3, GROUP]),
    st.sampled_from(list(SendClass)),
)


@given(st.lists(STEPS, min_size=20, max_size=60), st.lists(WAYS, min_size=1, max_size=9))
def test_whatever_is_sent_the_rules_hold_and_everything_comes_to_an_end(steps, ways):
    """No window exceeds a rate, every turn is the right one, waking up only when told misses none."""
    run = Run(SMALL, checked=True, ways=itertools.cycle(ways))
    for pause_s, step, chat_id, send_class in steps:
        run.until(run.now + pause_s)
        if step == "send":
            run.send(chat_id, send_class)
        elif step == "hold":
            run.hold(chat_id, 9.0 if send_class is ANSWER else 2.0)
        elif run.waiting:
            run.withdraw(run.waiting[len(run.waiting) // 2])
    run.finish()

    assert run.waiting == []
    assert_rate(moments_of(run), 1 / SMALL.bot_rate, SMALL.bot_burst)
    for chat_id in (1, 2, 3, GROUP):
        assert_rate(moments_of(run, chat_id), SMALL.chat_interval_s, SMALL.chat_burst)
    in_group = moments_of(run, GROUP)
    assert all(
        later - earlier >= SMALL.group_window_s - EPSILON
        for earlier, later in zip(in_group, in_group[SMALL.group_sends :], strict=False)
    )


def test_no_second_holds_more_than_thirty_messages():
    """Scenario 86: two hundred sends at once leave as fast as Telegram takes them, and no faster."""
    run = Run(SendLimits())
    for chat_id in range(1, 201):
        run.send(chat_id, DELIVERY)
    run.finish()

    moments = moments_of(run)
    assert moments[-1] - moments[0] == pytest.approx((200 - BURST) / RATE, abs=0.01)
    assert max(sum(0 <= other - moment < 1 for other in moments) for moment in moments) <= 30


def test_a_chat_takes_five_at_once_and_a_group_twenty_a_minute():
    """The figures of Telegram, as they are met by default."""
    run = Run(SendLimits(classes={kind: ClassLimits(0, 900, 900) for kind in SendClass}))
    for _ in range(7):
        run.send(7, ANSWER)
    for _ in range(25):
        run.send(GROUP, ANSWER)
    start = run.now
    run.finish()

    assert [round(moment - start) for moment in moments_of(run, 7)] == [0, 0, 0, 0, 0, 1, 2]
    in_group = moments_of(run, GROUP)
    assert sum(moment - start < 60 for moment in in_group) == 20
    assert in_group[20] - in_group[0] == pytest.approx(61)


def test_chats_at_rest_are_forgotten():
    """A bot that writes to a hundred thousand people remembers those of the last minute."""
    schedule = SendSchedule(SendLimits())
    now = 0.0
    for chat_id in range(1, 20_001):
        now += 1 / RATE
        schedule.add(chat_id if chat_id % 2 else -chat_id, ANSWER, now)
        assert go(schedule, now) is not None
    assert schedule.chats < 3_000


def test_nothing_that_still_counts_is_forgotten():
    """However many other chats come by, a full group, a chat that is put off and one that waits are remembered."""
    classes = {kind: ClassLimits(60.0 * (kind is BULK), 900, 9999) for kind in SendClass}
    schedule = SendSchedule(SendLimits(bot_rate=1e6, bot_window_s=1e-9, classes=classes))
    for number in range(20):
        schedule.add(GROUP, ANSWER, number * 2.0)
        assert go(schedule, number * 2.0) is not None
    schedule.hold(8, 100, 38.0)
    waiting = schedule.add(9, BULK, 38.0)
    for number in range(2500):
        schedule.add(1000 + number, ANSWER, 40.0 + number * 1e-3)
        assert go(schedule, 40.0 + number * 1e-3).chat.id == 1000 + number
    assert schedule.chats < 2000

    schedule.add(GROUP, ANSWER, 43.0)
    schedule.add(8, ANSWER, 43.0)
    assert schedule.add(9, BULK, 43.0).chat is waiting.chat
    assert go(schedule, 43.0) is waiting
    assert go(schedule, 43.1).chat.id == 9
    assert go(schedule, 60.9) is None
    assert go(schedule, 61.1).chat.id == GROUP
    assert go(schedule, 138.1).chat.id == 8
