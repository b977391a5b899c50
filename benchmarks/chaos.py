"""Three databases and a cache that break all the time, under load; every answer and every promise is audited.

python -m benchmarks.chaos [--minutes M] [--seed N] [--break quota|dedup|merge] [--verbose]

Searches, inserts, edits, deletions, walks and presses go through the bot's own classes, wired as the container wires
them, to real servers behind proxies that are killed, stalled, cut, slowed and closed by a plan drawn from the seed.
Afterwards the servers' own logs say what was true at every moment, and everything that was answered or acknowledged is
held against them. `--break` takes one guard out: the run then has to fail. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
import uvloop

from benchmarks.chaos_base import store_base
from benchmarks.chaos_bot import DATABASE, DATABASES, ChaosBot, open_bot
from benchmarks.chaos_breaks import GUARDS, drop_uniqueness, without
from benchmarks.chaos_corpus import Corpus
from benchmarks.chaos_faults import HappenedFault, inject, plan_faults
from benchmarks.chaos_history import History
from benchmarks.chaos_load import Readers, Ticker
from benchmarks.chaos_quota import HOLD_S, Presses
from benchmarks.chaos_report import as_json, show
from benchmarks.chaos_truth import count_postponed, read_files
from benchmarks.chaos_verdict import Evidence, judge
from benchmarks.chaos_writes import FileWriters
from benchmarks.conclusion import conclude
from core.clock import Clock
from tests.fixtures.database_rig import DatabaseRig, RigServers

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.chaos_report import Report

BASE_FILES = 30_000
SEARCHES_S, INSERT_ROUNDS_S, PRESSES_S = 55.0, 1.0, 4.0
REPEATS_S, EDITS_S, DELETIONS_S = 1.0, 2.0, 2.0
WALKERS = 2
SETTLE_S, APPLY_S = 90.0, 60.0
_NOON = 12


@dataclass(slots=True)
class _Run:
    """The parts of one run that its phases share."""

    servers: RigServers
    rig: DatabaseRig
    bot: ChaosBot
    clock: Clock
    seed: int
    history: History = field(default_factory=History)
    faults: list[HappenedFault] = field(default_factory=list)
    started_at: float = 0.0


async def run(minutes: float, seed: int, guard: str | None) -> Report:
    """One whole run: base library, load and faults, settlement, audit."""
    clock = Clock()
    with RigServers(DATABASES) as servers:
        async with DatabaseRig(servers) as rig:
            corpus = Corpus(seed)
            base = await asyncio.to_thread(store_base, servers.mongods, DATABASE, corpus.make(BASE_FILES), clock.unix())
            with without(guard):
                async with open_bot(rig, clock, _zone_around_noon(clock)) as bot:
                    if guard == "dedup":
                        await asyncio.to_thread(drop_uniqueness, servers.mongods, DATABASE)
                    await bot.words.recount()  # as every night; unknown words would count as others like them
                    chaos = _Run(servers, rig, bot, clock, seed)
                    writers = FileWriters(bot, corpus, chaos.history, seed)
                    writers.take_base(base, clock.unix())
                    evidence = await _put_to_the_test(chaos, writers, corpus, minutes * 60)
            return await asyncio.to_thread(judge, evidence, seed=seed, guard=guard, is_whole_plan=minutes >= 2)


async def _put_to_the_test(chaos: _Run, writers: FileWriters, corpus: Corpus, load_s: float) -> Evidence:
    """Load under faults, then rest: everything healed, acknowledged, applied, repaired and taken back."""
    clock, history, bot, mongods = chaos.clock, chaos.history, chaos.bot, chaos.servers.mongods
    readers = Readers(bot, writers, corpus, history, chaos.seed)
    presses = Presses(bot, history, chaos.seed)
    readers.prepare()
    ticker = Ticker(clock, bot.tasks)
    chaos.started_at = clock.unix()
    ticker.open_for(load_s)
    await asyncio.gather(
        inject(chaos.rig, plan_faults(chaos.seed, load_s), clock, chaos.faults),
        ticker.watch_lag(history),
        ticker.offer(SEARCHES_S, readers.search, "search"),
        ticker.offer(INSERT_ROUNDS_S, writers.post, "post"),
        ticker.offer(REPEATS_S, writers.repeat_post, "repeat_post"),
        ticker.offer(EDITS_S, writers.edit, "edit"),
        ticker.offer(DELETIONS_S, writers.delete, "delete"),
        ticker.offer(PRESSES_S, presses.burst, "presses"),
        *(readers.walk_on(lambda: ticker.is_open) for _ in range(WALKERS)),
    )
    ended_at = clock.unix()
    await chaos.rig.heal()
    history.counts["work never finished"] = await ticker.settle(SETTLE_S)
    await _wait_until(chaos, lambda: count_postponed(mongods[0], DATABASE)[0] == 0, APPLY_S)
    left, notes = await asyncio.to_thread(count_postponed, mongods[0], DATABASE)
    history.counts["changes never applied"], history.counts["notes of applied changes left behind"] = left, notes
    before_repair = await asyncio.to_thread(read_files, mongods, DATABASE)
    await _repair(chaos)
    await clock.sleep(max(0.0, ended_at + HOLD_S + 1 - clock.unix()))
    await presses.take_back_holds()
    history.counts["failed tasks"] = bot.tasks.failures
    return Evidence(mongods, history, chaos.faults, before_repair, chaos.started_at, ended_at)


async def _repair(chaos: _Run) -> None:
    """Run the nightly job now, and say what it found."""
    report = await chaos.bot.repair.run()
    counts = chaos.history.counts
    counts["duplicates found by the repair"], counts["records removed by it"] = report.duplicates, report.removed
    counts["duplicates it had to leave"] = report.left + len(report.missing)


async def _wait_until(chaos: _Run, holds: Callable[[], bool], patience_s: float) -> None:
    """Ask twice a second until `holds`, or patience ends."""
    ends_at = chaos.clock.monotonic() + patience_s
    while not await asyncio.to_thread(holds) and chaos.clock.monotonic() < ends_at:
        await chaos.clock.sleep(0.5)


def _zone_around_noon(clock: Clock) -> ZoneInfo:
    """A time zone in which no midnight falls into the run."""
    ahead = _NOON - clock.utc_now().hour
    return ZoneInfo(f"Etc/GMT{-ahead:+d}" if ahead else "UTC")


def _show_log_from(level: int) -> None:
    """Print entries of the bot's log on one line each: an outage makes many, and tracebacks would cost the load."""
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper("%H:%M:%S.%f", utc=True),
            _name_exception,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def _name_exception(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if (error := event.pop("exc_info", None)) is not None:
        event["error"] = repr(error)
    return event


def main() -> int:
    """Run, show, and judge."""
    parser = argparse.ArgumentParser(description="Answers and promises under broken databases and a broken cache.")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--break", dest="guard", choices=GUARDS, default=None)
    parser.add_argument("--verbose", action="store_true", help="show the bot's warnings")
    flags = parser.parse_args()
    seed = random.randrange(1 << 31) if flags.seed is None else flags.seed
    _show_log_from(logging.WARNING if flags.verbose else logging.CRITICAL)
    print(f"seed {seed}, {flags.minutes} minutes, {f'without {flags.guard}' if flags.guard else 'all guards in place'}")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(run(flags.minutes, seed, flags.guard))
    show(report)
    name = f"chaos_without_{flags.guard}" if flags.guard else "chaos"
    return conclude(name, as_json(report), met=not report.misses)


if __name__ == "__main__":
    sys.exit(main())
