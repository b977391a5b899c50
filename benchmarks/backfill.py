"""A back-fill that is killed again and again, and how fast one goes that is not.

python -m benchmarks.backfill [--posts N] [--kills N] [--seed N]

The ordinary bot in a process of its own, on a real MongoDB and Valkey; an admin sends the link of the newest post and
presses Start. At seeded numbers of stored files the process is killed with SIGKILL and started again, which has to go
on by itself. Afterwards every file must be in the library once, with every one of its posts as a source, and the job's
counters must be exact. A second channel is then indexed undisturbed, for the pace. Exits with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo
import uvloop

from benchmarks.bot_process import bot_environment, bot_process
from benchmarks.conclusion import conclude
from benchmarks.load import Load
from sandbox.actor import Actor
from tests.fixtures.past import find_problems, make_past
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from tests.fixtures.past import Past

_DATABASE = "backfill"
_PATIENCE_S = 120
_MIN_RATE = 300.0


@dataclass(frozen=True)
class Walk:
    """One job from the press to its end.

    Attributes:
        posts: message ids walked.
        files: different files among them.
        killed_at: files in the library at each kill.
        seconds: from the press to the end, restarts included.
        problems: what is wrong afterwards.
    """

    posts: int
    files: int
    killed_at: list[int]
    seconds: float
    problems: list[str]


class _Stage:
    """The local Telegram, the servers, an admin, and the bot that is started again and again."""

    def __init__(self, load: Load, environ: dict[str, str], mongo: MongoServer) -> None:
        self.load = load
        self.admin = Actor(load.world, load.admin.id, load.bot.id)
        self.environ = environ
        client = pymongo.MongoClient[dict[str, Any]](mongo.uri)
        self.files, self.jobs = client[_DATABASE]["media_files"], client[_DATABASE]["index_jobs"]

    async def walk(self, name: str, count: int, kills: list[int]) -> Walk:
        """Index a new channel of `count` messages, killing the bot whenever so many files of it are stored."""
        world = self.load.world
        channel = world.add_channel(name, creator=self.load.admin.id, admins=[self.load.bot.id])
        past = make_past(world, channel, self.load.admin.id, count)
        before, started, left = self.files.estimated_document_count(), 0.0, list(kills)
        is_begun = is_over = False
        while not is_over:
            async with bot_process("bot.py", environ=self.environ) as process:
                if not is_begun:
                    is_begun, started = True, await self._begin(channel.id, past)
                is_over = await self._until(process, full_id=channel.full_id, files=before, kills=left)
        return self._judge(past, channel.full_id, kills, time.perf_counter() - started)

    async def _begin(self, channel_id: int, past: Past) -> float:
        await self.load.datacenter.recorder.wait_call("bots.SetBotCommands", timeout=_PATIENCE_S)
        self.admin.say(f"https://t.me/c/{channel_id}/{past.last.id}")
        offer = await self.admin.wait_message(containing="Index ", timeout=_PATIENCE_S)
        started = time.perf_counter()
        await self.admin.press(offer, "Start")
        return started

    async def _until(self, process: Process, *, full_id: int, files: int, kills: list[int]) -> bool:
        """Return when the job is done: True; or when it is time to kill: False, and it is done."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                if kills and self.files.estimated_document_count() - files >= kills[0]:
                    kills.pop(0)
                    process.kill()
                    await process.wait()
                    return False
                job = self.jobs.find_one({"_id": full_id})
                if job is not None and job["state"] == "done":
                    return True
                await asyncio.sleep(0.001 if kills else 0.05)

    def _judge(self, past: Past, full_id: int, kills: list[int], seconds: float) -> Walk:
        job = self.jobs.find_one({"_id": full_id})
        stored = list(self.files.find({"src.ch": full_id}))
        problems = ["there is no job"] if job is None else find_problems(past, stored, job)
        return Walk(past.last.id, past.files, kills, seconds, problems)


async def _measure(posts: int, kills: int, seed: int, folder: Path) -> list[Walk]:
    with MongoServer() as mongo, ValkeyServer() as valkey:
        load = Load()
        await load.datacenter.start()
        environ = bot_environment(load, folder, mongo, valkey, DATABASE_NAME=_DATABASE)
        stage = _Stage(load, environ, mongo)
        moments = sorted(random.Random(seed).sample(range(1, posts // 2), kills))
        try:
            return [await stage.walk("Killed", posts, moments), await stage.walk("Undisturbed", posts, [])]
        finally:
            stage.admin.close()
            await load.datacenter.stop()


def _report(walks: list[Walk]) -> int:
    """Print what happened and judge it; returns the exit code."""
    killed, undisturbed = walks
    rate = undisturbed.posts / undisturbed.seconds
    for walk in walks:
        kills = f"killed at {walk.killed_at} files" if walk.killed_at else "undisturbed"
        print(f"{walk.posts:,} messages, {walk.files:,} files, {kills}: {walk.seconds:.1f} s")
        for problem in walk.problems[:20]:
            print(f"  WRONG: {problem}")
    met = rate >= _MIN_RATE and not killed.problems and not undisturbed.problems
    verdict = f"{rate:,.0f} messages a second undisturbed (at least {_MIN_RATE:,.0f})"
    return conclude("backfill", [asdict(walk) for walk in walks], met=met, verdict=verdict)


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        walks = runner.run(_measure(flags.posts, flags.kills, flags.seed, Path(folder)))
    return _report(walks)


if __name__ == "__main__":
    sys.exit(main())
