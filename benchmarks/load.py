"""Readers, a channel and a bot's account on a local Telegram, which the benchmarks put under load."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle
from typing import TYPE_CHECKING

from sandbox.datacenter.server import DataCenter
from sandbox.world import World
from sandbox.world.message_box import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sandbox.world.delivery import Happening, Observer
    from sandbox.world.message_box import Message

TOKEN = "7000000002:a-bot-of-the-local-telegram-only"
WINDOW = 64
PATIENCE_S = 60
_READERS = 256
_POSTS_DURING = 60


class Load:
    """A data centre whose readers write to the bot, at most `WINDOW` of them waiting for an answer at a time."""

    def __init__(self) -> None:
        self.world = World()
        self.bot = self.world.add_bot(TOKEN, "Bench", "bench_bot")
        self.admin = self.world.add_user("Admin")
        self.channel = self.world.add_channel(
            "Library", creator=self.admin.id, username="bench_library", admins=[self.bot.id]
        )
        self.readers = [self.world.add_user(f"Reader {n}").id for n in range(_READERS)]
        self.datacenter = DataCenter(self.world)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        for reader in self.readers:
            self.world.observe(reader, self._observer(reader))

    def write_key(self, folder: Path) -> Path:
        """Write the public key that clients trust into a file of `folder`; returns the file."""
        key_file = folder / "datacenter.pem"
        key_file.write_text(self.datacenter.key.public_pem)
        return key_file

    async def wait_for_bot(self) -> None:
        """Wait until the bot is logged in and gets updates; from then on nothing is recorded."""
        await self.datacenter.recorder.wait_call("users.GetFullUser", timeout=PATIENCE_S)
        self.datacenter.recorder.recording = False

    def post(self, name: str, size: int) -> None:
        """Post a video into the channel."""
        file_id = self.world.add_document(name, size, "video/x-matroska", kind="video")
        self.world.post(self.channel.id, author=self.admin.id, file=file_id)

    async def ask(self, reader: int, text: str) -> Message:
        """Write as a reader and wait for the bot's answer."""
        answer = self._waiting[reader] = asyncio.get_running_loop().create_future()
        self.world.says(reader, self.bot.id, text)
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def run(self, texts: Sequence[str], *, posting: bool) -> tuple[float, list[float], list[tuple[str, Message]]]:
        """Ask everything; returns seconds taken, seconds of each answer, and the answers."""
        took: list[float] = []
        answers: list[tuple[str, Message]] = []
        left = iter(texts)
        every = max(1, len(texts) // _POSTS_DURING)

        async def work(readers: Sequence[int]) -> None:
            for reader, text in zip(cycle(readers), left, strict=False):
                started = time.perf_counter()
                answers.append((text, await self.ask(reader, text)))
                took.append(time.perf_counter() - started)
                if posting and len(took) % every == 0:
                    self.post(f"Posted.While.Searching.{len(took):05}.mkv", 10_000_000 + len(took))

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for worker in range(WINDOW):
                group.create_task(work(self.readers[worker::WINDOW]))
        return time.perf_counter() - started, took, answers

    def _observer(self, reader: int) -> Observer:
        def observe(happening: Happening) -> None:
            message, waiting = happening.message, self._waiting.get(reader)
            if message is None or happening.kind is not EventKind.NEW or message.body.sender_id != self.bot.id:
                return
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

        return observe
