"""The process for heavy work."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.concurrency.worker_process import WorkerLostError, WorkerProcess
from core.domain.media import ReleaseMetadata
from core.observability.metrics import Metrics
from core.search.release_metadata import parse_names
from tests.fixtures import worker_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.fixtures.clock import TestClock

ROOT = Path(__file__).parents[4]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def worker(clock: TestClock, metrics: Metrics) -> AsyncIterator[WorkerProcess]:
    tasks = TaskRegistry(clock)
    process = WorkerProcess(tasks, metrics, clock, idle_s=60)
    yield process
    await process.close()
    await tasks.close(5)


def events(metrics: Metrics, event: str) -> float:
    return metrics.registry.get_sample_value("file_filter_worker_processes_total", {"event": event}) or 0.0


def runs(pid: int) -> bool:
    """Whether a process does anything yet; one that nobody asked about its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end while it is looked at
        return False


async def gone(pid: int) -> None:
    """Return once a process does not run any more."""
    async with asyncio.timeout(20):
        while runs(pid):
            await Clock().sleep(0.02)


@contextmanager
def owner(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has a worker, prints its pid and waits to be killed."""
    command = [sys.executable, "-m", "tests.fixtures.worker_owner", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


async def test_a_call_returns_what_the_function_returns(worker):
    """The function runs elsewhere, and one process serves call after call."""
    assert await worker.call(parse_names, ["A 2001.mkv"]) == [ReleaseMetadata(2001)]
    pid = worker.pid

    assert await worker.call(worker_calls.own_pid, None) == pid != os.getpid()


async def test_nothing_runs_before_the_first_call(worker):
    """A bot that indexes little has no second process."""
    assert worker.pid is None


async def test_it_imports_nothing_of_the_bot(worker):
    """A worker knows the functions it was asked for, neither drivers nor Telegram, and so starts quickly."""
    await worker.call(parse_names, [])
    modules = set(await worker.call(worker_calls.modules, None))

    assert "core.search.release_metadata" in modules
    assert modules.isdisjoint({"pyrogram", "motor", "pymongo", "redis", "aiohttp", "structlog", "pydantic", "bot"})


async def test_it_is_given_no_secrets(worker, monkeypatch):
    """The token of the bot is in its environment, and not in the worker's."""
    monkeypatch.setenv("BOT_TOKEN", "secret")

    assert "BOT_TOKEN" not in await worker.call(worker_calls.variables, None)


async def test_it_steps_back_for_the_bot_and_does_not_hear_ctrl_c(worker):
    """Low priority, and an interrupt of the terminal leaves it alone."""
    assert await worker.call(worker_calls.niceness, None) >= 10
    pid = worker.pid
    os.kill(pid, signal.SIGINT)

    assert await worker.call(worker_calls.own_pid, None) == pid


async def test_an_error_of_the_function_is_raised_here(worker, metrics):
    """The caller sees the error itself, once, and the next call is served."""
    with pytest.raises(ValueError, match="no number: x"):
        await worker.call(worker_calls.fail, "no number: x")

    assert await worker.call(abs, -1) == 1
    assert events(metrics, "lost") == 0


async def test_what_a_function_prints_does_not_harm_the_answers(worker):
    """Standard output of the worker is not the way of its answers."""
    assert await worker.call(worker_calls.talk, "hello") == "hello"


async def test_a_killed_worker_is_replaced_and_the_call_made_again(worker, metrics, tmp_path):
    """A kill -9 in the middle of a call costs time, not the call."""
    mark = tmp_path / "first"

    assert await worker.call(worker_calls.die_once, str(mark)) == "alive"
    assert mark.exists()
    assert (events(metrics, "started"), events(metrics, "lost")) == (2, 1)


async def test_a_worker_killed_between_calls_is_replaced(worker):
    """The next call finds the process gone and starts another."""
    await worker.call(abs, 1)
    os.kill(worker.pid, signal.SIGKILL)
    await gone(worker.pid)

    assert await worker.call(abs, -2) == 2


async def test_a_call_that_kills_every_worker_is_given_up(worker, metrics):
    """Twice is enough, and others are served afterwards."""
    with pytest.raises(WorkerLostError):
        await worker.call(worker_calls.die, None)

    assert events(metrics, "lost") == 2
    assert await worker.call(abs, -1) == 1


async def test_calls_are_made_one_at_a_time_in_order(worker, tmp_path):
    """However many callers there are, there is one process, and it does one thing at a time."""
    log = tmp_path / "log"
    calls = [worker.call(worker_calls.append, (str(log), number)) for number in range(20)]
    await asyncio.gather(*calls)

    assert log.read_text().split() == [f"{edge}{number}" for number in range(20) for edge in ("begin", "end")]


async def test_a_cancelled_call_ends_at_once_and_its_answer_reaches_nobody(worker, tmp_path):
    """The process that was busy with it is ended; the next caller gets its own answer from another."""
    mark = tmp_path / "busy"
    call = asyncio.ensure_future(worker.call(worker_calls.hang, str(mark)))
    async with asyncio.timeout(20):
        while not mark.exists():
            await Clock().sleep(0.02)
    pid = worker.pid
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await gone(pid)
    assert await worker.call(abs, -3) == 3


async def test_a_call_without_end_is_ended(clock, metrics, tmp_path):
    """Somebody's name that a pattern chews on for ever does not stop everybody's."""
    tasks = TaskRegistry(clock)
    worker = WorkerProcess(tasks, metrics, clock, longest_s=0.5)
    with pytest.raises(WorkerLostError):
        await worker.call(worker_calls.hang, str(tmp_path / "busy"))

    assert worker.pid is None
    await worker.close()
    await tasks.close(5)


async def test_an_idle_worker_ends_after_a_minute(worker, clock):
    """Not while it is used now and then; then memory is given back."""
    await worker.call(abs, 1)
    pid = worker.pid
    await clock.wait_sleeping()
    clock.advance(59)
    await worker.call(abs, 1)
    clock.advance(2)
    await clock.wait_sleeping()
    assert worker.pid == pid
    clock.advance(60)

    await gone(pid)
    assert worker.pid is None
    assert await worker.call(worker_calls.own_pid, None) != pid


async def test_closing_ends_a_busy_worker_and_refuses_calls(worker, tmp_path):
    """Shutdown does not wait for work that nobody will use."""
    mark = tmp_path / "busy"
    call = asyncio.ensure_future(worker.call(worker_calls.hang, str(mark)))
    async with asyncio.timeout(20):
        while not mark.exists():
            await Clock().sleep(0.02)
    pid = worker.pid
    await worker.close()

    await gone(pid)
    with pytest.raises(WorkerLostError):
        await call
    with pytest.raises(WorkerLostError):
        await worker.call(abs, 1)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_a_worker_does_not_outlive_a_bot_that_is_killed(end):
    """Nobody tidies up after kill -9, and no process is left over."""
    with owner() as bot:
        pid = int(await asyncio.to_thread(bot.stdout.readline))
        assert runs(pid)
        bot.send_signal(end)
        await asyncio.to_thread(bot.wait)

        await gone(pid)


async def test_a_worker_that_hangs_does_not_outlive_a_killed_bot_for_long(tmp_path):
    """A call that never ends is ended by an alarm when nobody is left who would."""
    mark = tmp_path / "busy"
    with owner(str(mark)) as bot:
        pid = int(await asyncio.to_thread(bot.stdout.readline))
        async with asyncio.timeout(20):
            while not mark.exists():
                await Clock().sleep(0.02)
        bot.kill()
        await asyncio.to_thread(bot.wait)

        await gone(pid)
