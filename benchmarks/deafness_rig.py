"""One bot against one local Telegram, for one case of `benchmarks.deafness`."""

from __future__ import annotations

import asyncio
import re
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.bot_process import bot_environment, bot_process, wait_until
from benchmarks.load import PATIENCE_S, Load
from sandbox.world.message_box import EventKind

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from typing import IO

    from sandbox.datacenter.server import DataCenter
    from sandbox.datacenter.trouble import Trouble
    from sandbox.world.delivery import Happening
    from tests.fixtures.servers import MongoServer, ValkeyServer

_ASK_S = 0.5
_ROOM = {"RATE_GLOBAL_BURST": "1000000", "LOG_FORMAT": "json"}


class Rig:
    """A data centre with readers, and the bot as `python bot.py`, not started until `start`."""

    def __init__(self, folder: Path, mongo: MongoServer, valkey: ValkeyServer, name: str, number: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._mongo = mongo
        self._valkey = valkey
        self._database = f"deafness_{name}"
        self._redis_number = number
        self.load = Load()
        self._readers = cycle(self.load.readers)
        self._answered: set[int] = set()
        self._process: Process | None = None
        self._running: AbstractAsyncContextManager[Process] | None = None
        self._log_file: IO[bytes] | None = None

    @property
    def datacenter(self) -> DataCenter:
        """The bot's Telegram."""
        return self.load.datacenter

    @property
    def trouble(self) -> Trouble:
        """What can happen to it."""
        return self.load.datacenter.trouble

    @property
    def exit_code(self) -> int | None:
        """How the bot ended; None while it runs."""
        return None if self._process is None else self._process.returncode

    async def open(self) -> None:
        """Let the data centre listen."""
        await self.datacenter.start()
        for reader in self.load.readers:
            self.load.world.observe(reader, self._observer(reader))

    async def close(self) -> None:
        """End the bot and its Telegram."""
        if self._running is not None:
            await self._running.__aexit__(None, None, None)
        if self._log_file is not None:
            self._log_file.close()
        await self.datacenter.stop()

    async def start(self) -> None:
        """Start the bot; returns at once."""
        environ = bot_environment(self.load, self._folder, self._mongo, self._valkey, **_ROOM)
        environ |= {"DATABASE_NAME": self._database, "REDIS_URI": self._redis_uri()}
        self._log_file = (self._folder / "bot.log").open("wb")
        self._running = bot_process("bot.py", environ=environ, log=self._log_file)
        self._process = await self._running.__aenter__()

    async def start_answering(self) -> None:
        """Start the bot, and return when it answers."""
        await self.start()
        if await self.seconds_to_answer(PATIENCE_S) is None:
            raise TimeoutError("the bot did not answer in the beginning")

    async def seconds_to_answer(self, patience_s: float) -> float | None:
        """Write as one reader after the other until one is answered; None when nobody is in time."""
        began = time.perf_counter()
        asked: set[int] = set()
        self._answered.clear()
        while time.perf_counter() - began < patience_s and self.exit_code is None:
            reader = next(self._readers)
            asked.add(reader)
            self.load.world.says(reader, self.load.bot.id, "/help")
            if await wait_until(lambda: bool(asked & self._answered), _ASK_S):
                return time.perf_counter() - began
        return None

    async def seconds_to_exit(self, patience_s: float) -> float | None:
        """Wait until the bot has ended; None when it does not in time."""
        began = time.perf_counter()
        await wait_until(lambda: self.exit_code is not None, patience_s)
        return None if self.exit_code is None else time.perf_counter() - began

    def logged(self, event: str) -> dict[str, Any] | None:
        """The first entry of the bot's log with this event."""
        text = (self._folder / "bot.log").read_bytes()
        found = re.search(rb'^\{.*"event": ?"' + event.encode() + rb'".*\}$', text, re.MULTILINE)
        return dict(orjson.loads(found[0])) if found else None

    async def wait(self, seconds: float) -> None:
        """Let a trouble last."""
        await asyncio.sleep(seconds)

    def _redis_uri(self) -> str:
        return f"{self._valkey.uri.rpartition('/')[0]}/{self._redis_number}"

    def _observer(self, reader: int) -> Any:
        def observe(happening: Happening) -> None:
            message = happening.message
            if message is None or happening.kind is not EventKind.NEW:
                return
            if message.body.sender_id == self.load.bot.id:
                self._answered.add(reader)

        return observe
