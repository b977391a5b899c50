"""The client's login, start, probe and reconnection, over TCP to the local Telegram."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from pyrogram.session import Session

from core.errors import ConfigurationError, TelegramUnavailableError
from core.telegram import session_guard
from core.telegram.client import ping, start_client

pytestmark = pytest.mark.wire


async def test_a_restart_needs_no_new_login_and_writes_to_people_at_once(start, dc, cast, received):
    """After a kill the next process uses the login on disk, and delivers before it has met anybody."""
    first = await start()
    handshakes, mark = dc.stats.handshakes, dc.recorder.mark()

    second = await start()
    sent = await second.gateway.send_text(cast.ann.id, "back again")
    await second.gateway.channel_changes(cast.channel.full_id, 1)

    names = [call.name for call in dc.recorder.since(mark)]
    assert "auth.ImportBotAuthorization" not in names
    assert "users.GetUsers" not in names
    assert dc.stats.handshakes == handshakes == 1
    assert received()[-1].twin.id == sent
    assert first.client.me.id == second.client.me.id == cast.bot.id


async def test_a_login_that_telegram_forgot_is_replaced(start, dc, settings):
    """A key unknown to the server leads to a new login instead of an endless start; the old file is kept."""
    first = await start()
    await first.client.stop()
    dc.auth_keys.clear()

    second = await start()

    assert second.client.me.id == first.client.me.id
    assert settings.session_file.with_name("bot.session.rejected").exists()


async def test_a_wrong_token_is_a_configuration_error_that_names_the_variable(build, settings):
    """An operator is told which variable to correct."""
    settings.bot_token = SecretStr("7000000001:wrong")
    bot = build(settings)

    with pytest.raises(ConfigurationError, match="BOT_TOKEN"):
        await start_client(bot.client, timeout_s=10)


async def test_an_unreadable_data_centre_key_is_a_configuration_error(build, settings, tmp_path):
    """A missing key file and a file that is no key name the variable."""
    settings.telegram_datacenter_key = tmp_path / "missing.pem"
    with pytest.raises(ConfigurationError, match="TELEGRAM_DATACENTER_KEY"):
        build(settings)
    settings.telegram_datacenter_key = tmp_path / "datacenter.pem"
    settings.telegram_datacenter_key.write_text("no key")
    with pytest.raises(ConfigurationError, match="TELEGRAM_DATACENTER_KEY"):
        build(settings)


async def test_a_data_centre_that_is_not_there_ends_the_start_in_time(build, settings):
    """Without a connection the start gives up within its time and leaves nothing running."""
    settings.telegram_datacenter = ("127.0.0.1", 9)
    bot = build(settings)

    with pytest.raises(TelegramUnavailableError):
        await start_client(bot.client, timeout_s=1)

    assert [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_a_login_that_is_complete_when_its_time_is_over_counts(build, settings, cast, received, monkeypatch):
    """A machine that stands still at that moment costs nothing: the bot is there, and can be stopped."""
    bot = build(settings)
    log_in = bot.client.start

    async def log_in_at_the_last_moment():
        await log_in()
        raise TimeoutError

    monkeypatch.setattr(bot.client, "start", log_in_at_the_last_moment)
    await start_client(bot.client, timeout_s=30)
    await bot.gateway.send_text(cast.ann.id, "here")
    await bot.client.stop()

    assert received()[-1].body.text == "here"


async def test_a_ping_tells_a_silent_connection_from_a_living_one(bot, dc):
    """The probe succeeds on a living connection and fails in its own time on a silent one."""
    await ping(bot.client, timeout_s=10)
    dc.trouble.mute()

    with pytest.raises(TelegramUnavailableError):
        await ping(bot.client, timeout_s=0.2)


async def test_restarts_at_once_make_one_reconnection_and_further_losses_are_survived(bot, dc, cast, received):
    """Several simultaneous reasons to reconnect leave one reader, so that the bot never goes deaf."""
    connections, session = dc.stats.connections, bot.client.session
    await asyncio.gather(session.restart(), session.restart(), session.restart())
    assert dc.stats.connections == connections + 1

    for _ in range(2):
        mark = dc.recorder.mark()
        dc.drop_all()
        await dc.recorder.wait_call("help.GetConfig", since=mark)
        assert await bot.gateway.send_text(cast.ann.id, "still here")

    assert len(received()) == 2


async def test_stopping_during_a_reconnection_ends_it(bot, dc):
    """A bot can be stopped while Telegram is away; no reconnection goes on behind its back."""
    dc.trouble.turn_away = True
    dc.drop_all()
    await asyncio.wait([bot.client.session.recv_task])
    await asyncio.sleep(0)

    await asyncio.wait_for(bot.client.stop(), 10)

    assert not [task for task in asyncio.all_tasks() if "restart" in repr(task.get_coro())]


def test_a_pyrogram_of_another_make_refuses_to_start(monkeypatch):
    """The repairs are only applied to the code they were written for; otherwise a sentence says what to do."""

    async def restart(self):
        """Another implementation."""

    monkeypatch.setattr(Session, "restart", restart)

    with pytest.raises(ConfigurationError, match=r"Session\.restart.*make setup"):
        session_guard.install_session_guard()
