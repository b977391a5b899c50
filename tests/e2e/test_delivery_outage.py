"""A `Send all` ends with a report, whatever fails under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.outage import lose_database_under_send_all
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from tests.e2e.conftest import Cast


async def test_a_send_all_that_can_reserve_nothing_says_so(
    memory_bot: Container, dc: DataCenter, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """When the database is lost before a slot is reserved, no file is sent, and the progress message says so."""
    await post_files(memory_bot, bob, cast, [f"Judex {n}.mkv" for n in range(4)])
    await lose_database_under_send_all(dc, stores, ann, await search(ann, "judex"))

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
