"""Whose message goes next, and when."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.telegram.gateway import RetryLaterError, SendClass
from core.telegram.send_schedule import ClassLimits, SendLimits, SendSchedule

ANSWER, DELIVERY, NOTICE, BULK = SendClass
GROUP = -100_7
EPSILON = 1e-6

SMALL = SendLimits(
    bot_rate=10.0,
    bot_burst=2,
    chat_interval_s=0.5,
    chat_burst=2,
    group_sends=3,
    group_window_s=7.0,
    classes={
        ANSWER: ClassLimits(0.0, 20.0, 40),
        DELIVERY: ClassLimits(1.0, 40.0, 40),
        NOTICE: ClassLimits(4.0, 40.0, 6),
        BULK: ClassLimits(8.0, 40.0, 6),
    },
)


class Run:
    """Plays sends through a schedule, waking exactly when it says, and holds every turn against plain rules."""

    def __init__(self, limits, *, checked=False):
        self.limits = limits
        self.schedule = SendSchedule(limits)
        self.now = 1000.0
        self.waiting = []
        self.sent = []
        self.overdue = []
        self.refused = 0
        self.held = {}
        self.checked = checked

    def send(self, chat_id, send_class):
        try:
            ticket = self.schedule.add(chat_id, send_class, self.now)
        except RetryLaterError:
            self.refused += 1
            return None
        self.waiting.append(ticket)
        self.settle()
        return ticket

    def withdraw(self, ticket):
        self.schedule.withdraw(ticket, self.now)
        self.waiting = [other for other in self.waiting if other is not ticket]
        self.settle()

    def hold(self, chat_id, seconds):
        self.schedule.hold(chat_id, seconds, self.now)
        self.held[chat_id] = max(self.held.get(chat_id, 0.0), self.now + seconds)
        self.settle()

    def until(self, moment):
        """Let time pass."""
        while (wake := self.schedule.wake_at()) is not None and wake <= moment:
            assert not self.checked or wake == pytest.approx(max(self.now, self.next_event()), abs=EPSILON)
            self.now = max(self.now, wake)
            self.settle()
        self.now = max(self.now, moment)

    def finish(self):
        """Let time pass until nothing waits."""
        while (wake := self.schedule.wake_at()) is not None:
            self.until(wake)

    def settle(self):
        while (ticket := self.schedule.next_turn(self.now)) is not None:
            if self.checked:
                self.check_turn(ticket)
            self.waiting.remove(ticket)
            self.sent.append((self.now, ticket))
        assert not self.checked or not self.open() or self.free_at(None) > self.now - EPSILON
        for ticket in self.schedule.overdue(self.now):
            assert ticket.deadline <= max(self.now, self.held.get(ticket.chat.id, 0.0)) + EPSILON
            self.waiting.remove(ticket)
            self.overdue.append(ticket)
        assert sum(self.schedule.waiting.values()) == len(self.waiting)

    def check_turn(self, ticket):
        assert ticket in self.waiting
        assert self.free_at(None) <= self.now + EPSILON
        assert self.key(ticket) <= min(map(self.key, self.open())) + EPSILON
        assert ticket is self.head(ticket.chat.id)

    def free_at(self, chat_id):
        """When a chat, or the bot for None, may send again, by counting through everything sent."""
        limits, of_bot = self.limits, chat_id is None
        interval, burst = (
            (1 / limits.bot_rate, limits.bot_burst) if of_bot else (limits.chat_interval_s, limits.chat_burst)
        )
        moments = [moment for moment, ticket in self.sent if of_bot or ticket.chat.id == chat_id]
        full_at = -math.inf
        for moment in moments:
            full_at = max(full_at, moment) + interval
        free_at = full_at - (burst - 1) * interval
        if not of_bot and chat_id < 0 and len(moments) >= limits.group_sends:
            free_at = max(free_at, moments[-limits.group_sends] + limits.group_window_s)
        return max(free_at, self.held.get(chat_id, -math.inf))

    def head(self, chat_id):
        mine = [ticket for ticket in self.waiting if ticket.chat.id == chat_id]
        return min(mine, key=lambda ticket: ticket.rank)

    def open(self):
        """What may go now as far as its chat is concerned."""
        chats = {ticket.chat.id for ticket in self.waiting}
        return [self.head(chat_id) for chat_id in chats if self.free_at(chat_id) <= self.now]

    def key(self, ticket):
        start = self.limits.classes[ticket.send_class].head_start_s
        sent_at = max(moments_of(self, ticket.chat.id), default=-math.inf)
        return max(ticket.since, self.free_at(ticket.chat.id), sent_at) + start

    def next_event(self):
        chats = {ticket.chat.id for ticket in self.waiting}
        turn = max(self.free_at(None), min(self.free_at(chat_id) for chat_id in chats))
        return min(turn, *(ticket.deadline for ticket in self.waiting), math.inf)


def moments_of(run, chat_id=None):
    return [moment for moment, ticket in run.sent if chat_id is None or ticket.chat.id == chat_id]


def assert_rate(moments, interval_s, burst):
    """In any window of w seconds at most w / interval + burst."""
    for first, last in itertools.combinations(range(len(moments)), 2):
        assert last - first + 1 <= (moments[last] - moments[first]) / interval_s + burst + EPSILON


STEPS = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 0.03, 0.4, 2.0, 11.0]),
    st.sampled_from(["send", "send", "send", "send", "withdraw", "hold"]),
    st.sampled_from([1, 2, 3, GROUP]),
    st.sampled_from(list(SendClass)),
)


@given(st.lists(STEPS, min_size=20, max_size=60))
def test_whatever_is_sent_the_rules_hold_and_everything_comes_to_an_end(steps):
    """No window exceeds a rate, every turn is the right one, waking up only when told misses none."""
    run = Run(SMALL, checked=True)
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
    assert moments[-1] - moments[0] == pytest.approx(199 / 29, abs=0.01)
    assert max(sum(0 <= other - moment < 1 for other in moments) for moment in moments) <= 30


def test_an_answer_overtakes_whatever_was_there_before_it():
    """Scenario 86: a reader who asks during a broadcast is answered next, not after hundreds of others."""
    run = Run(SendLimits())
    for chat_id, send_class in zip(range(1, 151), itertools.cycle([BULK, NOTICE, DELIVERY]), strict=False):
        run.send(chat_id, send_class)
    asked_at = run.now
    answer = run.send(1000, ANSWER)
    run.finish()

    sent_at = next(moment for moment, ticket in run.sent if ticket is answer)
    assert sent_at - asked_at <= 1 / 29 + EPSILON


def test_classes_leave_in_their_order():
    """What came together leaves by class: answers, files, notices, broadcast."""
    run = Run(replace(SendLimits(), chat_burst=1))
    run.send(999, ANSWER)
    for chat_id, send_class in enumerate([BULK, NOTICE, DELIVERY, ANSWER] * 3, 1):
        run.send(chat_id, send_class)
    run.finish()

    classes = [ticket.send_class for _, ticket in run.sent[1:]]
    assert classes == sorted(classes, key=list(SendClass).index)


@pytest.mark.parametrize("patient", [DELIVERY, NOTICE, BULK])
def test_nobody_starves(patient):
    """Answers beyond the rate without end hold up a later class for its head start and the backlog, not for ever."""
    run = Run(
        replace(SendLimits(), classes={kind: ClassLimits(2.0 * n, 600, 9999) for n, kind in enumerate(SendClass)})
    )
    run.send(1_000_000, ANSWER)
    waiting = run.send(1_000_001, patient)
    came, head_start_s = run.now, run.limits.classes[patient].head_start_s
    for chat_id in range(1, 800):
        run.send(chat_id, ANSWER)
        run.until(run.now + 1 / 40)
    run.finish()

    sent_at = next(moment for moment, ticket in run.sent if ticket is waiting)
    backlog = head_start_s * 40 + 1
    assert head_start_s <= sent_at - came <= backlog / 29 + 0.1


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
    assert sent_at - came <= 40 / 29 + 2.0


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
    run = Run(SendLimits())
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
    run = Run(SendLimits())
    first, second, third = (run.send(GROUP, ANSWER) for _ in range(3))
    run.withdraw(second)
    run.finish()

    assert [ticket for _, ticket in run.sent] == [first, third]
    assert run.sent[1][0] - run.sent[0][0] <= 1 / 29
    run.withdraw(first)  # its turn is over
    assert run.schedule.wake_at() is None


def test_chats_at_rest_are_forgotten():
    """A bot that writes to a hundred thousand people remembers those of the last minute."""
    schedule = SendSchedule(SendLimits())
    now = 0.0
    for chat_id in range(1, 20_001):
        now += 1 / 29
        schedule.add(chat_id if chat_id % 2 else -chat_id, ANSWER, now)
        assert schedule.next_turn(now) is not None
    assert schedule.chats < 3_000


def test_nothing_that_still_counts_is_forgotten():
    """However many other chats come by, a full group, a chat that is put off and one that waits are remembered."""
    classes = {kind: ClassLimits(60.0 * (kind is BULK), 900, 9999) for kind in SendClass}
    schedule = SendSchedule(SendLimits(bot_rate=1e6, classes=classes))
    for number in range(20):
        schedule.add(GROUP, ANSWER, number * 2.0)
        assert schedule.next_turn(number * 2.0) is not None
    schedule.hold(8, 100, 38.0)
    waiting = schedule.add(9, BULK, 38.0)
    for number in range(2500):
        schedule.add(1000 + number, ANSWER, 40.0 + number * 1e-3)
        assert schedule.next_turn(40.0 + number * 1e-3).chat.id == 1000 + number
    assert schedule.chats < 2000

    schedule.add(GROUP, ANSWER, 43.0)
    schedule.add(8, ANSWER, 43.0)
    assert schedule.add(9, BULK, 43.0).chat is waiting.chat
    assert schedule.next_turn(43.0) is waiting
    assert schedule.next_turn(43.1).chat.id == 9
    assert schedule.next_turn(60.9) is None
    assert schedule.next_turn(61.1).chat.id == GROUP
    assert schedule.next_turn(138.1).chat.id == 8


def test_what_goes_later_does_not_count_against_an_answer():
    """A reader with many notices waiting is answered all the same."""
    run = Run(SendLimits())
    for _ in range(60):
        run.send(7, NOTICE)

    assert run.send(7, ANSWER) is not None
