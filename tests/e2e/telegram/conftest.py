"""The production client, api and gateway of a bot, pointed at the local Telegram."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from core.clock import Clock
from core.concurrency.semaphore_manager import ConcurrencyDomain, SemaphoreManager
from core.observability.metrics import Metrics
from core.telegram.client import build_client, build_storage, start_client
from core.telegram.pyrogram_gateway import CallLimits, PyrogramGateway
from core.telegram.telegram_api import TelegramApi


class HastyClock(Clock):
    """Real time, but every wait is over at once and remembered."""

    def __init__(self):
        self.waits = []

    async def sleep(self, seconds):
        self.waits.append(seconds)
        await asyncio.sleep(0)


class Bot:
    """What one process of the bot has of Telegram; one place in each lane."""

    def __init__(self, settings):
        self.clock = HastyClock()
        self.metrics = Metrics()
        self.lanes = SemaphoreManager(dict.fromkeys(ConcurrencyDomain, 1))
        self.client = build_client(settings, build_storage(settings, self.clock))
        self.api = TelegramApi(self.client, self.lanes, self.clock, self.metrics)
        limits = CallLimits(timeout_s=1.5, answer_flood_s=5, media_flood_s=5, fetch_flood_s=5)
        self.gateway = PyrogramGateway(self.client, self.api, limits)

    def calls(self, method, outcome):
        """How many attempts of a method had that outcome."""
        return self.metrics.telegram_calls.labels(method, outcome)._value.get()


@pytest.fixture
def settings(dc, cast, tmp_path):
    key = tmp_path / "datacenter.pem"
    key.write_text(dc.key.public_pem)
    return SimpleNamespace(
        api_id=1,
        api_hash=SecretStr("0" * 32),
        bot_token=SecretStr("7000000001:a-bot-of-the-local-telegram-only"),
        session_file=tmp_path / "data" / "bot.session",
        telegram_datacenter=(dc.host, dc.port),
        telegram_datacenter_key=key,
    )


@pytest.fixture
def build():
    """Build a bot that is not started."""
    return Bot


@pytest.fixture
async def start(settings):
    """Start the bot as a new process would; stopped after the test."""
    started = []

    async def new():
        bot = Bot(settings)
        started.append(bot)
        await start_client(bot.client, timeout_s=60)
        return bot

    yield new
    for bot in started:
        if bot.client.is_connected:
            await bot.client.stop()


@pytest.fixture
async def bot(start):
    return await start()


@pytest.fixture
def received(world, cast):
    """Lists the bot's messages in Ann's chat, oldest first."""
    bot_id = cast.bot.id
    return lambda: [
        message for message in world.messages_between(cast.ann.id, bot_id) if message.body.sender_id == bot_id
    ]


@pytest.fixture
async def stored(world, cast, bot):
    """A film in the channel, as the bot has read it: the post and its media."""
    post = world.post(cast.channel.id, "A caption", file=world.add_document("Nosferatu.1922.mkv", 1_400_000_000))
    return post, (await bot.gateway.fetch_posts(cast.channel.full_id, [post.id]))[0]
