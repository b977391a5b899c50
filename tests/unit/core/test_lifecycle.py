"""Signals and the order in which everything is taken down."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from core.clock import Clock
from core.lifecycle import EXIT_DEAF, EXIT_RESTART, OrderedShutdown, ShutdownSignal
from tests.fixtures.waiting import Stopwatch


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_asks_to_stop(number):
    """Either signal ends the wait, once, with its name; afterwards Python has it back."""
    stop = ShutdownSignal()
    before = signal.getsignal(number)
    stop.install()
    try:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 5)
        stop.request("later")
        assert (stop.is_set, stop.reason) == (True, number.name)
    finally:
        stop.remove()
    assert signal.getsignal(number) in (before, signal.SIG_DFL, signal.default_int_handler)


async def test_steps_run_in_reverse_and_once():
    """What was started last is closed first; a second close does nothing."""
    ran: list[str] = []
    shutdown = OrderedShutdown(Clock(), 5)
    for name in ("mongo", "redis", "tasks"):
        shutdown.push(name, _noting(ran, name))

    with capture_logs() as logs:
        await shutdown.close()
        await shutdown.close()

    assert ran == ["tasks", "redis", "mongo"]
    (line,) = [entry for entry in logs if entry["event"] == "shutdown_finished"]
    assert (line["steps"], line["cancelled"]) == (["tasks", "redis", "mongo"], [])
    assert line["took_ms"] >= 0


async def test_a_failing_step_does_not_stop_the_others():
    """Any error of one step is logged with its name, and the rest is still closed."""
    ran: list[str] = []
    shutdown = OrderedShutdown(Clock(), 5)
    shutdown.push("mongo", _noting(ran, "mongo"))

    async def fail() -> None:
        raise LookupError("broken")

    shutdown.push("sidecar", fail)
    with capture_logs() as logs:
        await shutdown.close()

    assert ran == ["mongo"]
    assert [entry["step"] for entry in logs if entry["event"] == "shutdown_step_failed"] == ["sidecar"]


async def test_one_deadline_binds_all_steps_together():
    """Scenario 139: steps that hang are cut when the common time is over, and the log names them."""
    ran: list[str] = []
    shutdown = OrderedShutdown(Clock(), 0.2)
    shutdown.push("mongo", _noting(ran, "mongo"))
    hanging = [f"step {number}" for number in range(8)]
    for name in hanging:
        shutdown.push(name, asyncio.Event().wait)

    with Stopwatch() as watch, capture_logs() as logs:
        await shutdown.close()

    assert watch.seconds < 1.2
    assert ran == ["mongo"]
    assert logs[-1]["cancelled"] == hanging[::-1]


async def test_what_a_step_had_to_cancel_is_named():
    """A task registry that reports what it cancelled gets those names into the one line."""
    shutdown = OrderedShutdown(Clock(), 5)

    async def close_tasks() -> list[str]:
        assert 0 < shutdown.remaining_s <= 5
        return ["delivery:7"]

    shutdown.push("tasks", close_tasks)
    with capture_logs() as logs:
        async with shutdown:
            pass
    assert logs[-1]["cancelled"] == ["delivery:7"]


def _noting(ran: list[str], name: str):
    async def step() -> None:
        ran.append(name)

    return step


async def test_who_asks_first_says_what_the_process_exits_with():
    """A deaf process exits with its own code even if a signal follows; a signal alone means success."""
    deaf, stopped = ShutdownSignal(), ShutdownSignal()
    deaf.request("no sign of life", EXIT_DEAF)
    deaf.request("SIGTERM")
    stopped.request("SIGTERM")

    assert (deaf.reason, deaf.exit_code, stopped.exit_code) == ("no sign of life", 3, 0)


async def test_who_asks_for_an_end_overrules_who_asks_for_another_run():
    """Ctrl+C while the demo restarts its bot ends it; asking for another run changes nothing once the end is near."""
    restarting, ending = ShutdownSignal(), ShutdownSignal()
    restarting.request("restart", EXIT_RESTART)
    restarting.request("SIGINT")
    ending.request("SIGINT")
    ending.request("restart", EXIT_RESTART)

    assert [(stop.reason, stop.exit_code) for stop in (restarting, ending)] == [("SIGINT", 0), ("SIGINT", 0)]


def test_a_process_that_hangs_in_its_end_is_ended_all_the_same():
    """Trap 25: neither a task that refuses to be cancelled nor a thread that never returns keeps it alive."""
    code = """
import asyncio, threading
from core.lifecycle import exit_at_the_latest

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def main():
    task = asyncio.create_task(stubborn())
    threading.Thread(target=threading.Event().wait).start()
    await asyncio.sleep(0)
    exit_at_the_latest(-1.5, 3)

asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False, capture_output=True).returncode == 3
