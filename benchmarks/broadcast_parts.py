"""Stretches of the readers' lives, without a broadcast and with it, and where their time went."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bot_figures import between, gauge_of, timings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.bot_figures import Timing

_LAG_S = 0.02
_LONG_S = 1.0
_ASKED_FOR = ("answer", "delivery")


@dataclass(frozen=True)
class Part:
    """One stretch.

    Attributes:
        waits_ms: of readers for a page or a file, in order.
        long_turns: answers and files that waited more than a second for the send budget.
        readers: by what they waited for: (how often, p50, p95, longest wait in ms).
        bot: by what the bot measured and its label: (how often, mean, p95 in ms).
        bot_lag_ms: how late the bot's event loop was, 99th percentile of the last minute.
        town_lag_ms: how late the data centre's was, 99th percentile.
        processors: by process: (share of a processor used, share of the time that it waited for one); "machine":
            (processors that were busy, with whatever, share of the time that anything waited for one).
    """

    waits_ms: list[float]
    long_turns: int
    readers: dict[str, tuple[int, float, float, float]]
    bot: dict[str, tuple[int, float, float]]
    bot_lag_ms: float
    town_lag_ms: float
    processors: dict[str, tuple[float, float]]


class Watch:
    """Measures this process's event loop, and who got how much of the processors and waited how long for them.

    Args:
        processes: process ids by name.
    """

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = processes
        self._late_s = [0.0]
        self._since = time.perf_counter()
        self._scheduled = self._look()

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.perf_counter() + _LAG_S
            await asyncio.sleep(_LAG_S)
            self._late_s.append(time.perf_counter() - due)

    def part(self, waits: Sequence[tuple[str, float]], earlier: str, later: str) -> Part:
        """The stretch since the last one.

        Args:
            waits: (what, seconds) of readers.
            earlier: the bot's metrics at its beginning.
            later: the same at its end.
        """
        added = between(timings_of(earlier), timings_of(later))
        ordered, self._late_s = sorted(self._late_s), [0.0]
        return Part(
            waits_ms=[took * 1000 for _, took in waits],
            long_turns=_long_turns(added),
            readers=_readers(waits),
            bot={" ".join(key): (int(of.count), of.mean_ms, of.p95_ms) for key, of in sorted(added.items())},
            bot_lag_ms=gauge_of(later, "file_filter_loop_lag_seconds") * 1000,
            town_lag_ms=ordered[len(ordered) * 99 // 100] * 1000,
            processors=self._shares(),
        )

    def _shares(self) -> dict[str, tuple[float, float]]:
        now, looked = time.perf_counter(), self._look()
        took_s, before = now - self._since, self._scheduled
        self._since, self._scheduled = now, looked
        return {
            name: ((used - before[name][0]) / took_s, (waited - before[name][1]) / took_s)
            for name, (used, waited) in looked.items()
        }

    def _look(self) -> dict[str, tuple[float, float]]:
        """Seconds on a processor and seconds ready to run without one, so far."""
        return {name: _scheduled(pid) for name, pid in self._processes.items()} | {"machine": _machine()}


def _scheduled(pid: int) -> tuple[float, float]:
    used = waited = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # the thread has ended since
            fields = path.read_text().split()
            used, waited = used + int(fields[0]), waited + int(fields[1])
    return used / 1e9, waited / 1e9


def _machine() -> tuple[float, float]:
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    busy = sum(ticks) - sum(ticks[3:5])
    pressure = Path("/proc/pressure/cpu")
    waited_us = int(pressure.read_text().split("total=")[1].split()[0]) if pressure.exists() else 0
    return busy / os.sysconf("SC_CLK_TCK"), waited_us / 1e6


def p95(ordered: Sequence[float]) -> float:
    """The 95th percentile of what is in order."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def show(before: Part, during: Part, after: Part) -> None:
    """Print side by side: of readers (number, p50, p95, longest), inside the bot (number, mean, p95), the machine."""
    parts = (before, during, after)
    lags = "; ".join(f"bot {part.bot_lag_ms:.0f}, data centre {part.town_lag_ms:.0f}" for part in parts)
    print(f"event loops late, p99 in ms before; during; after: {lags}")
    _table("processors: used, waited for", [part.processors for part in parts])
    _table("reader's wait, ms: number, p50, p95, longest", [part.readers for part in parts])
    _table("bot, ms: number, mean, p95", [part.bot for part in parts])


def _table(title: str, columns: Sequence[Mapping[str, tuple[float, ...]]]) -> None:
    print(title)
    for row in sorted({row for column in columns for row in column}):
        shown = ["".join(f"{figure:>8.2f}" for figure in column.get(row, ())) for column in columns]
        print(f"  {row:<34}{shown[0]:<32} |{shown[1]:<32} |{shown[2]}")


def _long_turns(added: Mapping[tuple[str, str], Timing]) -> int:
    turns = [timing for (what, kind), timing in added.items() if what == "turn" and kind in _ASKED_FOR]
    return int(sum(timing.count - timing.up_to[_LONG_S] for timing in turns))


def _readers(waits: Sequence[tuple[str, float]]) -> dict[str, tuple[int, float, float, float]]:
    found = {}
    for kind in sorted({kind for kind, _ in waits}):
        ms = sorted(took * 1000 for of, took in waits if of == kind)
        found[kind] = (len(ms), statistics.median(ms), p95(ms), ms[-1])
    return found
