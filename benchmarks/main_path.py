"""Searches answered a second, against the replies of an echo bot on bare pyrofork.

python -m benchmarks.main_path [--messages N] [--runs N]

Data centre and bot are two processes; readers are injected by the data centre. Flood control is off and so is the bot's
budget of sends, which would let 28 answers a second go. MongoDB and Valkey are real. Both bots take turns in one run,
so that a busy machine slows both. While the searches run, posts go into the channel; each must be in the database
afterwards. Exits with 1 when a target is missed. The tuned echo is there for comparison only: it shows how much of an
answer's cost is this bot's own.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pymongo
import uvloop

from benchmarks.bot_process import bot_environment, bot_process, wait_until
from benchmarks.conclusion import conclude
from benchmarks.load import PATIENCE_S, TOKEN, Load
from sandbox.demo_library import load_library
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Sequence

_DATABASE = "main_path"
_NO_FLOOD_CONTROL = {"RATE_GLOBAL_BURST": "1000000", "RATE_CALLBACK_BURST": "10000"}
_MIN_RATE_RATIO = 0.25
_MAX_P99_RATIO = 10.0


@dataclass(frozen=True)
class Measurement:
    """One run of one bot.

    Attributes:
        rate: answers a second.
        p50_ms, p99_ms: from the message to its answer, with `WINDOW` messages under way.
        errors: answers that are not what was asked for.
        missing: posts that are not in the database.
    """

    bot: str
    rate: float
    p50_ms: float
    p99_ms: float
    errors: int
    missing: int


async def _missing(mongo: MongoServer, expected: int) -> int:
    """Number of files missing from the database, after patience."""
    with pymongo.MongoClient[dict[str, object]](mongo.uri) as client:
        files = client[_DATABASE]["media_files"]
        await wait_until(lambda: files.estimated_document_count() >= expected, PATIENCE_S)
        return expected - files.estimated_document_count()


def _summary(bot: str, seconds: float, took: list[float], errors: int, missing: int) -> Measurement:
    took.sort()
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    return Measurement(bot, len(took) / seconds, statistics.median(took) * 1000, p99 * 1000, errors, missing)


async def _measure_search(queries: Sequence[str], messages: int, folder: Path) -> Measurement:
    """Fill the library through the wire, then search it while posts go on."""
    with MongoServer() as mongo, ValkeyServer() as valkey:
        load = Load()
        await load.datacenter.start()
        environ = bot_environment(load, folder, mongo, valkey, DATABASE_NAME=_DATABASE, **_NO_FLOOD_CONTROL)
        try:
            async with bot_process("bot.py", environ=environ):
                await load.wait_for_bot()
                await asyncio.gather(*(load.ask(reader, "/help") for reader in load.readers))
                items = [item for item in load_library() if item.kind != "photo"]
                for item in items:
                    load.post(item.file_name, item.size)
                await _missing(mongo, len(items))
                texts = [text for text, _ in zip(cycle(queries), range(messages), strict=False)]
                seconds, took, answers = await load.run(texts, posting=True)
                posted = load.world.channels[load.channel.id].history
                missing = await _missing(mongo, len(posted))
                errors = sum(answer.body.markup is None for _, answer in answers)
                return _summary("search", seconds, took, errors, missing)
        finally:
            await load.datacenter.stop()


async def _measure_echo(queries: Sequence[str], messages: int, folder: Path, *flags: str) -> Measurement:
    load = Load()
    await load.datacenter.start()
    key_file = load.write_key(folder)
    address = f"{load.datacenter.host}:{load.datacenter.port}"
    try:
        async with bot_process("-m", "benchmarks.echo_bot", address, str(key_file), TOKEN, *flags):
            await load.wait_for_bot()
            await asyncio.gather(*(load.ask(reader, "warm up") for reader in load.readers))
            texts = [text for text, _ in zip(cycle(queries), range(messages), strict=False)]
            seconds, took, answers = await load.run(texts, posting=False)
            errors = sum(answer.body.text != text for text, answer in answers)
            return _summary("tuned echo" if flags else "echo", seconds, took, errors, 0)
    finally:
        await load.datacenter.stop()


def _queries() -> list[str]:
    """Two words of every title that has them, as a reader would type."""
    names = [
        item.file_name.rpartition(".")[0].replace(".", " ").split() for item in load_library() if item.kind != "photo"
    ]
    return [" ".join(words[:2]) for words in names if len(words) > 1 and words[0] != "/"]


async def run(messages: int, runs: int) -> list[Measurement]:
    """Both bots in turns."""
    queries = _queries()
    measured = []
    with tempfile.TemporaryDirectory(prefix="file-filter-bench-") as name:
        for _ in range(runs):
            measured.append(await _measure_echo(queries, messages, Path(name)))
            measured.append(await _measure_echo(queries, messages, Path(name), "--tuned"))
            measured.append(await _measure_search(queries, messages, Path(name)))
            (Path(name) / "bot.session").unlink(missing_ok=True)
    return measured


def report(measured: Sequence[Measurement]) -> int:
    """Print the table and judge it; returns the exit code."""
    print(f"{'bot':<12}{'answers/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'errors':>8}{'missing':>9}")
    for m in measured:
        print(f"{m.bot:<12}{m.rate:>12.1f}{m.p50_ms:>10.1f}{m.p99_ms:>10.1f}{m.errors:>8}{m.missing:>9}")
    rates = {
        bot: statistics.median(m.rate for m in measured if m.bot == bot) for bot in ("echo", "tuned echo", "search")
    }
    p99s = {bot: statistics.median(m.p99_ms for m in measured if m.bot == bot) for bot in ("echo", "search")}
    rate_ratio, p99_ratio = rates["search"] / rates["echo"], p99s["search"] / p99s["echo"]
    faults = sum(m.errors + m.missing for m in measured)
    met = rate_ratio >= _MIN_RATE_RATIO and p99_ratio <= _MAX_P99_RATIO and faults == 0
    print(f"rate: search / echo   {rate_ratio:6.3f}   target >= {_MIN_RATE_RATIO}")
    print(f"rate: search / tuned  {rates['search'] / rates['tuned echo']:6.3f}   for comparison")
    print(f"p99: search / echo    {p99_ratio:6.2f}   target <= {_MAX_P99_RATIO}")
    print(f"errors and missing    {faults:6}   target 0")
    result = {"runs": [asdict(m) for m in measured], "rate_ratio": rate_ratio, "p99_ratio": p99_ratio, "met": met}
    return conclude("main_path", result, met=met)


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description="Searches answered a second against an echo bot's replies.")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    flags = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return report(runner.run(run(flags.messages, flags.runs)))


if __name__ == "__main__":
    sys.exit(main())
