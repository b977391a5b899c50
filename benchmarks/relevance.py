"""Whether a search finds what people mean: titles as they are typed and mistyped, in a library of any size.

python -m benchmarks.relevance [--files N] [--cases K] [--seed S] [--failures]

A library with a fixed seed, in eight scripts, is written in batches of 200 through our own repository, and asked for
titles by our own search, end to end; what is right is known from how the library was made. A second library is the
demo's, which is asked hand-written queries. Every row is a share of right answers; exits with 1 when one is below its
target. --failures prints up to five wrong answers of each row. A machine that is so busy that searches are cut makes
them wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import uvloop

from benchmarks.conclusion import conclude
from benchmarks.corpus import EIGHT_SCRIPTS, SEED
from benchmarks.relevance_cases import episodes, known_items, orders, other_letters
from benchmarks.relevance_demo import demo_files, demo_rows
from benchmarks.relevance_draw import Draw
from benchmarks.relevance_library import Library, TitledCorpus
from benchmarks.relevance_mistakes import prefixes, spacings, typos
from benchmarks.relevance_rows import ask
from benchmarks.relevance_search import AskedSearch
from benchmarks.search import RoomyMongoServer
from tests.fixtures.servers import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from benchmarks.relevance_rows import Result, Row
    from core.domain.media import NewMedia

_BATCH = 200
_SHOWN = 5
_PLANTED_A_CASE = 2  # many of them are titles of newer files as well


async def run(flags: argparse.Namespace) -> list[Result]:
    """Fill and ask both libraries."""
    library = Library()
    async with _opened("relevance") as searched:
        started = time.perf_counter()
        await _fill(searched, _counted(flags, library))
        draw = Draw(library, flags.cases, flags.seed)
        rows = [
            row
            for make in (known_items, typos, prefixes, orders, other_letters, spacings, episodes)
            for row in make(draw)
        ]
        print(f"{flags.files} files written and counted in {time.perf_counter() - started:.0f} s")
        results = await _ask(rows, searched, flags)
    async with _opened("demo") as searched:
        await _fill(searched, demo_files())
        return results + await _ask(demo_rows(), searched, flags)


@asynccontextmanager
async def _opened(database: str) -> AsyncIterator[AskedSearch]:
    """A search with servers of its own, so that nothing is known of another library."""
    async with AsyncExitStack() as closing:
        mongo, valkey = closing.enter_context(RoomyMongoServer()), closing.enter_context(ValkeyServer())
        searched = await AskedSearch(mongo.uri, valkey.uri, database, database).open()
        closing.push_async_callback(searched.close)
        yield searched


def _counted(flags: argparse.Namespace, library: Library) -> Iterator[NewMedia]:
    """The files, which are counted as they pass; those to be buried come first, in addition."""
    corpus = TitledCorpus(flags.seed, EIGHT_SCRIPTS)
    for file, post in chain(corpus.planted(_PLANTED_A_CASE * flags.cases), islice(corpus.posts(), flags.files)):
        library.add(post)
        yield file


async def _fill(searched: AskedSearch, files: Iterable[NewMedia]) -> None:
    pending = iter(files)
    while batch := list(islice(pending, _BATCH)):
        await searched.store(batch)


async def _ask(rows: Iterable[Row], searched: AskedSearch, flags: argparse.Namespace) -> list[Result]:
    results = []
    for row in rows:
        results.append(await ask(row, searched))
        _print(results[-1], shown=_SHOWN if flags.failures else 0)
    return results


def _print(result: Result, shown: int) -> None:
    row = result.row
    share = f"{result.share:.3f}" if row.cases else "-"
    target = "not judged" if row.target is None else f"target >= {row.target}"
    left_out = f"   {row.left_out} left out" if row.left_out else ""
    print(f"{row.name:<60}{len(row.cases):>6}{share:>8}   {target}{'' if result.is_met else '   MISSED'}{left_out}")
    for miss in result.misses[:shown]:
        print(f"      {miss.text!r}: {miss.told}")


def _conclude(flags: argparse.Namespace, results: Sequence[Result]) -> int:
    """Judge everything; returns the exit code."""
    met = all(result.is_met for result in results)
    missed = sum(not result.is_met for result in results)
    verdict = "all targets met" if met else f"{missed} TARGETS MISSED"
    written = {"files": flags.files, "seed": flags.seed, "met": met, "rows": [_as_json(result) for result in results]}
    return conclude(f"relevance_{flags.files}", written, met=met, verdict=verdict)


def _as_json(result: Result) -> dict[str, Any]:
    row = result.row
    return {
        "name": row.name,
        "cases": len(row.cases),
        "left_out": row.left_out,
        "share": result.share,
        "target": row.target,
        "met": result.is_met,
        "misses": [miss._asdict() for miss in result.misses],
    }


def main() -> int:
    """Fill, ask and judge."""
    parser = argparse.ArgumentParser(description="Whether a search finds what people mean.")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--cases", type=int, default=250, help="of each row, at most")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--failures", action="store_true", help="print up to five wrong answers of each row")
    flags = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return _conclude(flags, runner.run(run(flags)))


if __name__ == "__main__":
    sys.exit(main())
