"""How fast the bot starts and ends, and how much memory it holds when idle.

python -m benchmarks.footprint

Three processes, one after another: one that only imports `bot`, the ordinary bot on a real MongoDB and Valkey against
the local Telegram, and `bot.py --demo` with its library. Memory is resident set size (`Rss` of
/proc/<pid>/smaps_rollup) above the importing process; `Pss`, which divides shared pages among their users and so moves
with what else runs, is shown beside it. The ordinary bot gets SIGTERM while posts wait for the index and a send-all is
under way. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import uvloop

from benchmarks.bot_process import bot_environment, bot_process, end, wait_until
from benchmarks.conclusion import MET, MISSED, conclude
from benchmarks.load import PATIENCE_S, Load
from sandbox.datacenter.faults import Fault
from tests.fixtures.servers import MongoServer, ValkeyServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

_SETTLE_S = 5.0
_PAGE = 20
_FILES = 200
_POSTS_QUEUED = 500
_SEND_TAKES_S = 0.2
_STARTUP_MS = 3000.0
_SHUTDOWN_S = 5.0
_IDLE_MB = {"production": 40.0, "demo": 80.0}


@dataclass(frozen=True)
class Memory:
    """What a process holds, in MiB.

    Attributes:
        rss: resident pages, shared ones in full.
        pss: resident pages, shared ones divided by the number of processes that map them.
    """

    rss: float
    pss: float


@dataclass(frozen=True)
class Footprint:
    """One way of running the bot.

    Attributes:
        startup_ms: as the bot logs it, from the end of the imports until it answers.
        imports, idle: memory of a process with the imports only, and of the bot when nothing happens.
        shutdown_s: from SIGTERM until the process is gone.
        queued: what was under way at SIGTERM.
    """

    mode: str
    startup_ms: float
    imports: Memory
    idle: Memory
    shutdown_s: float
    exit_code: int
    queued: str

    def misses(self) -> list[str]:
        """The targets that are not met, in words."""
        above = self.idle.rss - self.imports.rss
        targets = {
            f"startup_ms {self.startup_ms:.0f} > {_STARTUP_MS:.0f}": self.startup_ms <= _STARTUP_MS,
            f"idle {above:.1f} MiB > {_IDLE_MB[self.mode]:.0f} above the imports": above <= _IDLE_MB[self.mode],
            f"shutdown {self.shutdown_s:.2f} s > {_SHUTDOWN_S:.0f}": self.shutdown_s <= _SHUTDOWN_S,
            f"exit code {self.exit_code}": self.exit_code == 0,
        }
        return [f"{self.mode}: {miss}" for miss, met in targets.items() if not met]


def memory_of(pid: int) -> Memory:
    """Resident and proportional memory of a process now."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {name: int(size) / 1024 for name, size in re.findall(r"^(Rss|Pss): +(\d+) kB$", text, re.MULTILINE)}
    return Memory(sizes["Rss"], sizes["Pss"])


@asynccontextmanager
async def logged_process(
    log: Path, *arguments: str, environ: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process whose output goes to a file."""
    with log.open("wb") as output:
        async with bot_process(*arguments, environ=environ, log=output) as process:
            yield process


def _logged_line(log: Path, event: str) -> dict[str, Any] | None:
    """The first JSON line of `event` in a log."""
    found = re.search(rb'^\{.*"event": ?"' + event.encode() + rb'".*\}$', log.read_bytes(), re.MULTILINE)
    return dict(orjson.loads(found[0])) if found else None


async def _logged(log: Path, event: str) -> dict[str, Any]:
    """The same, as soon as it stands there."""
    await wait_until(lambda: _logged_line(log, event) is not None, PATIENCE_S)
    line = _logged_line(log, event)
    if line is None:
        raise RuntimeError(f"{event} does not stand in the log {log.name}")
    return line


async def _timed_end(process: asyncio.subprocess.Process) -> tuple[float, int]:
    started = time.perf_counter()
    code = await end(process)
    return time.perf_counter() - started, code


async def _measure_imports(folder: Path) -> Memory:
    """A process that imports the bot and then waits for a signal."""
    code = 'import bot, signal; print(\'{"event": "imported"}\', flush=True); signal.pause()'
    log = folder / "imports.log"
    async with logged_process(log, "-c", code) as process:
        await _logged(log, "imported")
        await asyncio.sleep(_SETTLE_S)
        return memory_of(process.pid)


async def _measure_production(imports: Memory, folder: Path) -> Footprint:
    load, log = Load(), folder / "bot.log"
    await load.datacenter.start()
    try:
        with MongoServer() as mongo, ValkeyServer() as valkey:
            limits = {"NON_PREMIUM_DAILY_LIMIT": "0", "RESULT_PAGE_SIZE": str(_PAGE), "LOG_FORMAT": "json"}
            environ = bot_environment(load, folder, mongo, valkey, **limits)
            async with logged_process(log, "bot.py", environ=environ) as process:
                ready = await _logged(log, "ready")
                await asyncio.sleep(_SETTLE_S)
                idle = memory_of(process.pid)
                queued = await _queue_work(load)
                shutdown_s, code = await _timed_end(process)
                sent = sum(call.name == "messages.SendMedia" for call in load.datacenter.recorder.calls)
    finally:
        await load.datacenter.stop()
    queued += f"; {sent} sends had begun"
    return Footprint("production", float(ready["startup_ms"]), imports, idle, shutdown_s, code, queued)


async def _queue_work(load: Load) -> str:
    """Put files into the library, start to send them all, and post more than is indexed at once; says what waits."""
    reader = load.readers[0]
    for number in range(_FILES):
        load.post(f"Footprint.Film.{number:03}.mkv", 1_000_000 + number)
    page = await load.ask(reader, "footprint film")
    while page.body.markup is None:
        page = await load.ask(reader, "footprint film")
    load.datacenter.faults.add(Fault("messages.SendMedia", action="delay", delay=_SEND_TAKES_S, times=None))
    buttons = [button for row in page.body.markup.rows for button in row.buttons]
    send_all = next(button for button in buttons if button.text == "Send all")
    await load.world.press(reader, load.bot.id, page.id, send_all.data)
    await load.datacenter.recorder.wait_call("messages.SendMedia", timeout=PATIENCE_S)
    for number in range(_POSTS_QUEUED):
        load.post(f"Footprint.Book.{number:03}.epub", 2_000_000 + number)
    return f"a send-all of {_FILES} files and {_POSTS_QUEUED} posts under way"


async def _measure_demo(imports: Memory, folder: Path) -> Footprint:
    log = folder / "demo.log"
    async with logged_process(log, "bot.py", "--demo", "--port", "0", "--datacenter-port", "0") as process:
        ready = await _logged(log, "ready")
        await _logged(log, "demo_ready")
        await asyncio.sleep(_SETTLE_S)
        idle = memory_of(process.pid)
        shutdown_s, code = await _timed_end(process)
    return Footprint("demo", float(ready["startup_ms"]), imports, idle, shutdown_s, code, "nothing under way")


async def run() -> list[Footprint]:
    """Both ways of running the bot."""
    with tempfile.TemporaryDirectory(prefix="file-filter-bench-") as name:
        imports = await _measure_imports(Path(name))
        return [await _measure_production(imports, Path(name)), await _measure_demo(imports, Path(name))]


def report(measured: Sequence[Footprint]) -> int:
    """Print the table and judge it; returns the exit code."""
    columns = ("startup ms", "imports", "idle", "above", "target", "above (Pss)", "shutdown s", "exit")
    print(f"{'':<12}" + "".join(f"{column:>12}" for column in columns) + "   (memory: MiB of Rss)")
    for one in measured:
        above, above_pss = one.idle.rss - one.imports.rss, one.idle.pss - one.imports.pss
        memory = (one.imports.rss, one.idle.rss, above, _IDLE_MB[one.mode], above_pss)
        cells = (f"{one.startup_ms:.0f}", *(f"{size:.1f}" for size in memory), f"{one.shutdown_s:.2f}", one.exit_code)
        print(f"{one.mode:<12}" + "".join(f"{cell:>12}" for cell in cells) + f"   ended with {one.queued}")
    misses = [miss for one in measured for miss in one.misses()]
    result = {"modes": [asdict(one) for one in measured], "misses": misses}
    return conclude("footprint", result, met=not misses, verdict="\n".join([MISSED if misses else MET, *misses]))


def main() -> int:
    """Measure and judge."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return report(runner.run(run()))


if __name__ == "__main__":
    sys.exit(main())
