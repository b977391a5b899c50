"""How long the bot is deaf after each trouble with Telegram, and how it gets out of those that it cannot outlive.

python -m benchmarks.deafness [--only CASE ...]

Every case is an ordinary bot in a process of its own against a local Telegram of its own, all on one MongoDB and one
Valkey, all at the same time. A trouble is over for readers when the bot answers a message that was written after its
end. Processes are not started again here: where a case ends with an exit, the exit is what is measured. Exits with 1
when a bound is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from benchmarks.conclusion import conclude
from benchmarks.deafness_cases import CASES, Outcome
from benchmarks.deafness_rig import Rig
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Result:
    """What came of one case.

    Attributes:
        bound: what is asked for, in words.
        problem: why the case could not be played to its end; "" when it could.
    """

    case: str
    bound: str
    measured: str
    met: bool
    problem: str


async def _play(name: str, number: int, folder: Path, mongo: MongoServer, valkey: ValkeyServer) -> Result:
    case = CASES[name]
    rig = Rig(folder, mongo, valkey, name, number)
    outcome = Outcome("not played", met=False)
    problem = ""
    try:
        await rig.open()
        outcome = await case.play(rig)
    except (AssertionError, TimeoutError, OSError) as error:
        problem = f"{type(error).__name__}: {error}"
    finally:
        await rig.close()
    return Result(name, case.bound, outcome.measured, outcome.met and not problem, problem)


async def run(names: Sequence[str]) -> list[Result]:
    """Play cases side by side."""
    with (
        tempfile.TemporaryDirectory(prefix="file-filter-bench-") as name,
        MongoServer() as mongo,
        ValkeyServer() as redis,
    ):
        plays = (_play(case, n, Path(name) / case, mongo, redis) for n, case in enumerate(names))
        return await asyncio.gather(*plays)


def report(results: Sequence[Result]) -> int:
    """Print the table and judge it; returns the exit code."""
    wide = max(len(result.bound) for result in results)
    print(f"{'case':<18}{'bound':<{wide + 2}}{'measured':<44}")
    for result in results:
        verdict = "" if result.met else "  MISSED"
        print(f"{result.case:<18}{result.bound:<{wide + 2}}{result.measured:<44}{verdict}")
        if result.problem:
            print(f"{'':<18}{result.problem}")
    met = all(result.met for result in results)
    content = {"cases": [asdict(result) for result in results], "met": met}
    return conclude("deafness", content, met=met, verdict="bounds kept" if met else "BOUNDS MISSED")


def main() -> int:
    """Play and judge."""
    parser = argparse.ArgumentParser(description="How the bot gets out of troubles with Telegram.")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES), metavar="CASE")
    flags = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return report(runner.run(run(flags.only)))


if __name__ == "__main__":
    sys.exit(main())
