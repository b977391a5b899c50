"""Files that may not be passed on, on every way to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.domain.deep_link import FileLink
from tests.e2e.delivery.wishes import fetch, has_file, sends_to
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

NAMES = [f"Judex {n}.mkv" for n in range(6)]


@pytest.mark.parametrize("protect", [True, False], ids=["protected", "free"])
async def test_no_way_to_a_reader_forgets_the_protection(
    setup: BotSetup, world: World, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, *, protect: bool
) -> None:
    """Scenario 87: pressed, sent with a page, by a link, healed, after a flood wait and a server error: always."""
    async with setup.running(PROTECT_CONTENT=str(protect), NON_PREMIUM_DAILY_LIMIT="0") as bot:
        await post_files(bot, bob, cast, [*NAMES, "Nosferatu.mkv", "Caligari.mkv", "Golem.mkv"])
        await fetch(ann, "nosferatu", "Nosferatu")
        link = await bot.searching.links.issue(FileLink((await bot.pool.find_one("media_files", {}))["_id"]))
        await ann.open_link(f"https://t.me/{bot.telegram.username}?start={link}")
        await ann.wait_message(has_file)
        world.expire_file_references()
        await fetch(ann, "caligari", "Caligari")
        dc.faults.add(sends_to(cast.ann.id, error=(420, "FLOOD_WAIT_1")))
        await fetch(ann, "golem", "Golem")
        dc.faults.add(sends_to(cast.ann.id, error=(500, "INTERNAL")))
        await ann.press(await search(ann, "judex"), "Send all")
        await ann.wait_edit(containing="Sent 6 of 6")

    flags = [bool(call.request.noforwards) for call in dc.recorder.calls if call.name == "messages.SendMedia"]
    assert len(flags) > len(NAMES) + 6
    assert set(flags) == {protect}


async def test_a_job_keeps_the_terms_it_began_with(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 87: protection that is switched off meanwhile holds for the rest of a job."""
    async with setup.running(PROTECT_CONTENT="true") as bot:
        await post_files(bot, bob, cast, NAMES)
        page = await search(ann, "judex")
        first = dc.faults.add(sends_to(cast.ann.id, action="hold"))
        await ann.press(page, "Send all")
        await first.held()
        await bot.runtime.change("protect_content", False, cast.bob.id)
        first.release()
        await ann.wait_edit(containing="Sent 6 of 6")

    flags = [bool(call.request.noforwards) for call in dc.recorder.calls if call.name == "messages.SendMedia"]
    assert flags == [True] * len(NAMES)


async def test_what_is_got_again_is_protected(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 87: files that were deleted come again as they came first."""
    async with setup.running(PROTECT_CONTENT="true", AUTO_DELETE_S="1") as bot:
        await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
        await ann.press(await search(ann, "judex"), "Send all")
        gone = await ann.wait_edit(containing="were deleted")
        await ann.press(gone, "Get")
        for _ in range(4):
            await ann.wait_message(has_file)

    flags = [bool(call.request.noforwards) for call in dc.recorder.calls if call.name == "messages.SendMedia"]
    assert flags == [True] * 4
