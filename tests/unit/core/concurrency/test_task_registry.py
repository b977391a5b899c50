"""Tasks that run beside the updates."""

from __future__ import annotations

import asyncio

import pytest

from core.concurrency.task_registry import TaskFailedError, TaskRegistry


async def test_work_that_met_a_foreign_cancellation_goes_on(clock):
    """Scenario 138: what it waited for was cancelled by somebody else; it is counted and run again, not lost."""
    failures: list[str] = []
    runs = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs > 1:
            again.set()
            await asyncio.Event().wait()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    tasks = TaskRegistry(clock, on_failure=lambda name, _error: failures.append(name))
    task = tasks.supervise(work, name="worker")
    await clock.wait_sleeping()
    clock.advance(60)
    await asyncio.wait_for(again.wait(), 2)

    assert failures == ["worker"]
    assert await tasks.close(1) == ["worker"]
    assert task.cancelled()


async def test_an_attempt_gives_what_its_work_gave(clock):
    """The result, None among them, and errors that the caller expects come out as they are, unreported."""
    tasks = TaskRegistry(clock)

    async def nothing() -> None:
        pass

    async def refuse() -> None:
        raise LookupError("expected")

    assert await tasks.attempt(nothing, name="nothing") is None
    with pytest.raises(LookupError, match="expected"):
        await tasks.attempt(refuse, name="refuse", expected=(LookupError, OSError))
    assert tasks.failures == 0


async def test_an_attempt_that_failed_is_reported_once_and_told_apart(clock):
    """Whatever else is raised is the registry's to report; who waited learns that it failed."""
    failures: list[str] = []
    tasks = TaskRegistry(clock, on_failure=lambda name, _error: failures.append(name))

    async def fail() -> None:
        raise ValueError

    async def be_cancelled() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    for work in (fail, be_cancelled):
        with pytest.raises(TaskFailedError):
            await tasks.attempt(work, name="work", expected=(LookupError,))

    assert failures == ["work"]
    assert len(tasks) == 0


async def test_an_attempt_ends_with_who_waits_for_it(clock):
    """Nothing goes on behind the back of somebody who was cancelled."""
    tasks = TaskRegistry(clock)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def last() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = tasks.spawn(tasks.attempt(last, name="last"), name="waiting")
    await begun.wait()
    waiting.cancel()

    await asyncio.wait_for(ended.wait(), 2)


async def test_nothing_is_attempted_after_the_end(clock):
    """A closed registry says so and leaves no coroutine behind that was never run."""
    tasks = TaskRegistry(clock)
    await tasks.close(1)

    with pytest.raises(RuntimeError, match="closed"):
        await tasks.attempt(asyncio.Event().wait, name="late")
