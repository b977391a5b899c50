"""A back-fill whose process is killed; `python -m benchmarks.backfill` does it at full size."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from tests.e2e.past import link
from tests.fixtures.past import find_problems, make_past

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

POSTS = 1500
SEED = 20


async def files_stored(pool: DatabaseConnectionPool, count: int, clock: Clock) -> None:
    """Return as soon as the library holds so many files."""
    async with asyncio.timeout(20):
        while await pool.count("media_files", {}) < count:
            await clock.sleep(0.001)


async def test_after_a_kill_every_post_is_indexed_once(
    setup: BotSetup, world: World, bob: Actor, cast: Cast, pool: DatabaseConnectionPool, clock: Clock
) -> None:
    """Scenario 62: after kill -9 a back-fill goes on by itself; every file is there once, with its posts, counted."""
    old = world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id])
    past = make_past(world, old, cast.bob.id, POSTS)
    kill_at = random.Random(SEED).randrange(50, past.files // 2)
    async with setup.process(BACKFILL_BLOCK_SIZE="50", BACKFILL_PROGRESS_S="0.2") as bot:
        bob.say(link(old, past.last))
        offer = await bob.wait_message(containing="Index ")
        pressed = asyncio.ensure_future(bob.press(offer, "Start"))
        await files_stored(pool, kill_at, clock)
        await bot.kill()
        pressed.cancel()
        assert (await pool.find_one("index_jobs", {}))["state"] == "running"
        await bot.start()

        done = await bob.wait_edit(of=offer, containing="is indexed", timeout=20)

    assert f"{past.files:,} new, {past.posts_with_file - past.files:,} known already" in done.text
    assert find_problems(past, await pool.find("media_files", {}), await pool.find_one("index_jobs", {})) == []
