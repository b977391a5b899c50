"""Two bot processes race for one reader's last slots; what counts is what reaches the chat."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.e2e.bots import ROOT
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

pytestmark = [pytest.mark.servers, pytest.mark.wire]

RACERS = 2
DELIVERIES = 100
LIMIT = 10
LEFT = 3
WORD = "raced"


async def start_racer(setup: BotSetup, folder: Path, reader_id: int, number: int) -> Process:
    """A bot process with a login of its own, ready to deliver its share."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | setup.environ
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "tests" / "fixtures" / "delivery_racer.py"),
        *(str(reader_id), WORD, str(number), str(RACERS)),
        cwd=folder,
        env=environ | {"SESSION": str(folder / f"racer{number}.session")},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def race(setup: BotSetup, folder: Path, reader_id: int) -> list[Counter[str]]:
    """Let all racers deliver at once; how the deliveries of each ended."""
    racers = [await start_racer(setup, folder, reader_id, number) for number in range(RACERS)]
    try:
        async with asyncio.timeout(40):
            for racer in racers:
                assert racer.stdout is not None
                assert await racer.stdout.readline() == b"ready\n"
            told = await asyncio.gather(*(racer.communicate(b"go\n") for racer in racers))
    finally:
        for racer in racers:
            if racer.returncode is None:
                racer.kill()
                await racer.wait()
    return [Counter(json.loads(stdout)) for stdout, _ in told]


async def use_up(bot: Container, reader_id: int, slots: int) -> None:
    """Charge a reader for files as if they had been delivered earlier today."""
    now = datetime.now(UTC)
    used = await bot.users.reserve_quota_atomic(reader_id, slots, limit=LIMIT, day=now.date(), hold_s=600, now=now)
    assert await bot.users.spend_quota(used, slots)


async def test_two_processes_deliver_exactly_the_files_that_are_left(
    setup: BotSetup, pool: DatabaseConnectionPool, ann: Actor, bob: Actor, cast: Cast, tmp_path: Path
) -> None:
    """Scenario 1: with three slots left, two processes of a hundred deliveries each bring three files to the chat."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT=str(LIMIT)) as bot:
        await post_files(bot, bob, cast, [f"{WORD} {n:03}.mkv" for n in range(RACERS * DELIVERIES)])
        ann.say("/start")
        await ann.wait_message(containing="Hello")
        await use_up(bot, cast.ann.id, LIMIT - LEFT)

    outcomes = await race(setup, tmp_path, cast.ann.id)

    stored = await pool.find_one("users", {"_id": cast.ann.id})
    assert stored is not None
    assert [outcome.total() for outcome in outcomes] == [DELIVERIES] * RACERS
    assert len(ann.files()) == LEFT
    assert sum(outcomes, Counter()) == {"sent": LEFT, "QuotaExhaustedError": RACERS * DELIVERIES - LEFT}
    assert (stored["quota"]["charged"], stored["quota"]["holds"]) == (LIMIT, [])
