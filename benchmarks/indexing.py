"""Twenty thousand posts in a minute: how soon they are found, and what the bot is like meanwhile.

python -m benchmarks.indexing [--posts N] [--seconds S] [--wave N]

The data centre is in this process, the bot in one of its own, MongoDB and Valkey are real. The posts come in waves, so
that the bot's queues overflow, and stand in one channel, whose record is read where the queue had no room. A reader
searches all the while. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pymongo
import uvloop

from benchmarks.bot_process import bot_environment, bot_process
from benchmarks.conclusion import conclude
from benchmarks.corpus import EIGHT_SCRIPTS, SEED, Corpus
from benchmarks.indexing_costs import Costs, measure_costs
from benchmarks.load import PATIENCE_S, Load
from sandbox.seen import seen_of
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sandbox.world.delivery import Happening

_DATABASE = "indexing"
_MAX_BEHIND_S, _MAX_P99_MS, _MAX_LAG_MS, _MAX_ALERTS, _MAX_GROWTH = 120.0, 50.0, 250.0, 1, 60_000_000
_LOOK_S = 0.1
_SAMPLE_S = 5.0
_ALERT = "More is posted than I can store"


@dataclass
class Watch:
    """What was seen of the bot while it indexed.

    Attributes:
        rest_p99_ms: lateness of its event loop before the flood, which is what the machine itself costs.
        p99_ms, max_ms: the same in the worst minute of it.
        memory: (before, highest, afterwards) resident bytes.
        depth: most posts that waited in its queues.
        searches_ms: how long a reader's searches took.
        alerts: notices of a full queue.
    """

    rest_p99_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    memory: tuple[int, int, int] = (0, 0, 0)
    depth: int = 0
    searches_ms: list[float] = field(default_factory=list)
    alerts: int = 0

    def add(self, report: dict[str, Any]) -> None:
        """Take in one answer of /performance."""
        self.p99_ms = max(self.p99_ms, report["loop_lag_p99_ms"])
        self.max_ms = max(self.max_ms, report["loop_lag_max_ms"])
        self.depth = max(self.depth, report["indexing_queue"])
        before, highest, _ = self.memory
        now = report["memory_rss_bytes"]
        self.memory = (before or now, max(highest, now), now)


@dataclass(frozen=True)
class Run:
    """One flood of posts.

    Attributes:
        posted_s: from the first post to the last.
        behind_s: from the last post until every one can be found.
        rate: posts a second from the wire to the library, over all of that time.
        busiest: most posts that were stored within one second.
        missing: posts that are not in the library.
        found: whether a search finds the last of them.
    """

    posts: int
    posted_s: float
    behind_s: float
    rate: float
    busiest: float
    missing: int
    found: bool


class Flood:
    """A bot under a flood of posts."""

    def __init__(self, load: Load, mongo: MongoServer, http: str, watch: Watch) -> None:
        self._load = load
        self._client = pymongo.MongoClient[dict[str, object]](mongo.uri)
        self._files = self._client[_DATABASE]["media_files"]
        self._http = http
        self._watch = watch
        load.world.observe(load.admin.id, self._see)

    async def run(self, posts: int, seconds: float, wave: int) -> Run:
        """Post everything, and wait until all of it can be found."""
        names = [media.name for media in islice(Corpus(SEED, EIGHT_SCRIPTS).files(), posts - 1)]
        names.append("Zyxwvut The Very Last.mkv")
        watching = asyncio.create_task(self._watch_bot())
        counting = asyncio.create_task(self._busiest(posts))
        started = time.perf_counter()
        await self._post(names, seconds, wave)
        posted = time.perf_counter()
        busiest = await counting
        done = time.perf_counter()
        found = await self._search("zyxwvut")
        watching.cancel()
        self._watch.add(await self._report())
        return Run(
            posts,
            posted - started,
            done - posted,
            posts / (done - started),
            busiest,
            posts - self._files.estimated_document_count(),
            found,
        )

    async def settle(self) -> None:
        """Begin when the bot has come to rest, and take its memory as what it is before."""
        await self._search("warm up")
        await asyncio.sleep(_SAMPLE_S)
        before = await self._report()
        self._watch.add(before)
        self._watch.rest_p99_ms = before["loop_lag_p99_ms"]

    async def _post(self, names: Sequence[str], seconds: float, wave: int) -> None:
        """Waves at even distances; the posts of one follow each other as fast as the wire takes them."""
        started = time.perf_counter()
        pause = seconds * wave / len(names)
        for number, first in enumerate(range(0, len(names), wave), start=1):
            for count, name in enumerate(names[first : first + wave]):
                self._load.post(name, 1000 + first + count)
                if count % 20 == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(max(0.0, started + number * pause - time.perf_counter()))

    async def _busiest(self, posts: int) -> float:
        """Wait until everything is stored; the most that was stored within a second."""
        seen: list[tuple[float, int]] = []
        best = 0.0
        ends = time.perf_counter() + 60 + _MAX_BEHIND_S * 2
        while time.perf_counter() < ends:
            now, count = time.perf_counter(), self._files.estimated_document_count()
            seen.append((now, count))
            earlier = next((entry for entry in seen if entry[0] >= now - 1.0), seen[0])
            if now - earlier[0] > 0.5:
                best = max(best, (count - earlier[1]) / (now - earlier[0]))
            if count >= posts:
                break
            await asyncio.sleep(_LOOK_S)
        return best

    async def _watch_bot(self) -> None:
        while True:
            self._watch.add(await self._report())
            started = time.perf_counter()
            await self._search("film")
            self._watch.searches_ms.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(_SAMPLE_S)

    async def _search(self, words: str) -> bool:
        return (await self._load.ask(self._load.readers[0], words)).body.markup is not None

    async def _report(self) -> dict[str, Any]:
        async with aiohttp.ClientSession() as http, http.get(f"{self._http}/performance") as answer:
            report: dict[str, Any] = await answer.json()
            return report

    def _see(self, happening: Happening) -> None:
        if happening.message is not None and _ALERT in seen_of(happening.message).text:
            self._watch.alerts += 1


@asynccontextmanager
async def _bot(load: Load, mongo: MongoServer, valkey: ValkeyServer, folder: Path) -> AsyncIterator[str]:
    """The bot as `python bot.py`; yields where its sidecar is."""
    log = folder / "bot.log"
    further = {
        "DATABASE_NAME": _DATABASE,
        "RATE_GLOBAL_BURST": "1000000",
        "LOG_FORMAT": "json",
        "HTTP_HOST": "127.0.0.1",
    }
    environ = bot_environment(load, folder, mongo, valkey, **further)
    with log.open("wb") as output:
        async with bot_process("bot.py", environ=environ, log=output):
            await load.wait_for_bot()
            await asyncio.to_thread(wait_ready, log)
            yield str(entry_of_log(log, "ready")["http"])


def wait_ready(log: Path) -> None:
    """Wait until the bot is ready and knows its channels."""
    ends = time.monotonic() + PATIENCE_S
    while entry_of_log(log, "index_list_loaded") == {} or entry_of_log(log, "ready") == {}:
        if time.monotonic() > ends:
            raise TimeoutError(log.read_text()[-2000:])
        time.sleep(_LOOK_S)


def entry_of_log(log: Path, event: str) -> dict[str, object]:
    """The first entry of a log with this event; empty when there is none."""
    for line in log.read_bytes().splitlines():
        if line.startswith(b"{") and (entry := orjson.loads(line)).get("event") == event:
            return dict(entry)
    return {}


async def run(posts: int, seconds: float, wave: int) -> tuple[Run, Watch, Costs]:
    """The flood, then the parts by themselves."""
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="file-filter-bench-") as name, MongoServer() as mongo:
        with ValkeyServer() as valkey:
            load = Load()
            await load.datacenter.start()
            load.world.says(load.admin.id, load.bot.id, "/start")
            try:
                async with _bot(load, mongo, valkey, Path(name)) as http:
                    flood = Flood(load, mongo, http, watch)
                    await flood.settle()
                    flooded = await flood.run(posts, seconds, wave)
            finally:
                await load.datacenter.stop()
        return flooded, watch, await measure_costs(mongo)


def report(flooded: Run, watch: Watch, costs: Costs) -> int:
    """Print the table and judge it; returns the exit code."""
    before, highest, after = watch.memory
    rows = [
        ("searchable after the last post, s", flooded.behind_s, _MAX_BEHIND_S),
        ("loop lag p99 of the worst minute, ms", watch.p99_ms, _MAX_P99_MS),
        ("loop lag max, ms", watch.max_ms, _MAX_LAG_MS),
        ("alerts", watch.alerts, _MAX_ALERTS),
        ("memory growth, MB", (highest - before) / 1e6, _MAX_GROWTH / 1e6),
        ("missing", flooded.missing, 0),
    ]
    print(f"{flooded.posts} posts in {flooded.posted_s:.1f} s, at most {watch.depth} waiting in the queues")
    for name, value, target in rows:
        print(f"{name:<42}{value:>10.1f}   target <= {target:g}{'' if value <= target else '   MISSED'}")
    print(f"loop lag p99 at rest, on this machine now: {watch.rest_p99_ms:.1f} ms")
    print(f"the last one is found: {flooded.found}")
    print(f"posts a second, wire to library: {flooded.rate:.0f}; in the busiest second {flooded.busiest:.0f}")
    slowest = max(watch.searches_ms, default=0.0)
    print(f"slowest of {len(watch.searches_ms)} searches meanwhile: {slowest:.0f} ms")
    print(f"memory before, at most, afterwards: {before / 1e6:.0f}, {highest / 1e6:.0f}, {after / 1e6:.0f} MB")
    print("microseconds a post: " + ", ".join(f"{name} {value:.0f}" for name, value in asdict(costs).items()))
    print(f"one by one against batches of 50: {costs.one_by_one / costs.database:.1f} times the time in the database")
    met = all(value <= target for _, value, target in rows) and flooded.found
    result = {"run": asdict(flooded), "watch": asdict(watch), "costs_us": asdict(costs), "met": met}
    return conclude("indexing", result, met=met)


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description="Posts from the wire to the library, in a flood.")
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--wave", type=int, default=2_000)
    flags = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return report(*runner.run(run(flags.posts, flags.seconds, flags.wave)))


if __name__ == "__main__":
    sys.exit(main())
