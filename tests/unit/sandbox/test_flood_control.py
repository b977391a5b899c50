"""How fast a bot may write at the local Telegram."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pyrogram import raw

from sandbox.datacenter import DataCenter
from sandbox.datacenter.flood_control import FloodControl, FloodLimits
from sandbox.datacenter.rpc import Call, RpcFailure
from sandbox.world import World
from tests.fixtures.clock import TestClock

if TYPE_CHECKING:
    from sandbox.world.accounts import Account

TEXT = "messages.SendMessage"


class Writer:
    """Somebody who writes texts, as far as flood control is concerned."""

    def __init__(self, control: FloodControl, world: World, datacenter: DataCenter, account: Account) -> None:
        auth = datacenter.issue_auth_key(account.id)
        self._call = Call(world, auth.open_session(os.urandom(8), datacenter.message_ids), datacenter)
        self._control = control

    def ask(self, name: str, **fields: Any) -> int:
        """Make one call; returns the seconds to wait, 0 when it passed."""
        try:
            self._control.check(self._call, name, SimpleNamespace(**fields))
        except RpcFailure as failure:
            return int(failure.name.removeprefix("FLOOD_WAIT_"))
        return 0

    def write(self, person_id: int) -> int:
        """Write one text to a person."""
        return self.ask(TEXT, peer=raw.types.InputPeerUser(user_id=person_id, access_hash=0))

    def write_in(self, chat_id: int) -> int:
        """Write one text into a channel or group."""
        return self.ask(TEXT, peer=raw.types.InputPeerChannel(channel_id=chat_id, access_hash=0))


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def world(clock: TestClock) -> World:
    return World(clock)


@pytest.fixture
def control(clock: TestClock) -> FloodControl:
    """Flood control with the ordinary limits, switched on."""
    control = FloodControl(clock)
    control.enable()
    return control


@pytest.fixture
def bot(world: World, control: FloodControl, clock: TestClock) -> Writer:
    account = world.add_bot("7000000001:token", "Bot", "flood_test_bot")
    return Writer(control, world, DataCenter(world, clock=clock), account)


def test_a_chat_bears_a_burst_and_then_one_a_second(bot: Writer, clock: TestClock) -> None:
    """Five messages at once pass, the sixth waits a second, and other chats are not concerned."""
    assert [bot.write(5) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert bot.write(6) == 0

    clock.advance(1)
    assert [bot.write(5), bot.write(5)] == [0, 1]
    clock.advance(3600)
    assert [bot.write(5) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_a_bot_writes_thirty_messages_in_any_second(bot: Writer, control: FloodControl, clock: TestClock) -> None:
    """The thirty-first message within a second is refused, whatever chats they go to and wherever the second begins."""
    assert [bot.write(100 + n) for n in range(15)] == [0] * 15
    clock.advance(0.6)
    assert [bot.write(200 + n) for n in range(16)] == [0] * 15 + [1]
    clock.advance(0.5)
    assert [bot.write(300 + n) for n in range(16)] == [0] * 15 + [1]
    assert control.refused == {"bot": 2}


def test_an_even_stream_below_the_limit_is_never_refused(bot: Writer, control: FloodControl, clock: TestClock) -> None:
    """29 messages a second to different people pass for a minute."""
    for n in range(29 * 60):
        assert bot.write(n) == 0
        clock.advance(1 / 29)
    assert not control.refused


def test_a_group_gets_twenty_messages_in_any_minute(
    bot: Writer, world: World, control: FloodControl, clock: TestClock
) -> None:
    """The twenty-first message within a minute waits until the first is a minute old; a channel is no group."""
    owner = world.add_user("Owner").id
    group = world.add_group("Group", creator=owner).id
    channel = world.add_channel("Channel", creator=owner).id
    for chat_id, last in ((group, 40), (channel, 0)):
        waits = []
        for _ in range(21):
            waits.append(bot.write_in(chat_id))
            clock.advance(1)
        assert waits == [0] * 20 + [last]
    assert control.refused == {"group": 1}


def test_several_messages_in_one_call_count_for_as_many(bot: Writer, clock: TestClock) -> None:
    """An album or a forward of many passes when one message would, and is paid for afterwards."""
    peer = raw.types.InputPeerUser(user_id=5, access_hash=0)
    assert bot.ask("messages.SendMultiMedia", peer=peer, multi_media=[0] * 10) == 0
    assert bot.write(5) == 6
    clock.advance(6)
    assert bot.ask("messages.ForwardMessages", to_peer=peer, from_peer=None, id=[1, 2, 3]) == 0
    assert bot.write(5) == 3


def test_a_refused_message_uses_nothing_up(bot: Writer, clock: TestClock) -> None:
    """Hammering at a closed door does not keep it closed longer."""
    for _ in range(5):
        bot.write(5)
    assert {bot.write(5) for _ in range(1000)} == {1}
    clock.advance(1)
    assert bot.write(5) == 0


def test_edits_answers_and_people_are_free(bot: Writer, control: FloodControl, world: World, clock: TestClock) -> None:
    """Only what creates a message counts, and only a bot's."""
    peer = raw.types.InputPeerUser(user_id=5, access_hash=0)
    person = Writer(control, world, DataCenter(world, clock=clock), world.add_user("Ann"))
    assert {bot.ask("messages.EditMessage", peer=peer) for _ in range(100)} == {0}
    assert {bot.ask("messages.SetBotCallbackAnswer", query_id=1) for _ in range(100)} == {0}
    assert {person.write(5) for _ in range(100)} == {0}


def test_a_basic_group_is_a_group_too(bot: Writer, clock: TestClock) -> None:
    """Twenty messages a minute hold in each basic group for itself."""
    first, second = raw.types.InputPeerChat(chat_id=5), raw.types.InputPeerChat(chat_id=6)
    for _ in range(20):
        assert bot.ask(TEXT, peer=first) == 0
        clock.advance(1)
    assert bot.ask(TEXT, peer=first) == 40
    assert bot.ask(TEXT, peer=second) == 0


def test_the_end_of_a_span_is_exact(bot: Writer, clock: TestClock) -> None:
    """A message fits again when the oldest is a second old, and no sooner."""
    for n in range(30):
        bot.write(n)
    clock.advance(0.99)
    assert bot.write(100) == 1
    clock.advance(0.01)
    assert [bot.write(200 + n) for n in range(31)] == [0] * 30 + [1]


def test_limits_can_be_chosen_and_lifted(bot: Writer, control: FloodControl) -> None:
    """Other limits hold from the next message on, with everybody at rest; switched off, everything passes."""
    for _ in range(6):
        bot.write(5)
    control.enable(FloodLimits(chat_burst=1, chat_every_s=10))
    assert not control.refused
    assert [bot.write(5), bot.write(5)] == [0, 10]
    control.disable()
    assert {bot.write(5) for _ in range(100)} == {0}


def test_chats_at_rest_are_forgotten(control: FloodControl, bot: Writer, clock: TestClock) -> None:
    """Memory is bounded by how many chats were written to recently; one that was written to too often is remembered."""
    control.enable(FloodLimits(bot_per_s=10**9))
    for n in range(50_001):
        bot.write(n)
    for _ in range(4):
        bot.write(7)
    clock.advance(1)
    bot.write(60_000)

    assert len(control._chats) < 10
    assert [bot.write(7), bot.write(7)] == [0, 1]
