"""The demo: the ordinary bot on stores in memory, against a local Telegram with a seeded library."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from config.settings import load_settings
from core.clock import Clock
from core.container import Stores
from core.errors import ConfigurationError
from core.observability.logging import configure_logging
from sandbox.datacenter.server import DataCenter
from sandbox.demo_library import load_library
from sandbox.stores import InMemoryStores
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.container import Container
    from sandbox.world.accounts import Account
    from sandbox.world.chats import Channel

_BOT_TOKEN = "7000000001:the-demo-bot-of-the-local-telegram"
_PREMIUM_DAYS = 365
_POLL_S = 0.05
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class DemoCast:
    """Who and what the demo's Telegram holds."""

    bot: Account
    channel: Channel
    group: Channel
    admin: Account
    reader: Account
    premium: Account


def build_cast(world: World) -> DemoCast:
    """Add the bot, its channel and group, and three people; the admin owns both chats and may post."""
    bot = world.add_bot(_BOT_TOKEN, "File Filter Bot", "file_filter_demo_bot", inline_placeholder="Search the library")
    admin = world.add_user("Ada", username="demo_admin", phone="9996610001")
    reader = world.add_user("Rui", username="demo_reader", phone="9996610002")
    premium = world.add_user("Mia", username="demo_premium", phone="9996610003")
    channel = world.add_channel("Public Domain Library", creator=admin.id, username="demo_library", admins=[bot.id])
    members = [reader.id, premium.id, bot.id]
    group = world.add_group("Library Friends", creator=admin.id, username="demo_friends", members=members)
    return DemoCast(bot, channel, group, admin, reader, premium)


async def run_demo(serve: Callable[..., Awaitable[int]], *, port: int, datacenter_port: int) -> int:
    """Run the demo until a signal; returns the exit code.

    Args:
        serve: runs the bot; `bot.serve`.
        port: of the HTTP sidecar; 0 = any free one.
        datacenter_port: of the local Telegram; 0 = any free one.

    Raises:
        ConfigurationError: one of the ports is taken.
    """
    clock = Clock()
    world = World(clock)
    cast = build_cast(world)
    datacenter = DataCenter(world, clock=clock)
    await _listen(datacenter, datacenter_port)
    stores = InMemoryStores(clock)
    facts: dict[str, Any] = {}
    with TemporaryDirectory(prefix="file-filter-demo-") as folder:
        settings = load_settings(_environment(Path(folder), datacenter, cast, port), env_file=None)
        configure_logging(settings.log_level, settings.log_format, settings.secrets)

        async def on_ready(container: Container) -> None:
            try:
                await container.users.set_premium(cast.premium.id, clock.utc_now() + timedelta(days=_PREMIUM_DAYS))
                async with asyncio.timeout(_PATIENCE_S):
                    files = await _fill_library(container, world, cast)
                facts.update(_facts(container.operations.sidecar.url, datacenter, cast))
                _announce(facts, files)
            finally:
                if not facts:  # nobody shall wait for a line that never comes
                    signal.raise_signal(signal.SIGTERM)

        async def show_facts(_: web.Request) -> web.Response:
            if not facts:
                raise web.HTTPServiceUnavailable(text="the demo is starting")
            return web.json_response(facts, dumps=lambda value: orjson.dumps(value).decode())

        try:
            return await serve(
                settings,
                stores=Stores(stores.mongo_client, stores.redis_client),
                routes=[web.get("/demo", show_facts)],
                on_ready=on_ready,
            )
        finally:
            await datacenter.stop()


async def _listen(datacenter: DataCenter, port: int) -> None:
    try:
        await datacenter.start(port)
    except OSError as error:
        raise ConfigurationError(
            f"the port {port} of the local Telegram cannot be used: {os.strerror(error.errno or 0)}; "
            "for example --datacenter-port 0 for any free one"
        ) from error


async def _fill_library(container: Container, world: World, cast: DemoCast) -> int:
    """Post the library into the channel as its admin would, and wait until the bot has indexed it; number of files."""
    while not container.indexing.index_list.is_indexed(cast.channel.full_id):
        await container.clock.sleep(_POLL_S)
    items = load_library()
    for item in items:
        file_id = world.add_document(
            item.file_name, item.size, item.mime_type, kind=item.kind, duration=item.duration or 0
        )
        world.post(cast.channel.id, item.caption or "", author=cast.admin.id, file=file_id)
        if container.indexing.queue.depth > 0:
            await container.clock.sleep(0)
    while await container.pool.count("media_files", {}) < len(items):
        await container.clock.sleep(_POLL_S)
    return len(items)


def _environment(folder: Path, datacenter: DataCenter, cast: DemoCast, port: int) -> dict[str, str]:
    key_file = folder / "datacenter.pem"
    key_file.write_text(datacenter.key.public_pem)
    return {
        "API_ID": "1",
        "API_HASH": "0" * 32,
        "BOT_TOKEN": _BOT_TOKEN,
        "SESSION": str(folder / "bot.session"),
        "DATABASE_URI": "mongodb://in-memory",
        "DATABASE_NAME": "demo",
        "REDIS_URI": "redis://in-memory",
        "ADMINS": str(cast.admin.id),
        "CHANNELS": f"@{cast.channel.username}",
        "PORT": str(port),
        "TELEGRAM_DATACENTER": f"{datacenter.host}:{datacenter.port}",
        "TELEGRAM_DATACENTER_KEY": str(key_file),
        "SEND_BUDGET": "false",  # one person tries in a minute what several would
    }


def _facts(url: str, datacenter: DataCenter, cast: DemoCast) -> dict[str, Any]:
    def chat(channel: Channel) -> dict[str, Any]:
        return {"id": channel.full_id, "username": channel.username}

    def person(account: Account) -> dict[str, Any]:
        return {"id": account.id, "phone": account.phone}

    return {
        "event": "demo_ready",
        "http": url,
        "datacenter": {
            "host": datacenter.host,
            "port": datacenter.port,
            "dc_id": datacenter.dc_id,
            "public_key": datacenter.key.public_pem,
        },
        "bot": {"id": cast.bot.id, "username": cast.bot.username},
        "channel": chat(cast.channel),
        "group": chat(cast.group),
        "people": {"admin": person(cast.admin), "reader": person(cast.reader), "premium": person(cast.premium)},
    }


def _announce(facts: dict[str, Any], files: int) -> None:
    """Say where everything listens, then the same as one JSON line for other programs."""
    address = facts["datacenter"]
    people = ", ".join(f"{role} +{person['phone']}" for role, person in facts["people"].items())
    sys.stdout.write(
        f"The bot is up on a local Telegram, with {files} files in @{facts['channel']['username']}. Ctrl+C ends it.\n"
        f"  HTTP      {facts['http']}  (/health /metrics /performance /demo)\n"
        f"  Telegram  {address['host']}:{address['port']}, bot @{facts['bot']['username']}\n"
        f"  People    {people}; the login code is the sixth digit five times\n"
    )
    sys.stdout.write(orjson.dumps(facts).decode() + "\n")
    sys.stdout.flush()
