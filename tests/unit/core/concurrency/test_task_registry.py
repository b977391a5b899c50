"""Tasks that run beside the updates."""

from __future__ import annotations

import asyncio

from core.concurrency.task_registry import TaskRegistry


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
