"""The demo: the ordinary bot on stores in memory, against a local Telegram with a seeded library and a chat page."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from config.settings import load_settings
from core.container import Stores
from core.errors import ConfigurationError
from core.lifecycle import EXIT_RESTART
from core.observability.logging import configure_logging
from sandbox.datacenter.server import DataCenter
from sandbox.demo_cast import BOT_TOKEN, DemoCast, build_cast, fill_library
from sandbox.demo_clock import DemoClock
from sandbox.stores import InMemoryStores
from sandbox.web.last_lines import LastLines
from sandbox.web.panel import Panel
from sandbox.web.person import Person
from sandbox.web.server import ChatPage
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from config.settings import BootstrapSettings
    from core.container import Container
    from sandbox.world.accounts import Account
    from sandbox.world.chats import Channel

_PREMIUM_DAYS = 365
_PATIENCE_S = 60.0
_ABOUT = {"reader": "reader", "premium": "premium reader", "admin": "admin"}


class Demo:
    """One local Telegram with its stores, and the bot on them, which may be run again and again.

    Build it inside a running loop.
    """

    def __init__(self, folder: Path) -> None:
        self.clock = DemoClock()
        self.world = World(self.clock)
        self.cast = build_cast(self.world)
        self.datacenter = DataCenter(self.world, clock=self.clock)
        self._folder = folder
        self._stores = InMemoryStores(self.clock)
        self._log = LastLines((BOT_TOKEN,))
        self._page = _build_page(self, self._stores, self._log)
        self._container: Container | None = None
        self._facts: dict[str, Any] = {}

    async def run(self, serve: Callable[..., Awaitable[int]], port: int) -> int:
        """Run the bot until it is told to stop for good; returns the exit code."""
        while True:
            settings = load_settings(_environment(self._folder, self.datacenter, self.cast, port), env_file=None)
            self._set_up_log(settings)
            self._page.open_streams()
            exit_code = await serve(
                settings,
                clock=self.clock,
                stores=Stores(self._stores.mongo_client, self._stores.redis_client),
                routes=[web.get("/demo", self._show_facts), *self._page.routes()],
                on_ready=self._on_ready,
                runs_again=True,
            )
            if exit_code != EXIT_RESTART:
                return exit_code
            port = int(self._facts["http"].rpartition(":")[2])

    def restart(self) -> None:
        """Stop the bot as a signal does, and run it again. Without effect while it is starting."""
        container, self._container = self._container, None
        if container is not None:
            container.base.stop.request("restart", EXIT_RESTART)

    async def _on_ready(self, container: Container) -> None:
        container.shutdown.push("chat_page", self._end_streams)
        if not self._facts:
            await self._begin(container)
        self._container = container

    async def _begin(self, container: Container) -> None:
        try:
            until = self.clock.utc_now() + timedelta(days=_PREMIUM_DAYS)
            await container.users.set_premium(self.cast.premium.id, until)
            async with asyncio.timeout(_PATIENCE_S):
                files = await fill_library(container, self.world, self.cast)
            self._facts.update(_facts(container.operations.sidecar.url, self.datacenter, self.cast))
            _announce(self._facts, files)
        finally:
            if not self._facts:  # nobody shall wait for a line that never comes
                signal.raise_signal(signal.SIGTERM)

    async def _end_streams(self) -> None:
        self._page.end_streams()

    async def _show_facts(self, _: web.Request) -> web.Response:
        if not self._facts:
            raise web.HTTPServiceUnavailable(text="the demo is starting")
        return web.json_response(self._facts, dumps=lambda value: orjson.dumps(value).decode())

    def _set_up_log(self, settings: BootstrapSettings) -> None:
        configure_logging(settings.log_level, settings.log_format, settings.secrets)
        logging.getLogger().addHandler(self._log)


async def run_demo(serve: Callable[..., Awaitable[int]], *, port: int, datacenter_port: int) -> int:
    """Run the demo until a signal; returns the exit code.

    Args:
        serve: runs the bot; `bot.serve`.
        port: of the HTTP sidecar; 0 = any free one.
        datacenter_port: of the local Telegram; 0 = any free one.

    Raises:
        ConfigurationError: one of the ports is taken.
    """
    with TemporaryDirectory(prefix="file-filter-demo-") as folder:
        demo = Demo(Path(folder))
        await _listen(demo.datacenter, datacenter_port)
        try:
            return await demo.run(serve, port)
        finally:
            await demo.datacenter.stop()


def _build_page(demo: Demo, stores: InMemoryStores, log: LastLines) -> ChatPage:
    world, cast = demo.world, demo.cast
    shown = (cast.group.full_id, cast.channel.full_id)
    people = {role: Person(world, account.id, cast.bot.id, shown) for role, account in cast.people.items()}
    about = {
        "bot": {"id": cast.bot.id, "username": cast.bot.username, "placeholder": cast.bot.inline_placeholder},
        "people": [
            {"role": role, "id": account.id, "name": account.first_name, "about": _ABOUT[role]}
            for role, account in cast.people.items()
        ],
    }
    panel = Panel(demo.datacenter, stores, demo.clock, bot_id=cast.bot.id, restart=demo.restart, log=log)
    return ChatPage(people, about, panel)


async def _listen(datacenter: DataCenter, port: int) -> None:
    try:
        await datacenter.start(port)
    except OSError as error:
        raise ConfigurationError(
            f"the port {port} of the local Telegram cannot be used: {os.strerror(error.errno or 0)}; "
            "for example --datacenter-port 0 for any free one"
        ) from error


def _environment(folder: Path, datacenter: DataCenter, cast: DemoCast, port: int) -> dict[str, str]:
    key_file = folder / "datacenter.pem"
    key_file.write_text(datacenter.key.public_pem)
    return {
        "API_ID": "1",
        "API_HASH": "0" * 32,
        "BOT_TOKEN": BOT_TOKEN,
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
    """Say where everything listens, the same as one JSON line for other programs, and last the link for people."""
    address = facts["datacenter"]
    people = ", ".join(f"{role} +{person['phone']}" for role, person in facts["people"].items())
    sys.stdout.write(
        f"The bot is up on a local Telegram, with {files} files in @{facts['channel']['username']}. Ctrl+C ends it.\n"
        f"  HTTP      {facts['http']}  (/ is the chat page; /health /metrics /performance /demo)\n"
        f"  Telegram  {address['host']}:{address['port']}, bot @{facts['bot']['username']}\n"
        f"  People    {people}; the login code is the sixth digit five times\n"
    )
    sys.stdout.write(orjson.dumps(facts).decode() + "\n")
    sys.stdout.write(f"\nOpen {facts['http']}/ in a browser: a chat with the bot, and a panel that breaks things.\n")
    sys.stdout.flush()
