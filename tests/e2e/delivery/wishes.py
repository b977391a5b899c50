"""What readers of these tests do, and what their documents say."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from core.clock import Clock
from sandbox.datacenter.faults import Fault
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor, Seen

UNLIMITED = {"NON_PREMIUM_DAILY_LIMIT": "0"}


def has_file(seen: Seen) -> bool:
    return seen.document is not None


async def fetch(reader: Actor, words: str, label: str) -> Seen:
    """Search, press a file, and wait until it is there."""
    page = await search(reader, words)
    await reader.press(page, label)
    return await reader.wait_message(has_file)


def sends_to(user_id: int, *, skip: int = 0, **rest: Any) -> Fault:
    """A fault of the files that one person is sent, the first `skip` of them unharmed."""
    seen = count(1)
    return Fault(
        "messages.SendMedia", match=lambda request: request.peer.user_id == user_id and next(seen) > skip, **rest
    )


async def forgotten(pool: DatabaseConnectionPool) -> None:
    """Return when no job is written down any more, which is a moment after its reader knows of its end."""
    clock = Clock()
    async with asyncio.timeout(5):
        while await pool.count("deliveries", {}):
            await clock.sleep(0.01)


async def charged(pool: DatabaseConnectionPool, user_id: int) -> int:
    """Slots that are spent or held today, expired holds included."""
    found = await pool.find_one("users", {"_id": user_id})
    return int(found["quota"]["charged"]) if found and "quota" in found else 0
