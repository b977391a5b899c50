"""One message to three thousand people under flood control, while twenty readers search and fetch.

python -m benchmarks.broadcast [--people N] [--alone S]

The data centre is in this process and limits what a bot may send as Telegram does, the bot is in a process of its own
with its ordinary budget, MongoDB and Valkey are real. Everybody starts the bot first, without budget and limits, which
saves time. Then readers live alone for half of `--alone`, then while an admin's /broadcast runs, confirmed by the
admin's press, then alone again. Files are deleted after a while, as by default, so each brings a notice that takes a
turn of its own. Exits with 1 when a target is missed.

How much the processors had to do is shown beside the readers' waits: the targets are for a machine that has nothing
else to do, and a busy one makes everybody wait, whoever sends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pymongo
import uvloop

from benchmarks.bot_process import bot_environment, bot_process, wait_until
from benchmarks.broadcast_parts import Watch, p95, show
from benchmarks.broadcast_town import Readers, Town
from benchmarks.conclusion import conclude
from benchmarks.indexing import entry_of_log, wait_ready
from benchmarks.load import PATIENCE_S, Load
from handlers.buttons import ConfirmBroadcast
from sandbox.actor import Actor
from sandbox.demo_library import load_library
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from benchmarks.broadcast_parts import Part
    from sandbox.seen import Seen

_DATABASE = "broadcast"
_READERS = 20
_TELEGRAM_RATE = 30
_MIN_RATE, _MIN_SHARE, _MAX_P95_RATIO = 26.0, 0.9, 2.0
_TEXT = "On Saturday the library moves to a larger house. Searching and fetching go on as ever."
_ROOM = {"RATE_GLOBAL_BURST": "1000000", "NON_PREMIUM_DAILY_LIMIT": "1000", "LOG_FORMAT": "json"}
_SLOWEST_RATE = 10


@dataclass(frozen=True)
class Measurement:
    """What came of one run.

    Attributes:
        rate: messages of the broadcast a second, from the admin's confirmation to the last one.
        total_rate: everything the bot sent in that time, a second.
        flood_waits: calls that were refused after the first second, by whatever rule.
        unanswered: readers' steps without an answer.
        not_once: people who did not get the message exactly once.
        before, during, after: the readers' lives, with the broadcast in the middle.
    """

    people: int
    seconds: float
    rate: float
    total_rate: float
    flood_waits: int
    unanswered: int
    not_once: int
    before: Part
    during: Part
    after: Part

    @property
    def waits_alone_ms(self) -> list[float]:
        """How long readers waited for a page or a file without the broadcast, ascending."""
        return sorted([*self.before.waits_ms, *self.after.waits_ms])

    @property
    def waits_beside_ms(self) -> list[float]:
        """The same while it ran."""
        return sorted(self.during.waits_ms)


class Bench:
    """A town, its bot and its servers."""

    def __init__(self, folder: Path, mongo: MongoServer, valkey: ValkeyServer, people: int) -> None:
        self._folder = folder
        self._mongo = mongo
        self._valkey = valkey
        self.load = Load()
        self.town = Town(self.load, people)
        self.readers = Readers(self.load, _READERS, _queries())
        self._http = ""
        self._bot_pid = self._refused = 0
        self._started = 0.0

    async def prepare(self) -> None:
        """Fill the library, and let everybody start the bot."""
        async with self._bot(SEND_BUDGET="false"):
            items = [item for item in load_library() if item.kind != "photo"]
            for item in items:
                self.load.post(item.file_name, item.size)
            await self.town.join()
            await self._indexed(len(items))

    async def measure(self, alone_s: float) -> Measurement:
        """Let readers live alone, then with the broadcast, then alone again: no machine is always equally busy."""
        flood_control = self.load.datacenter.trouble.flood_control
        flood_control.enable()
        async with self._bot(SEND_BUDGET="true"):
            _be_punctual()
            watch = Watch({"bot": self._bot_pid, "data centre": os.getpid(), "mongod": self._mongo.pid})
            lives = [asyncio.create_task(work) for work in (self.readers.live(), watch.run())]
            before = await self._part(watch, asyncio.sleep(alone_s / 2))
            during = await self._part(watch, self._broadcast())
            after = await self._part(watch, asyncio.sleep(alone_s / 2))
            for task in lives:
                task.cancel()
        ended = self.town.arrivals[-1]
        seconds = ended - self._started
        return Measurement(
            people=len(self.town.people),
            seconds=seconds,
            rate=self.town.reached / seconds,
            total_rate=sum(self._started <= at <= ended for at in self.town.sent) / seconds,
            flood_waits=flood_control.refused.total() - self._refused,
            unanswered=self.readers.unanswered,
            not_once=sum(copies != 1 for copies in self.town.copies),
            before=before,
            during=during,
            after=after,
        )

    async def _part(self, watch: Watch, until: Awaitable[None]) -> Part:
        earlier = await self._metrics()
        waits: list[tuple[str, float]] = []
        self.readers.waits_s = waits
        await until
        return watch.part(waits, earlier, await self._metrics())

    async def _broadcast(self) -> None:
        """From the admin's reply until everybody has the message."""
        await self._start(Actor(self.load.world, self.load.admin.id, self.load.bot.id))
        await asyncio.sleep(1.0)
        self._refused = self.load.datacenter.trouble.flood_control.refused.total()
        patience_s = PATIENCE_S + len(self.town.people) / _SLOWEST_RATE
        await wait_until(lambda: self.town.reached == len(self.town.people), patience_s)

    async def _start(self, admin: Actor) -> None:
        """Broadcast as the admin does: a reply, a look at the preview, a press."""
        original = admin.say(_TEXT)
        admin.say("/broadcast", reply_to=original)
        question = await admin.wait_message(lambda seen: _confirmation(seen) is not None, timeout=PATIENCE_S)
        self.town.expect(_TEXT)
        self._started = time.perf_counter()
        await admin.press(question, data=_confirmation(question))

    async def _indexed(self, expected: int) -> None:
        with pymongo.MongoClient[dict[str, object]](self._mongo.uri) as client:
            files = client[_DATABASE]["media_files"]
            if not await wait_until(lambda: files.estimated_document_count() >= expected, PATIENCE_S):
                raise TimeoutError("the library was not indexed")

    async def _metrics(self) -> str:
        async with aiohttp.ClientSession() as http, http.get(f"{self._http}/metrics") as answer:
            return await answer.text()

    @asynccontextmanager
    async def _bot(self, **further: str) -> AsyncIterator[None]:
        """The bot as `python bot.py`, ready."""
        log = self._folder / f"bot-{further['SEND_BUDGET']}.log"
        environ = bot_environment(self.load, self._folder, self._mongo, self._valkey, DATABASE_NAME=_DATABASE, **_ROOM)
        with log.open("wb") as output:
            async with bot_process("bot.py", environ=environ | further, log=output) as process:
                self._bot_pid = process.pid
                await asyncio.to_thread(wait_ready, log)
                self.load.datacenter.recorder.recording = False
                self._http = str(entry_of_log(log, "ready")["http"])
                yield


def _be_punctual() -> None:
    """Run before other programs, where that is allowed: Telegram does not stand still while this machine is busy.

    A data centre that is given no time for a tenth of a second takes what arrived meanwhile for a burst. The bot, which
    is measured, has been started before and gets no such favour.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)


def _confirmation(seen: Seen) -> bytes | None:
    """What the button carries that lets a broadcast begin; None for any other message."""
    data = (button.data for row in seen.buttons for button in row)
    return next((found for found in data if ConfirmBroadcast.matches(found)), None)


def _queries() -> list[str]:
    """Two words of every title that has them, as a reader would type."""
    names = [
        item.file_name.rpartition(".")[0].replace(".", " ").split() for item in load_library() if item.kind != "photo"
    ]
    return [" ".join(words[:2]) for words in names if len(words) > 1 and words[0] != "/"]


async def run(people: int, alone_s: float) -> Measurement:
    """One town, from its founding to the last message."""
    with (
        tempfile.TemporaryDirectory(prefix="file-filter-bench-") as name,
        MongoServer() as mongo,
        ValkeyServer() as valkey,
    ):
        bench = Bench(Path(name), mongo, valkey, people)
        await bench.load.datacenter.start()
        try:
            await bench.prepare()
            return await bench.measure(alone_s)
        finally:
            await bench.load.datacenter.stop()


def report(found: Measurement) -> int:
    """Print the table and judge it; returns the exit code."""
    alone_ms, beside_ms = found.waits_alone_ms, found.waits_beside_ms
    ratio = p95(beside_ms) / p95(alone_ms)
    rows = [
        ("messages of the broadcast a second", found.rate, ">=", _MIN_RATE),
        ("everything sent a second", found.total_rate, ">=", _MIN_SHARE * _TELEGRAM_RATE),
        ("FLOOD_WAITs after the first second", found.flood_waits, "<=", 0),
        ("readers' p95, during the broadcast / without it", ratio, "<=", _MAX_P95_RATIO),
        ("answers that waited more than 1 s for a turn", found.during.long_turns, "<=", 0),
        ("steps of readers without an answer", found.unanswered, "<=", 0),
        ("people who did not get it exactly once", found.not_once, "<=", 0),
    ]
    print(f"{found.people} people in {found.seconds:.1f} s")
    met = True
    for name, value, sign, target in rows:
        is_met = value >= target if sign == ">=" else value <= target
        met = met and is_met
        print(f"{name:<46}{value:>10.2f}   target {sign} {target:g}{'' if is_met else '   MISSED'}")
    for title, waits_ms in (("without it", alone_ms), ("during it", beside_ms)):
        shown = f"p50 {statistics.median(waits_ms):.0f}, p95 {p95(waits_ms):.0f}, longest {waits_ms[-1]:.0f} ms"
        print(f"readers {title}: {len(waits_ms)} steps, {shown}")
    show(found.before, found.during, found.after)
    result = {"run": asdict(found), "p95_ratio": ratio, "met": met}
    return conclude("broadcast", result, met=met)


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description="A broadcast under flood control, beside readers.")
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--alone", type=float, default=120.0)
    flags = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return report(runner.run(run(flags.people, flags.alone)))


if __name__ == "__main__":
    sys.exit(main())
