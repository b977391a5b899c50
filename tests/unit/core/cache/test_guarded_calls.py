"""Calls of Redis within their deadline."""

from __future__ import annotations

import asyncio

import pytest

from core.cache.guarded_calls import GuardedCalls
from core.observability.metrics import Metrics


async def test_a_cancellation_that_a_client_lost_still_ends_the_caller(clock):
    """A client may take a cancellation for its answer when both come at once; the process would wait for the caller."""
    calls = GuardedCalls(Metrics(), clock)
    begun = asyncio.Event()

    async def deaf_call() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "answer"
        return "never"

    task = asyncio.create_task(calls.run("get", deaf_call))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
