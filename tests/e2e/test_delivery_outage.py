"""A `Send all` ends with a report, whatever fails under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.container import Stores
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
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


async def test_a_file_that_telegram_refuses_does_not_end_a_send_all(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """A refusal that nobody foresaw costs one file, is reported, and gives its slot back."""
    await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(4)])
    page = await search(ann, "judex")
    dc.faults.add(Fault("messages.SendMedia", error=(400, "SOMETHING_NEW")))

    await ann.press(page, "Send all")
    report = await ann.wait_edit(containing="Sent 3 of 4")

    assert "One file could not be sent" in report.text
    assert len(ann.files()) == 3
    user = await bot.users.get_user(cast.ann.id)
    assert user is not None
    assert (await bot.searching.quota.status(user)).charged == 3
