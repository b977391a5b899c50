"""A `Send all` whose databases fail under it still ends with a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.container import Stores
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_send_all_that_can_reserve_nothing_says_so(
    setup: BotSetup,
    dc: DataCenter,
    stores: InMemoryStores,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """When the database is lost before a slot is reserved, no file is sent, and the progress message says so."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(4)])
        page = await search(ann, "judex")
        progress = dc.faults.add(Fault("messages.SendMessage", action="hold"))
        await ann.press(page, "Send all")
        await progress.held()
        stores.database_down = True
        progress.release()

        report = await ann.wait_edit(containing="Sent 0 of 4")

        assert "4 files could not be sent" in report.text
        assert report.buttons == ()
        assert ann.files() == []


async def test_a_file_that_cannot_be_healed_does_not_end_a_send_all(
    setup: BotSetup,
    dc: DataCenter,
    world: World,
    stores: InMemoryStores,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """When the database is lost while expired references are healed, every file is counted and the job ends."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(4)])
        page = await search(ann, "judex")
        world.expire_file_references()
        send = dc.faults.add(Fault("messages.SendMedia", action="hold"))
        await ann.press(page, "Send all")
        await send.held()
        stores.database_down = True
        send.release()

        report = await ann.wait_edit(containing="Sent 0 of 4")

        assert "4 files could not be sent" in report.text
