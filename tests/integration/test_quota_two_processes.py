"""Two operating system processes race for one reader's last slots, on a real MongoDB."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from repositories.user import UserRepository

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
RACER = ROOT / "tests" / "fixtures" / "quota_racer.py"
DELIVERIES = 100
LIMIT = 10
LEFT = 3


def race(uri: str, database: str) -> list[int]:
    """Start two racers, let both begin at once, and give what each of them spent."""
    command = [sys.executable, str(RACER), uri, database, str(DELIVERIES)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""}
    with ExitStack() as stack:
        racers = [
            stack.enter_context(
                subprocess.Popen(command, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(2)
        ]
        for racer in racers:
            stack.callback(racer.kill)
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        return [int(racer.communicate(timeout=40)[0].split()[-1]) for racer in racers]


async def test_two_processes_spend_exactly_the_slots_that_are_left(
    pool: DatabaseConnectionPool, mongo_uri: str, mongo_database: str, memory_cache: RedisCache
) -> None:
    """Scenario 1: with three slots left, two processes of a hundred deliveries each spend three between them."""
    users = UserRepository(pool, memory_cache, Clock())
    now = datetime.now(UTC)
    used = await users.reserve_quota_atomic(7, LIMIT - LEFT, limit=LIMIT, day=now.date(), hold_s=600, now=now)
    assert await users.spend_quota(used, used.granted)

    spent = race(mongo_uri, mongo_database)

    found = await pool.find_one("users", {"_id": 7})
    assert found is not None
    assert sum(spent) == LEFT
    assert (found["quota"]["charged"], found["quota"]["holds"]) == (LIMIT, [])
