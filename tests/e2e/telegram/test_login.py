"""The login at the start, when Telegram refuses, asks to wait or does not answer."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import ConfigurationError, TelegramUnavailableError
from core.telegram.login import Login, LoginLimits
from sandbox.datacenter.faults import Fault
from tests.fixtures.waiting import until

pytestmark = pytest.mark.wire

LIMITS = LoginLimits(attempt_s=20, first_pause_s=2, longest_pause_s=60, patience_s=600)
HASTY = LoginLimits(attempt_s=1, first_pause_s=2, longest_pause_s=60, patience_s=600)
"""For a Telegram that does not answer: every attempt lasts as long."""


@pytest.fixture
async def login(build, settings):
    """Log a new bot in; its pauses are over at once and remembered."""
    bots = []

    def make(limits=LIMITS):
        bot = build(settings)
        bots.append(bot)
        return bot, Login(bot.client, bot.clock, bot.metrics, limits)

    yield make
    for bot in bots:
        if bot.client.is_connected:
            await bot.client.stop()


@pytest.mark.parametrize("method", ["help.GetConfig", "auth.ImportBotAuthorization", "updates.GetState"])
async def test_what_telegram_asks_for_is_waited(login, dc, method):
    """FLOOD_WAIT_60 at the start: a minute's pause and two connections each time, whatever is refused."""
    dc.faults.add(Fault(method, error=(420, "FLOOD_WAIT_60"), times=2))
    bot, attempt = login()

    await attempt.run()

    assert [60 <= pause <= 61 for pause in bot.clock.waits] == [True, True]
    assert dc.stats.connections <= 6
    assert bot.metrics.logins.labels("asked_to_wait")._value.get() == 2
    assert bot.client.me is not None


async def test_a_telegram_that_is_away_is_tried_with_growing_pauses(login, dc):
    """The process stays, and is logged in as soon as Telegram answers."""
    await dc.trouble.refuse_connections()
    bot, attempt = login(HASTY)
    running = asyncio.create_task(attempt.run())
    await until(lambda: len(bot.clock.waits) >= 3)
    await dc.trouble.accept_connections()
    await asyncio.wait_for(running, 15)

    ceilings = [2 * 2**n for n in range(len(bot.clock.waits))]
    assert all(top / 2 <= pause <= top for pause, top in zip(bot.clock.waits, ceilings, strict=True))
    assert bot.client.me is not None


async def test_patience_ends(login, dc):
    """After long without any answer a new process may do better: the start fails, and nothing is left running."""
    dc.trouble.turn_away = True
    _, attempt = login(LoginLimits(attempt_s=0.5, patience_s=0.4))

    with pytest.raises(TelegramUnavailableError):
        await attempt.run()

    assert [task.get_name() for task in asyncio.all_tasks() if "recv_worker" in repr(task.get_coro())] == []


async def test_an_ended_login_is_replaced_at_the_next_start(start, login, dc, cast, settings):
    """What the watchdog ends a process for, the next one repairs: the old login is put aside, a new one made."""
    first = await start()
    await first.client.stop()
    dc.trouble.revoke_login(cast.bot.id)

    bot, attempt = login()
    await attempt.run()

    assert bot.client.me.id == cast.bot.id
    assert settings.session_file.with_name("bot.session.rejected").exists()


async def test_a_session_that_cannot_be_kept_is_a_configuration_error(login, settings):
    """Waiting does not help where the login cannot be written; the operator is told the variable."""
    settings.session_file.parent.write_text("a file where the folder should be")
    bot, attempt = login()

    with pytest.raises(ConfigurationError, match="SESSION"):
        await attempt.run()
    assert bot.clock.waits == []


async def test_a_wrong_token_is_not_tried_again(login, dc):
    """Nothing but another configuration helps, so the process says so at once."""
    dc.faults.add(Fault("auth.ImportBotAuthorization", error=(400, "ACCESS_TOKEN_INVALID"), times=None))
    bot, attempt = login()

    with pytest.raises(ConfigurationError, match="BOT_TOKEN"):
        await attempt.run()
    assert bot.clock.waits == []
