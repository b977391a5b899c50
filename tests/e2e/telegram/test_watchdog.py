"""The watchdog over a real client and the local Telegram's troubles, with its times scaled down."""

from __future__ import annotations

import asyncio

import pytest
from pyrogram.connection.transport.tcp.tcp import TCP
from pyrogram.session import Session

from core.clock import Clock
from core.telegram.client import ping
from core.telegram.clock_watch import OFF_S, ClockLimits, ClockWatch
from core.telegram.server_clock import ServerClock
from core.telegram.session_guard import SessionWatch, watch_sessions
from core.telegram.watchdog import Watchdog, WatchLimits
from sandbox.datacenter.faults import Fault
from tests.fixtures.waiting import until

pytestmark = pytest.mark.wire

LIMITS = WatchLimits(period_s=0.3, patience_s=0.2, failures=3, look_s=0.05)
PATIENT = WatchLimits(period_s=0.3, patience_s=1, failures=20, look_s=0.05)
"""Where silence is not what a test is about: a busy machine may be silent for a while, too."""


class Guarded:
    """A bot under a watchdog."""

    def __init__(self, bot, limits):
        self.bot = bot
        self.reasons = []
        self.watchdog = Watchdog(bot.client, Clock(), bot.metrics, self.reasons.append, limits)

    def questions(self, answer):
        """How many questions were answered so."""
        return self.bot.metrics.watchdog_questions.labels(answer)._value.get()

    async def asked(self, answer, times=1):
        """Return after that many questions with this answer."""
        before = self.questions(answer)
        await until(lambda: self.questions(answer) >= before + times)

    async def deaf(self):
        """The reason to give up."""
        await until(lambda: self.reasons)
        return self.reasons[0]


@pytest.fixture
async def guarded(request, bot):
    made = Guarded(bot, getattr(request, "param", PATIENT))
    watching = asyncio.create_task(made.watchdog.run())
    yield made
    watching.cancel()
    await asyncio.wait([watching])


async def test_a_living_client_is_left_alone(guarded, dc, cast):
    """Good answers, lost connections, a new salt and a refusal of the question itself are no reason to give up."""
    await guarded.asked("good")
    dc.trouble.change_salt(cast.bot.id)
    await guarded.asked("good")
    dc.drop_all()
    await guarded.asked("good")
    dc.faults.add(Fault("updates.GetState", error=(420, "FLOOD_WAIT_9")))
    await guarded.asked("good", 2)

    assert (guarded.reasons, guarded.watchdog.is_deaf, guarded.watchdog.state) == ([], False, "listening")


async def test_a_forgotten_key_is_noticed_at_once(guarded, dc, cast):
    """Trap 2: the client itself goes on for ever; the watchdog does not wait for three failures."""
    dc.trouble.forget_key(cast.bot.id)

    assert await guarded.deaf() == "deaf: the login is lost"
    assert guarded.bot.client.is_connected
    assert not await guarded.watchdog.check()


async def test_an_ended_login_is_noticed_although_pings_are_answered(guarded, dc, cast):
    """A bot whose token was revoked hears nothing, and its connection is as good as ever."""
    dc.trouble.revoke_login(cast.bot.id)

    assert await guarded.deaf() == "deaf: the login is lost"


@pytest.mark.parametrize("guarded", [LIMITS], indirect=True, ids=["in a hurry"])
async def test_calls_that_are_never_answered_are_deafness(guarded, dc):
    """Pings alone prove nothing: a server that swallows every call is not there."""
    dc.trouble.ignore_requests()

    assert await guarded.deaf() == "deaf: no sign of life"
    assert guarded.questions("none") == LIMITS.failures


@pytest.mark.parametrize("guarded", [LIMITS], indirect=True, ids=["in a hurry"])
async def test_a_black_hole_is_deafness_after_three_questions(guarded, dc):
    """Two failures are not enough, the third one is."""
    dc.trouble.black_hole()
    await guarded.asked("none", 2)
    assert (guarded.reasons, guarded.watchdog.state) == ([], "silent 2 of 3")

    assert await guarded.deaf() == "deaf: no sign of life"


async def test_a_wait_that_telegram_asked_for_is_no_deafness(guarded, dc):
    """A new process would only be asked to wait for longer."""
    dc.faults.add(Fault("help.GetConfig", error=(420, "FLOOD_WAIT_60"), times=None))
    connections = dc.stats.connections
    dc.drop_all()
    await guarded.asked("asked_to_wait", 4)

    assert guarded.reasons == []
    assert dc.stats.connections == connections + 1


async def test_a_refused_first_request_makes_no_storm(bot, dc):
    """Trap 5: while Telegram refuses every introduction, there are a few connections and not hundreds."""
    fault = dc.faults.add(Fault("help.GetConfig", error=(400, "CONNECTION_LAYER_INVALID"), times=None))
    connections = dc.stats.connections
    dc.drop_all()
    await until(lambda: fault.hits >= 2)
    assert dc.stats.connections - connections <= 3

    dc.faults.clear()
    await until(bot.client.session.is_started.is_set)


async def test_clocks_that_differ_are_an_alarm(bot, dc):
    """Trap 4: the packets themselves tell, also those that the client throws away."""
    reasons = []
    clock = Clock()
    server_clock = ServerClock(clock, OFF_S)
    watch_sessions(bot.client, SessionWatch(clock, server_clock))
    limits = ClockLimits(confirm_s=1, packets=2, look_s=0.05)
    watch = ClockWatch(server_clock, clock, bot.metrics, lambda _: None, reasons.append, limits)
    watching = asyncio.create_task(watch.run())
    dc.trouble.clock_offset_s = 38.5
    dc.drop_all()

    await asyncio.wait_for(watching, 15)
    assert reasons[0].startswith("clock_skew: Telegram's clock is +3")


async def test_flapping_connections_leave_a_client_that_answers(bot, dc, cast, received):
    """Cut again and again, also while it connects, the client is there as soon as it is left alone."""
    connections = dc.stats.connections
    dc.trouble.flapping(0.15)
    await until(lambda: dc.stats.connections >= connections + 3)
    dc.trouble.end_flapping()

    await until(bot.client.session.is_started.is_set)
    await bot.gateway.send_text(cast.ann.id, "still here")
    assert received()[-1].body.text == "still here"


async def test_a_network_that_swallowed_everything_is_outlived(start, dc, cast, received, monkeypatch):
    """The connections of a black hole stay silent for good; the client finds that out and makes another one."""
    monkeypatch.setattr(Session, "PING_INTERVAL", 0.1)
    bot = await start()
    with monkeypatch.context() as hurry:
        hurry.setattr(TCP, "TIMEOUT", 0.5)
        hurry.setattr(Session, "START_TIMEOUT", 0.3)
        await ping(bot.client, timeout_s=10)  # the reader waits in a hurry from this answer on
        connections = dc.stats.connections
        dc.trouble.black_hole()
        await until(lambda: dc.stats.connections >= connections + 2, 30)
    dc.trouble.end_black_hole()

    await until(bot.client.session.is_started.is_set)
    await bot.gateway.send_text(cast.ann.id, "back")
    assert received()[-1].body.text == "back"
