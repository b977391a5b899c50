"""The ordinary bot for tests: in this process, or in one of its own that a test may kill."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import orjson

from config.settings import load_settings
from core.container import Container, Stores, open_container
from handlers import build_manager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.clock import Clock
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class BotSetup:
    """What a bot of one test is started with, again and again."""

    environ: dict[str, str]

    @asynccontextmanager
    async def running(
        self, *, stores: Stores | None = None, clock: Clock | None = None, knows_channels: bool = True, **changes: str
    ) -> AsyncIterator[Container]:
        """The bot inside this process, closed at the end of the block, which begins when it knows its channels."""
        environ = self.environ | changes
        settings = load_settings(environ, env_file=None)
        async with open_container(settings, clock=clock, stores=stores, environ=environ) as container:
            manager = build_manager(container)
            manager.register(container.client)
            await container.start(manager.introduce)
            container.shutdown.push("updates", manager.cleanup)
            async with asyncio.timeout(40):
                while knows_channels and not container.indexing.index_list.is_indexed(int(self.environ["CHANNELS"])):
                    await container.clock.sleep(0.01)
            yield container

    @asynccontextmanager
    async def process(self, **changes: str) -> AsyncIterator[BotProcess]:
        """The bot as `python bot.py`; killed at the end of the block if it still runs."""
        bot = BotProcess(self.environ | changes)
        await bot.start()
        try:
            yield bot
        finally:
            await bot.kill()


class BotProcess:
    """A bot in a process of its own; `log` holds its log entries."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self.log: list[dict[str, object]] = []
        self.http = ""

    async def start(self) -> None:
        """Start, and wait until it is ready and knows its channels."""
        self.log = []
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "bot.py",
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LOG_FORMAT": "json"} | self._environ,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read())
        ready = await self.wait_log("ready", timeout_s=40)
        await self.wait_log("index_list_loaded", timeout_s=40)
        self.http = str(ready["http"])

    async def kill(self) -> None:
        """End it at once, as a power cut does."""
        await self._end(signal.SIGKILL)

    async def ended(self, timeout_s: float) -> int:
        """The exit code of a bot that ends by itself."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), timeout_s)

    async def terminate(self) -> int:
        """Ask it to stop; returns its exit code."""
        return await self._end(signal.SIGTERM)

    async def wait_log(self, event: str, timeout_s: float = 10) -> dict[str, object]:
        """The first log entry with this event."""
        return await self.wait_entry(lambda entry: entry.get("event") == event, timeout_s)

    async def wait_entry(self, fits: Callable[[dict[str, object]], bool], timeout_s: float = 10) -> dict[str, object]:
        """The first log entry that fits, as soon as it is there."""
        async with asyncio.timeout(timeout_s):
            while True:
                for entry in self.log:
                    if fits(entry):
                        return entry
                self._arrived.clear()
                await self._arrived.wait()

    async def _end(self, how: signal.Signals) -> int:
        process = self._process
        assert process is not None
        if process.returncode is None:
            process.send_signal(how)
        code = await process.wait()
        assert self._reader is not None
        await self._reader
        return code

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.log.append(orjson.loads(line) if line.startswith(b"{") else {"event": "text", "line": line.decode()})
            self._arrived.set()


def bot_environment(
    dc: DataCenter, cast: Cast, folder: Path, mongo_uri: str, database: str, redis_url: str
) -> BotSetup:
    """Settings of the ordinary bot against a local Telegram and real stores."""
    key_file = folder / "datacenter.pem"
    key_file.write_text(dc.key.public_pem)
    return BotSetup(
        {
            "API_ID": "1",
            "API_HASH": "0" * 32,
            "BOT_TOKEN": str(cast.bot.token),
            "SESSION": str(folder / "bot.session"),
            "DATABASE_URI": mongo_uri,
            "DATABASE_NAME": database,
            "REDIS_URI": redis_url,
            "ADMINS": str(cast.bob.id),
            "CHANNELS": str(cast.channel.full_id),
            "PORT": "0",
            "TELEGRAM_DATACENTER": f"{dc.host}:{dc.port}",
            "TELEGRAM_DATACENTER_KEY": str(key_file),
            "AUTO_DELETE_S": "0",  # most tests are about what arrives, not about what goes again
            "SEND_BUDGET": "false",  # one person asks more in a test than Telegram lets a bot answer
        }
    )


async def get_json(url: str) -> tuple[int, dict[str, object]]:
    """Status and body of a GET."""
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.json()
