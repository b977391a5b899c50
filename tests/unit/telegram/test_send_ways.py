"""Sends that take long, uneven or endless ways: what arrives, whenever it does, keeps to what Telegram allows."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from core.telegram.gateway import SendClass
from core.telegram.send_schedule import ClassLimits, SendLimits, SendSchedule
from tests.fixtures.send_run import EPSILON, Run, free_in_bucket

ANSWER, DELIVERY, NOTICE, BULK = SendClass
GROUP = -100_7

NARROW = SendLimits(
    bot_rate=50.0,
    bot_burst=8,
    bot_sends=6,
    bot_window_s=1.0,
    chat_interval_s=1.0,
    chat_burst=3,
    group_sends=4,
    group_window_s=9.0,
    longest_way_s=60.0,
    classes={kind: ClassLimits(0.0, 900.0, 900, leaves=int(kind is BULK)) for kind in SendClass},
)


def most_in(moments, span_s):
    """How many of these moments a span of so many seconds holds at most."""
    return max(sum(0 <= other - moment < span_s - EPSILON for other in moments) for moment in moments)


class Ways(RuleBasedStateMachine):
    """Sends go when they may; each arrives at any moment between its turn and its answer, which may be long."""

    def __init__(self):
        super().__init__()
        self.schedule, self.now = SendSchedule(NARROW), 500.0
        self.waiting, self.under_way, self.arrivals = [], [], []

    @rule(chat_id=st.sampled_from([1, 1, 1, 2, 3, 4, GROUP, GROUP]), send_class=st.sampled_from([ANSWER, BULK]))
    def send(self, chat_id, send_class):
        self.waiting.append(self.schedule.add(chat_id, send_class, self.now))
        self.go()

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.3, 0.6, 1.0, 1.0, 2.5]))
    def wait(self, seconds):
        self.now += seconds
        self.go()

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 5), part=st.sampled_from([0.0, 0.5, 1.0]))
    def answer(self, which, part):
        """One that is under way is answered now, and has arrived after this part of its time."""
        ticket = self.under_way.pop(which % len(self.under_way))
        self.arrivals.append((ticket.granted_at + part * (self.now - ticket.granted_at), ticket.chat.id))
        self.schedule.settled(ticket, self.now)
        self.schedule.settled(ticket, self.now)
        self.go()

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 5))
    def give_up(self, which):
        self.schedule.withdraw(self.waiting.pop(which % len(self.waiting)), self.now)
        self.go()

    def go(self):
        while (ticket := self.schedule.next_turn(self.now)) is not None:
            self.waiting.remove(ticket)
            self.under_way.append(ticket)
        assert self.schedule.under_way == len(self.under_way) <= NARROW.bot_sends

    def teardown(self):
        """Everything comes to an end, nothing keeps its place, and no rule was broken."""
        while self.waiting or self.under_way:
            while self.under_way:
                self.answer(0, 1.0)
            self.now = max(self.now, self.schedule.wake_at() or 0.0)
            self.go()
        in_chats = {chat_id: [at for at, of in sorted(self.arrivals) if of == chat_id] for _, chat_id in self.arrivals}
        for chat_id, moments in in_chats.items():
            for count, moment in enumerate(moments):
                room, every_s = NARROW.chat_burst - 1, NARROW.chat_interval_s
                assert free_in_bucket(moments[:count], room, every_s) <= moment + EPSILON
            assert chat_id > 0 or most_in(moments, NARROW.group_window_s) <= NARROW.group_sends
        if self.arrivals:
            assert most_in([at for at, _ in self.arrivals], NARROW.bot_window_s) <= NARROW.bot_sends


Ways.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # making a failure shorter takes minutes
)
TestWays = Ways.TestCase


def played(count, way_s, *, seed=0):
    """A broadcast of so many messages, whose answers take so long: ([(turn, answer)], seconds)."""
    dice = random.Random(seed)
    run = Run(SendLimits(), ways=(way_s(dice) for _ in itertools.count()))
    for chat_id in range(1, count + 1):
        run.send(chat_id, DELIVERY)
    run.finish()
    return [(moment, run.ended[ticket]) for moment, ticket in run.sent]


@pytest.mark.parametrize("seed", range(6))
def test_no_second_at_the_server_holds_more_than_thirty_however_uneven_the_ways_are(seed):
    """Scenario 86: sends that are held up for a moment do not arrive together with those after them."""
    ways = played(300, lambda dice: dice.choice([0.01, 0.05, 0.4, 1.5]), seed=seed)

    dice = random.Random(seed)
    latest = [answered for _, answered in ways]
    anywhere = [dice.uniform(*way) for way in ways]
    bunched = [min(answered, moment - moment % 1.0 + 1.0) for moment, answered in ways]
    assert max(most_in(moments, 1.0) for moments in (latest, anywhere, bunched)) <= 30


@pytest.mark.parametrize(("way_s", "rate"), [(0.0, 27.9), (0.06, 27.9), (0.15, 25.8), (0.5, 19.8)])
def test_only_long_ways_cost_pace(way_s, rate):
    """The price of certainty: up to some sixty milliseconds there and back nothing, after that what thirty bear."""
    turns = [moment for moment, _ in played(600, lambda _: way_s)]

    assert (len(turns) - 30) / (turns[-1] - turns[29]) == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize("chat_id", [7, GROUP])
def test_what_is_on_its_way_to_a_chat_counts_as_arriving_last(chat_id):
    """A burst that is held up does not meet the message after it: that one waits until the burst is answered."""
    schedule = SendSchedule(SendLimits(bot_burst=30))
    tickets = [schedule.add(chat_id, ANSWER, 0.0) for _ in range(6)]
    gone = [schedule.next_turn(0.0) for _ in range(6)]
    assert gone == [*tickets[:5], None]
    assert schedule.next_turn(20.0) is None

    schedule.settled(tickets[0], 20.0)
    assert schedule.next_turn(21.0) is None
    assert schedule.next_turn(21.06) is tickets[5]


def test_a_chat_is_not_refused_because_nobody_knows_when_the_last_one_is_answered():
    """With a burst under way the next message waits, and is told a wait that makes sense if it cannot."""
    schedule = SendSchedule(SendLimits(bot_burst=30))
    for _ in range(5):
        schedule.add(7, ANSWER, 0.0)
        assert schedule.next_turn(0.0) is not None
    waiting = schedule.add(7, NOTICE, 0.0)

    assert schedule.retry_after(waiting, 0.0) == 2
    assert schedule.wake_at() == SendLimits().longest_way_s
