"""What a kill, a dead database and a shutdown leave behind."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from core.database.circuit_breaker import CircuitBreakerState
from tests.e2e.bots import get_json
from tests.e2e.test_main_path import file_labels, search
from tests.fixtures.waiting import Stopwatch, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from core.clock import Clock
    from sandbox.actor import Actor, Seen
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast
    from tests.fixtures.servers import MongoServer


# The tests below search until they find.
EAGER = {"RATE_SEARCH_BURST": "10000", "SEARCH_REFRESH_S": "1"}


async def find(reader: Actor, words: str, *, fits: Callable[[Seen], bool], within_s: float) -> Seen:
    """Search again and again until the page fits; fails when it does not in time."""
    ends = time.monotonic() + within_s
    while True:
        page = await search(reader, words)
        if fits(page):
            return page
        assert time.monotonic() < ends, f"{words!r} was not found within {within_s} s: {page.text}"


async def test_a_kill_loses_no_post_and_no_page(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 61: posts and an edit made while a killed bot was down are found within 10 s; old pages still work."""
    async with setup.process(**EAGER) as bot:
        posts = [bob.post_file(cast.channel.id, f"Before {n}.mkv", 1000 + n) for n in range(12)]
        page = await find(ann, "before", fits=lambda seen: "of 12" in seen.text, within_s=30)
        await bot.kill()

        for n in range(5):
            bob.post_file(cast.channel.id, f"Whiledown {n}.mkv", 2000 + n)
        bob.edit_caption(posts[3], "corrected title")
        await bot.start()

        await find(ann, "whiledown", fits=lambda seen: "of 5" in seen.text, within_s=10)
        await find(ann, "corrected", fits=lambda seen: "Before 3" in "".join(file_labels(seen)), within_s=10)
        await ann.press(page, "›")
        await ann.wait_edit(of=page, containing="11–12 of 12")
        await ann.press(page, "Before 5")
        assert (await ann.wait_message(lambda seen: seen.document is not None)).document is not None


async def test_a_dead_database_is_told_within_three_seconds(
    setup: BotSetup,
    mongo_server: MongoServer,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenarios 56 and 127: without the primary database health says 503 and readers are told; back, all is well."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(DATABASE_URI=mongo_server.uri, **EAGER) as bot:
        bob.post_file(cast.channel.id, "Safety Last.mkv", 1000)
        await find(ann, "safety", fits=lambda seen: bool(seen.buttons), within_s=30)
        health = f"{bot.operations.sidecar.url}/health"

        async def wait_status(status: int) -> None:
            async with asyncio.timeout(20):
                while (await get_json(health))[0] != status:
                    await clock.sleep(0.05)

        await wait_status(200)
        mongo_server.kill()
        with Stopwatch() as waited:
            ann.say("safety last")
            told = await ann.wait_message()
        assert waited.seconds < 3
        assert told.text.startswith("Something is not working on my side")
        with Stopwatch() as waited:
            await wait_status(503)
        assert waited.seconds < 3

        mongo_server.start()
        await wait_status(200)
        await until(lambda: bot.pool.breaker.state is CircuitBreakerState.CLOSED)  # few calls try it before that
        assert (await search(ann, "safety last")).buttons


async def test_shutdown_is_quick_with_work_queued(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenarios 66 and 139: SIGTERM amid posts and a `Send all` ends within 5 s; posts are stored, slots given back."""
    async with setup.process(**EAGER) as bot:
        for n in range(12):
            bob.post_file(cast.channel.id, f"Queued {n}.mkv", 1000 + n)
        page = await find(ann, "queued", fits=lambda seen: "of 12" in seen.text, within_s=30)
        await ann.press(page, "Send all")
        await ann.wait_message(lambda seen: seen.document is not None)
        for n in range(150):
            bob.post_file(cast.channel.id, f"Late {n}.mkv", 5000 + n)

        with Stopwatch() as waited:
            code = await bot.terminate()

        assert code == 0
        assert waited.seconds < 5
        finished = await bot.wait_log("shutdown_finished")
        assert finished["steps"] == [
            *(
                "updates",
                "deliveries",
                "telegram",
                "indexing",
                "receiver",
                "tasks",
                "bookkeeping",
                "sidecar",
                "log_ring",
                "worker_process",
                "redis",
                "mongodb",
            )
        ]

        await bot.start()
        await find(ann, "late", fits=lambda seen: "of 150" in seen.text, within_s=30)


async def test_start_is_quick_and_says_how_long_it_took(setup: BotSetup) -> None:
    """The log's startup_ms, taken after the imports, is there and below three seconds."""
    async with setup.process(**EAGER) as bot:
        ready = await bot.wait_log("ready")

        assert float(str(ready["startup_ms"])) < 3000


async def test_a_missing_setting_is_named_with_an_example(setup: BotSetup) -> None:
    """Exit code 2 and the variable, what is wrong, an example; and no traceback."""
    import os
    import sys

    from tests.e2e.bots import ROOT

    environ = {"PATH": os.environ["PATH"]} | setup.environ
    del environ["BOT_TOKEN"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "bot.py", cwd=ROOT, env=environ, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()

    assert process.returncode == 2
    assert b"BOT_TOKEN: is missing; for example BOT_TOKEN=" in stderr
    assert b"Traceback" not in stderr
