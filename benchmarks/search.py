"""Searching one library of any size, alone or against how other bots search the same names.

python -m benchmarks.search --files N [--peers] [--queries K] [--peer-queries K] [--seed S] [--seconds S]
python -m benchmarks.search --growth FEW MANY

A library with a fixed seed is written in batches of 200 through our own repository, and with --peers by every peer into
a database of its own with its own indexes. Eleven classes of queries then ask for page 1 with its total, engine by
engine in turns within one run, so that a busy machine slows all of them; nothing is remembered of searches on any side,
and the server's memory holds everything. With up to 200,000 files, 50 clients search at once as well. --growth asks
libraries of two sizes the same in turns. Exits with 1 when a target is missed; of a library below 100,000 files only
failed searches are.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import uvloop

from benchmarks.conclusion import MISSED, conclude
from benchmarks.corpus import SEED
from benchmarks.search_engines import OURS, OwnSearch, measure_sizes
from benchmarks.search_hostile import hostile_queries
from benchmarks.search_peers import PEERS, LeanReferenceBot
from benchmarks.search_queries import QueryMaker
from benchmarks.search_report import (
    JUDGED_FROM,
    classes,
    judge_deep_pages,
    judge_failures,
    judge_growth,
    judge_hostile,
    judge_pages,
    judge_rates,
    judge_storage,
    print_pages,
    print_targets,
    show_growth,
    unjudged,
)
from benchmarks.search_runs import CLIENTS, compare, deep_pages, fill, many_clients, time_of
from core.lifecycle import calm_the_garbage_collector
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.search_engines import Engine, Sizes
    from benchmarks.search_queries import MixedQuery
    from benchmarks.search_report import Target, Timings
    from benchmarks.search_runs import Filled

_MOST_FOR_CLIENTS = 200_000
_SLOW_PEERS_FROM = 1_000_000
_SLOW_PEER_QUERIES = 3
_RUNS_ALONE = 3
_SMALLER, _TIMES = ", a tenth", 10
_CROWDED = {"common word", "two common that meet"}
_CACHE_GB = "10"
_CHECKPOINT_S = "300"
_LATE_WRITES = "eviction_dirty_target=60,eviction_dirty_trigger=80"


class RoomyMongoServer(MongoServer):
    """Has memory for everything, which those who read whole collections need more than others."""

    def command(self) -> list[str]:
        """See `MongoServer`."""
        command = super().command()
        command[command.index("--wiredTigerCacheSizeGB") + 1] = _CACHE_GB
        return command


class PatientMongoServer(RoomyMongoServer):
    """Writes to disk when it has to, so that many files are stored within the hour; how fast is then only shown."""

    def command(self) -> list[str]:
        """See `MongoServer`."""
        return [*super().command(), "--syncdelay", _CHECKPOINT_S, "--wiredTigerEngineConfigString", _LATE_WRITES]


async def run_one_size(flags: argparse.Namespace, mongo: MongoServer, valkey: ValkeyServer) -> int:
    """One library, alone or with its peers; returns the exit code."""
    async with AsyncExitStack() as closing:
        engines = await _open_engines(closing, mongo, valkey, peers=flags.peers)
        own = engines[0]
        assert isinstance(own, OwnSearch)
        started = time.perf_counter()
        storing = [
            *engines,
            *(await _open_lean(closing, mongo) if flags.peers and flags.files <= _MOST_FOR_CLIENTS else ()),
        ]
        filled = await fill(storing, flags.files, flags.seed)
        print(f"{flags.files} files written {len(storing)} times in {time.perf_counter() - started:.0f} s")
        rooms = {engine.name: await asyncio.to_thread(measure_sizes, mongo.uri, engine) for engine in storing}
        _print_storage(rooms, filled)
        queries = QueryMaker(filled.first, flags.seed).make(flags.queries)
        calm_the_garbage_collector()  # as the bot does once its dictionary is loaded
        few = queries[: len(queries) // flags.queries * _peer_queries(flags)]
        smaller = await _open_smaller(closing, mongo, valkey, flags) if flags.files >= _SLOW_PEERS_FROM else []
        measured = await compare([*engines, *smaller], queries, few, 1 if flags.peers else _RUNS_ALONE)
        timings = {engine.name: measured[engine.name] for engine in engines}
        before = {engine.name.removesuffix(_SMALLER): measured[engine.name] for engine in smaller}
        print_pages(timings)
        print(f"{len(queries)} queries; peers run {len(few)} of them")
        common = [query for query in queries if query.kind in _CROWDED]
        first, deep = await deep_pages(own, common)
        hostile = await time_of(own, hostile_queries())
        rates = await _rates(engines, queries, flags) if flags.files <= _MOST_FOR_CLIENTS else {}
    targets = [*judge_failures(timings), *judge_deep_pages(first, deep), *judge_hostile(hostile, timings[OURS])]
    if before:
        targets += judge_growth((flags.files // _TIMES, before[OURS]), (flags.files, timings[OURS]))
        targets += show_growth((flags.files // _TIMES, before), (flags.files, timings))
    if flags.peers:
        storage = judge_storage(rooms, filled.inserts)
        storage = storage if flags.files < _SLOW_PEERS_FROM else unjudged(storage)
        further = [*judge_pages(flags.files, timings), *judge_rates(rates), *storage]
        targets += further if flags.files >= JUDGED_FROM else unjudged(further)
    sizes = {engine: room._asdict() for engine, room in rooms.items()}
    further_figures = {"searches_a_second": rates, "bytes_a_file": sizes, "inserts_a_second": filled.inserts}
    return _conclude(f"search_{flags.files}", timings, targets, further_figures)


async def run_two_sizes(flags: argparse.Namespace, mongo: MongoServer, valkey: ValkeyServer) -> int:
    """Two libraries that begin with the same files; returns the exit code."""
    few, many = sorted(flags.growth)
    async with AsyncExitStack() as closing:
        small, large = f"{few} files", f"{many} files"
        engines: list[Engine] = []
        for label, files in ((small, few), (large, many)):
            engine = await OwnSearch(mongo.uri, valkey.uri, f"ours_{files}", label).open()
            closing.push_async_callback(engine.close)
            filled = await fill([engine], files, flags.seed)
            if not engines:
                queries = QueryMaker(filled.first, flags.seed).make(flags.queries)
            engines.append(engine)
        timings = await compare(engines, queries, queries, _RUNS_ALONE)
    print_pages(timings)
    grown = judge_growth((few, timings[small]), (many, timings[large]))
    targets = [*judge_failures(timings), *(grown if few >= JUDGED_FROM else unjudged(grown))]
    return _conclude("search_growth", timings, targets, {})


async def _open_engines(
    closing: AsyncExitStack, mongo: MongoServer, valkey: ValkeyServer, *, peers: bool, label: str = ""
) -> list[Engine]:
    """Ours first; `label` is added to every name, so that engines can be opened twice."""
    databases = "smaller_" if label else ""
    engines: list[Engine] = [await OwnSearch(mongo.uri, valkey.uri, f"{databases}ours", OURS + label).open()]
    for peer in PEERS if peers else ():
        opened = await peer(mongo.uri, f"{databases}peer_{len(engines)}").open()
        opened.name += label
        engines.append(opened)
    for engine in engines:
        closing.push_async_callback(engine.close)
    return engines


async def _open_lean(closing: AsyncExitStack, mongo: MongoServer) -> list[Engine]:
    engine = await LeanReferenceBot(mongo.uri, "lean").open()
    closing.push_async_callback(engine.close)
    return [engine]


async def _open_smaller(
    closing: AsyncExitStack, mongo: MongoServer, valkey: ValkeyServer, flags: argparse.Namespace
) -> list[Engine]:
    """The same engines with the first tenth of the files: how all of them grow."""
    engines = await _open_engines(closing, mongo, valkey, peers=flags.peers, label=_SMALLER)
    await fill(engines, flags.files // _TIMES, flags.seed)
    return engines


def _peer_queries(flags: argparse.Namespace) -> int:
    """A class; peers need seconds each where files are many."""
    usual = _SLOW_PEER_QUERIES if flags.files >= _SLOW_PEERS_FROM else flags.queries
    return min(flags.queries, flags.peer_queries or usual)


async def _rates(
    engines: Sequence[Engine], queries: Sequence[MixedQuery], flags: argparse.Namespace
) -> dict[str, float]:
    rates: dict[str, float] = {}
    for engine in engines:
        rates[engine.name] = await many_clients(engine, queries, flags.seconds)
        print(f"{engine.name:<12}{rates[engine.name]:>9.1f} searches a second with {CLIENTS} clients")
    return rates


def _print_storage(rooms: Mapping[str, Sizes], filled: Filled) -> None:
    for name, room in rooms.items():
        inserts = ", ".join(f"{share}: {rate:,.0f}" for share, rate in filled.inserts[name].items())
        taken = f"{room.stored:>7.0f} bytes a file, {room.reusable:.0f} of them reusable"
        print(f"{name:<12}{taken}   stored a second, {inserts}")


def _conclude(name: str, timings: Mapping[str, Timings], targets: Sequence[Target], further: Mapping[str, Any]) -> int:
    """Print the targets and judge everything; returns the exit code."""
    met = print_targets(targets)
    judged = sum(target.limit is not None for target in targets)
    verdict = f"all targets met, of {len(targets)} figures {judged} are judged" if met else MISSED
    written = {
        "classes": {engine: classes(measured) for engine, measured in timings.items()},
        "all": {engine: measured.summary(measured.seconds) for engine, measured in timings.items()},
        **further,
        "targets": [{**target._asdict(), "met": target.is_met} for target in targets],
        "met": met,
    }
    return conclude(name, written, met=met, verdict=verdict)


def main() -> int:
    """Fill, measure and judge."""
    parser = argparse.ArgumentParser(description="Searching a library, alone or against how other bots search it.")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--growth", type=int, nargs=2, metavar=("FEW", "MANY"), help="two sizes, without peers")
    parser.add_argument("--peers", action="store_true", help="also what the same names cost other bots")
    parser.add_argument("--queries", type=int, default=40, help="of each class")
    parser.add_argument("--peer-queries", type=int, default=0, help="of each class; 0: all, 3 from a million files on")
    parser.add_argument("--seconds", type=float, default=5.0, help="that many clients search, for each engine")
    parser.add_argument("--seed", type=int, default=SEED)
    flags = parser.parse_args()
    calm_the_garbage_collector()
    run = run_two_sizes if flags.growth else run_one_size
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    server = PatientMongoServer if max(flags.growth or (flags.files,)) >= _SLOW_PEERS_FROM else RoomyMongoServer
    with server() as mongo, ValkeyServer() as valkey, loop as runner:
        return runner.run(run(flags, mongo, valkey))


if __name__ == "__main__":
    sys.exit(main())
