"""A `Send all` whose process ends: by a kill, and by a request to stop."""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.delivery.wishes import charged, forgotten, has_file, sends_to
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

pytestmark = [pytest.mark.servers, pytest.mark.wire]

FILES = 20
ENVIRON = {"RESULT_PAGE_SIZE": str(FILES), "NON_PREMIUM_DAILY_LIMIT": "100"}
SEED, KILLS = 139, 2
TOLD = re.compile(rf"I was restarted while I sent you files: (\d+) of {FILES} were sent")


async def fill(pool: DatabaseConnectionPool, bob: Actor, cast: Cast, clock: Clock) -> None:
    """Post the files, and return when the bot has stored them."""
    for n in range(FILES):
        bob.post_file(cast.channel.id, f"Judex {n:02}.mkv", 1000 + n)
    async with asyncio.timeout(20):
        while await pool.count("media_files", {}) < FILES:
            await clock.sleep(0.01)


async def test_a_kill_costs_what_was_sent_and_no_more(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, pool: DatabaseConnectionPool, clock: Clock
) -> None:
    """Scenario 3: at seeded points kill -9 leaves charged what reached the chat and the one file on its way.

    Half of the kills find the file on its way at Telegram, where it arrives after the death; the next start tells
    the reader, and the rest can be had at once.
    """
    points = random.Random(SEED)
    async with setup.process(**ENVIRON) as bot:
        await fill(pool, bob, cast, clock)
        for kill in range(KILLS):
            before, had = await charged(pool, cast.ann.id), len(ann.files())
            page = await search(ann, "judex")
            file_number, arrives = points.randrange(2, FILES), kill % 2 == 0
            held = dc.faults.add(sends_to(cast.ann.id, action="hold", skip=file_number - 1))
            await ann.press(page, "Send all")
            await held.held()
            await bot.kill()
            if arrives:
                held.release()
                await ann.wait_message(lambda seen, last=had + file_number: has_file(seen) and len(ann.files()) == last)
            dc.faults.clear()

            await bot.start()
            told = await ann.wait_message(containing="I was restarted")

            [sent] = TOLD.findall(told.text)
            assert int(sent) == file_number - 1
            assert "One more was on its way" in told.text
            assert len(ann.files()) - had == file_number - (not arrives)
            assert await charged(pool, cast.ann.id) - before == file_number
            await forgotten(pool)

        await ann.press(await search(ann, "judex"), "Send all")
        await ann.wait_edit(containing=f"Sent {FILES} of {FILES}")


async def test_a_stop_lets_the_file_on_its_way_arrive_and_says_why_it_ends(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, pool: DatabaseConnectionPool, clock: Clock
) -> None:
    """Scenario 139: SIGTERM in a `Send all`: that file arrives, the rest is given back, the reader is told why."""
    async with setup.process(**ENVIRON) as bot:
        await fill(pool, bob, cast, clock)
        page = await search(ann, "judex")
        held = dc.faults.add(sends_to(cast.ann.id, action="hold", skip=3))
        await ann.press(page, "Send all")
        await held.held()
        ending = asyncio.ensure_future(bot.terminate())
        await bot.wait_log("updates_refused")
        held.release()

        report = await ann.wait_edit(containing="Stopped by a restart")
        code = await ending

        assert code == 0
        assert f"after 4 of {FILES} files" in report.text
        assert report.buttons == ()
        assert len(ann.files()) == 4
        assert await charged(pool, cast.ann.id) == 4
        person = await pool.find_one("users", {"_id": cast.ann.id})
        assert person is not None
        assert person["quota"]["holds"] == []
        await forgotten(pool)
