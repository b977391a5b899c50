"""Which store breaks when and how: planned from a seed, carried out on a rig, written down as it happened."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from tests.fixtures.database_rig import DatabaseRig, Fault

STORES = ("mongo0", "mongo1", "mongo2", "valkey")
MAIN_KINDS: tuple[Fault, ...] = ("down", "stalled", "cut")
FURTHER_KINDS: tuple[Fault, ...] = ("slow", "refused")
SILENCING = frozenset({"down", "stalled", "refused"})

_LASTS_S = {"down": (1.0, 2.5), "stalled": (1.5, 4.0), "cut": (0.0, 0.0), "slow": (1.5, 3.0), "refused": (1.5, 3.0)}
_SLOT_S = 7.0
_QUIET_START_S = 3.0
_QUIET_END_S = 4.0


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault to come; `delay_s` counts from the beginning of its slot."""

    store: str
    kind: Fault
    delay_s: float
    lasts_s: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One or two faults of different stores that are in force at about the same time; `at_s` from the start."""

    at_s: float
    faults: tuple[PlannedFault, ...]


@dataclass(frozen=True, slots=True)
class HappenedFault:
    """A fault as it was: unix seconds from the first harm until the store answered again."""

    store: str
    kind: Fault
    began: float
    ended: float


def plan_faults(seed: int, duration_s: float) -> list[Slot]:
    """A plan for `duration_s` seconds; the same seed gives the same plan.

    From two minutes on, every store is killed, stalled and cut at least twice and slow and refused at least once. A
    shorter plan has the first kinds of a shuffled list. At most two stores are broken at once, so that a database
    always lives.
    """
    chance = random.Random(seed)
    slots = max(1, int((duration_s - _QUIET_START_S - _QUIET_END_S) / _SLOT_S))
    width = (duration_s - _QUIET_START_S - _QUIET_END_S) / slots
    pairs: list[tuple[tuple[str, Fault], ...]] = []
    while len(pairs) < slots:
        pairs.extend(_paired(_round(chance), chance))
    return [
        Slot(_QUIET_START_S + number * width, tuple(_planned(store, kind, chance) for store, kind in pair))
        for number, pair in enumerate(pairs[:slots])
    ]


def _round(chance: random.Random) -> list[tuple[str, Fault]]:
    """Each store with each main kind twice and each further kind once, every main kind early."""
    first: list[tuple[str, Fault]] = [(store, kind) for kind in MAIN_KINDS for store in STORES]
    second = [*first, *((store, kind) for kind in FURTHER_KINDS for store in STORES)]
    chance.shuffle(first)
    chance.shuffle(second)
    return [*first, *second]


def _paired(faults: list[tuple[str, Fault]], chance: random.Random) -> list[tuple[tuple[str, Fault], ...]]:
    """Two and two of different stores, in about the given order."""
    by_store = {store: [fault for fault in faults if fault[0] == store] for store in STORES}
    rounds = list(zip_longest(*by_store.values()))
    pairs: list[tuple[tuple[str, Fault], ...]] = []
    for four in rounds:
        present = [fault for fault in four if fault is not None]
        chance.shuffle(present)
        pairs.extend(tuple(present[at : at + 2]) for at in range(0, len(present), 2))
    return pairs


def _planned(store: str, kind: Fault, chance: random.Random) -> PlannedFault:
    return PlannedFault(store, kind, round(chance.uniform(0.0, 1.5), 2), round(chance.uniform(*_LASTS_S[kind]), 2))


async def inject(rig: DatabaseRig, plan: Sequence[Slot], clock: Clock, happened: list[HappenedFault]) -> None:
    """Carry out a plan from now on; a slot whose forerunner was late begins late."""
    started = clock.monotonic()
    for slot in plan:
        await clock.sleep(max(0.0, started + slot.at_s - clock.monotonic()))
        await asyncio.gather(*(_break(rig, fault, clock, happened) for fault in slot.faults))


async def _break(rig: DatabaseRig, fault: PlannedFault, clock: Clock, happened: list[HappenedFault]) -> None:
    await clock.sleep(fault.delay_s)
    began = clock.unix()
    await rig.fail(fault.store, fault.kind)
    await clock.sleep(fault.lasts_s)
    await rig.heal(fault.store)
    happened.append(HappenedFault(fault.store, fault.kind, began, clock.unix()))


def all_silent(faults: Sequence[HappenedFault], databases: int) -> list[tuple[float, float]]:
    """The intervals in which no database could answer."""
    edges = sorted(
        (moment, step)
        for fault in faults
        if fault.store.startswith("mongo") and fault.kind in SILENCING
        for moment, step in ((fault.began, 1), (fault.ended, -1))
    )
    intervals, silent, since = [], 0, 0.0
    for moment, step in edges:
        if silent + step == databases:
            since = moment
        elif silent == databases:
            intervals.append((since, moment))
        silent += step
    return intervals
