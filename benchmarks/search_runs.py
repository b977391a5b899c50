"""Writing and searching with several engines in turns, so that a busy machine slows all of them."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, islice
from random import Random
from typing import TYPE_CHECKING

from benchmarks.corpus import EIGHT_SCRIPTS, Corpus
from benchmarks.search_report import Timings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.search_engines import Engine, OwnSearch
    from benchmarks.search_queries import MixedQuery
    from core.domain.media import NewMedia

CLIENTS = 50

_BATCH = 200
_MIXED_BATCHES = 10
_COUNTED = 100_000
_WARMING = 5
_DEEP_PAGE = 100
UNKNOWN, WITH_NAMES = "0 % known", "0 % known, names read too"
_SHARES = {UNKNOWN: 0, "50 % known": _BATCH // 2, "100 % known": _BATCH}


@dataclass(frozen=True)
class Filled:
    """A library that was written.

    Attributes:
        first: its first files, which queries are made from.
        inserts: files a second by engine and share of known files.
    """

    first: Sequence[NewMedia]
    inserts: dict[str, dict[str, float]]


async def fill(engines: Sequence[Engine], files: int, seed: int) -> Filled:
    """Write the same batches with every engine in turns; the last of them mix new files with known ones."""
    posts = islice(Corpus(seed, EIGHT_SCRIPTS).files(), files)
    first = list(islice(posts, min(files, _COUNTED)))
    spent: dict[str, dict[str, float]] = {engine.name: defaultdict(float) for engine in engines}
    offered: dict[str, int] = defaultdict(int)
    for number, (share, batch) in enumerate(_batches(first, posts, files, Random(seed))):
        offered[share] += len(batch)
        if share == UNKNOWN:
            offered[WITH_NAMES] += len(batch)
        for engine in (*engines[number % len(engines) :], *engines[: number % len(engines)]):
            started = time.perf_counter()
            prepared = engine.prepare(batch)
            read = time.perf_counter()
            await engine.save(prepared)
            spent[engine.name][share] += time.perf_counter() - read
            if share == UNKNOWN:
                spent[engine.name][WITH_NAMES] += time.perf_counter() - started
    rates = {name: {share: offered[share] / seconds for share, seconds in by.items()} for name, by in spent.items()}
    return Filled(first, rates)


def _batches(
    first: Sequence[NewMedia], posts: Iterator[NewMedia], files: int, random: Random
) -> Iterator[tuple[str, list[NewMedia]]]:
    """Every file once, in order, and some of the early ones again: (share of known files, batch)."""
    remaining = chain(first, posts)
    known = first[: len(first) // 2]
    new_files = files - _MIXED_BATCHES * (_BATCH // 2)
    plain = islice(remaining, new_files)
    while batch := list(islice(plain, _BATCH)):
        yield UNKNOWN, batch
    for share in ("50 % known", "100 % known"):
        for _ in range(_MIXED_BATCHES):
            repeated = random.sample(known, _SHARES[share])
            yield share, [*islice(remaining, _BATCH - len(repeated)), *repeated]


async def compare(
    engines: Sequence[Engine], queries: Sequence[MixedQuery], few: Sequence[MixedQuery], runs: int
) -> dict[str, Timings]:
    """Page 1 of every query, engine by engine in an order that changes; slow ones run only the `few`."""
    timings = {engine.name: Timings() for engine in engines}
    random, chosen = Random(len(queries)), set(few)
    for engine in engines:
        for query in queries[:_WARMING]:
            await engine.first_page(query.text)
    for _ in range(runs):
        for query in queries:
            for engine in random.sample(engines, len(engines)):
                if query in chosen or not engine.is_slow:
                    started = time.perf_counter()
                    answer = await engine.first_page(query.text)
                    timings[engine.name].add(query, time.perf_counter() - started, answer)
    for measured in timings.values():
        measured.average(runs)
    return timings


async def deep_pages(engine: OwnSearch, queries: Sequence[MixedQuery]) -> tuple[list[float], list[float]]:
    """Seconds for page 1 and for page 100 of every query that has so many files."""
    first, deep = [], []
    for query in queries:
        started = time.perf_counter()
        page = await engine.search(query.text)
        found = time.perf_counter()
        if page.pages >= _DEEP_PAGE:
            turned = await engine.turn(page, _DEEP_PAGE)
            deep.append(time.perf_counter() - found)
            first.append(found - started)
            if not turned.files:
                raise SystemExit(f"page {_DEEP_PAGE} of {query.text!r} is empty")
    return first, deep


async def time_of(engine: Engine, queries: Sequence[MixedQuery]) -> list[float]:
    """Seconds for page 1 of every query, refused ones too."""
    seconds = []
    for query in queries:
        started = time.perf_counter()
        await engine.first_page(query.text)
        seconds.append(time.perf_counter() - started)
    return seconds


async def many_clients(engine: Engine, queries: Sequence[MixedQuery], seconds: float) -> float:
    """Searches a second of 50 clients that each search all the time; whatever was begun is waited for and counted."""
    done = 0
    started = time.perf_counter()

    async def client(number: int) -> None:
        nonlocal done
        random = Random(number)
        while time.perf_counter() - started < seconds:
            await engine.first_page(random.choice(queries).text)
            done += 1

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return done / (time.perf_counter() - started)
