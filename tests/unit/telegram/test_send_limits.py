"""The figures that a bot keeps to by default, against the rules of the local Telegram."""

from __future__ import annotations

import itertools
import math
import random
from types import SimpleNamespace

import pytest
from pyrogram import raw

from core.telegram.gateway import SendClass
from core.telegram.send_schedule import SendLimits
from sandbox.datacenter.flood_control import FloodControl
from sandbox.datacenter.rpc import RpcFailure
from tests.fixtures.send_run import Run

BOT = 7
GROUPS = [SimpleNamespace(id=number, broadcast=False) for number in range(9001, 9004)]


class Played(Run):
    """Sends played over ways that take up to `way_s` and answers that take as long again."""

    def __init__(self, limits, way_s):
        self.dice = random.Random(20261122)
        super().__init__(limits, ways=(self.dice.uniform(0, 2 * way_s) for _ in itertools.count()))

    def arrivals(self):
        """(moment, chat) of every send, in order; somewhere on its way."""
        return sorted((self.dice.uniform(moment, self.ended[ticket]), ticket.chat.id) for moment, ticket in self.sent)


def play(chats, limits, clock, *, way_s=0.0):
    """Send to these chats as the schedule lets go: (arrivals, rules broken)."""
    run = Played(limits, way_s)
    for chat_id in chats:
        assert run.send(chat_id, SendClass.DELIVERY) is not None
    run.finish()
    assert run.overdue == []
    return run.arrivals(), broken(run.arrivals(), clock)


def broken(arrivals, clock):
    """The rules that these arrivals break."""
    control = FloodControl(clock)
    control.enable()
    accounts = {BOT: SimpleNamespace(is_bot=True)}
    world = SimpleNamespace(accounts=accounts, channels={group.id: group for group in GROUPS})
    started = clock.monotonic() - arrivals[0][0]
    for moment, chat_id in arrivals:
        clock.advance(started + moment - clock.monotonic())
        peer = (
            raw.types.InputPeerUser(user_id=chat_id, access_hash=0)
            if chat_id > 0
            else raw.types.InputPeerChannel(channel_id=-chat_id, access_hash=0)
        )
        try:
            control.check(SimpleNamespace(viewer=BOT, world=world), "messages.SendMessage", SimpleNamespace(peer=peer))
        except RpcFailure:
            continue
    return control.refused


CROWD = [number % 70 + 1 for number in range(600)] + [-group.id for group in GROUPS for _ in range(30)]


@pytest.mark.parametrize("way_s", [0.0, 0.02, 0.5])
def test_the_default_figures_break_no_limit(clock, way_s):
    """Scenario 86: six hundred messages to people and ninety to groups are all let through, over uneven ways too."""
    arrivals, refused = play(CROWD, SendLimits(), clock, way_s=way_s)

    assert len(arrivals) == len(CROWD)
    assert refused.total() == 0


def play_beside_broadcast(limits, clock, *, way_s):
    """A broadcast to six hundred people, and an answer whenever the dice say so: (arrivals, rules broken)."""
    run, people, answers = Played(limits, way_s), iter(range(1, 601)), itertools.count(1000)
    asked_at = run.now
    while True:
        while run.schedule.waiting[SendClass.BULK] < 40 and (person := next(people, None)) is not None:
            run.send(person, SendClass.BULK)
        if (event := run.event()) == math.inf:
            return run.arrivals(), broken(run.arrivals(), clock)
        run.until(min(event, asked_at))
        if asked_at <= run.now:
            run.send(next(answers), SendClass.ANSWER)
            asked_at += run.dice.expovariate(3.0)


def test_answers_beside_a_broadcast_break_no_limit(clock):
    """Scenario 88: the turn that a broadcast leaves is used at any moment, and no second has too many."""
    arrivals, refused = play_beside_broadcast(SendLimits(), clock, way_s=0.02)

    assert len(arrivals) > 640
    assert len(arrivals) / (arrivals[-1][0] - arrivals[0][0]) > 27
    assert refused.total() == 0


def test_hardly_more_for_answers_breaks_a_limit(clock):
    """The rules notice; so the test above would."""
    assert play_beside_broadcast(SendLimits(bot_rate=30, bot_sends=33), clock, way_s=0.02)[1]["bot"] > 0


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        (SendLimits(bot_rate=32, bot_sends=33), "bot"),
        (SendLimits(bot_burst=8, bot_sends=40), "bot"),
        (SendLimits(chat_interval_s=0.9), "chat"),
        (SendLimits(chat_burst=6), "chat"),
        (SendLimits(group_sends=21), "group"),
    ],
)
def test_hardly_more_than_the_default_figures_breaks_one(clock, limits, rule):
    """The rules notice; so the test above would."""
    assert play(CROWD, limits, clock)[1][rule] > 0
