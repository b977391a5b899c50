"""Starting while a store is down."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.bots import bot_environment, get_json
from tests.e2e.degraded.scene import PART_NAMES, STORES, wait_health
from tests.e2e.test_survival import EAGER, find
from tests.fixtures.database_rig import DatabaseRig, RigServers
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast

STARTED_WITHIN_S = TOLD_WITHIN_S = 6


@pytest.mark.parametrize("store", STORES)
async def test_a_store_that_is_down_at_the_start(
    servers: RigServers,
    store: str,
    dc: DataCenter,
    cast: Cast,
    ann: Actor,
    bob: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scenario 121: the bot starts within seconds and says what is missing; when that is back, all of it works."""
    monkeypatch.chdir(tmp_path)
    async with DatabaseRig(servers) as rig, AsyncExitStack() as stack:
        setup = bot_environment(dc, cast, tmp_path, rig.uri(0), f"start_{store}", rig.redis_url)
        await rig.fail(STORES[store], "down")
        starting = setup.running(knows_channels=False, DATABASE_URIS=rig.uri(1), **EAGER)
        with Stopwatch() as passed:
            bot = await stack.enter_async_context(starting)
        assert passed.seconds < STARTED_WITHIN_S
        status = "unavailable" if store == "primary" else "degraded"
        await wait_health(bot, status, failed=PART_NAMES[store])
        code, body = await get_json(f"{bot.operations.sidecar.url}/health")
        assert code == (503 if store == "primary" else 200)
        assert PART_NAMES[store] in str(body["degraded"])

        await rig.heal()
        await wait_health(bot, "ok")
        async with asyncio.timeout(10):
            while not bot.indexing.index_list.is_indexed(cast.channel.full_id):
                await bot.clock.sleep(0.05)
        bob.post_file(cast.channel.id, "Sherlock Jr.mkv", 1000)
        await find(ann, "sherlock", fits=lambda seen: bool(seen.buttons), within_s=10)


async def test_everything_down_at_the_start_is_told_to_whoever_asks(
    servers: RigServers,
    dc: DataCenter,
    cast: Cast,
    ann: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any store the bot is there, tells readers that something is wrong, and needs no restart afterwards."""
    monkeypatch.chdir(tmp_path)
    async with DatabaseRig(servers) as rig:
        setup = bot_environment(dc, cast, tmp_path, rig.uri(0), "start_nothing", rig.redis_url)
        for store in STORES.values():
            await rig.fail(store, "down")
        async with setup.running(knows_channels=False, DATABASE_URIS=rig.uri(1), **EAGER) as bot:
            with Stopwatch() as passed:
                ann.say("sherlock")
                await ann.wait_message(containing="Something is not working on my side")
            assert passed.seconds < TOLD_WITHIN_S

            await rig.heal()
            await wait_health(bot, "ok")
            ann.say("sherlock")
            await ann.wait_message(containing="Nothing found", timeout=10)
