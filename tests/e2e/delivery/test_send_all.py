"""Many files for one person, and the others who want theirs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.datacenter.flood_control import FloodLimits
from tests.e2e.delivery.wishes import UNLIMITED, charged, fetch, forgotten, has_file, sends_to
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

PART_OF_A_RUN = 6


async def test_a_large_job_delays_nobody(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, new_reader: Callable[[str], Actor]
) -> None:
    """Scenario 88: while 150 files go to one person at the pace of a chat, another has a file within two seconds."""
    eve = new_reader("Eve")
    async with setup.running(SEND_BUDGET="true", SEARCH_WINDOW_SIZE="200", **UNLIMITED) as bot:
        await post_files(bot, bob, cast, [*(f"Judex {n:03}.mkv" for n in range(150)), "Nosferatu.mkv"])
        other_page = await search(eve, "nosferatu")
        dc.trouble.flood_control.enable(FloodLimits(chat_every_s=0.8))
        page = await search(ann, "judex")
        await ann.press(page, "Send all 150")
        progress = await ann.wait_message(containing="Sending files")
        for _ in range(PART_OF_A_RUN):
            await ann.wait_message(has_file)

        with Stopwatch() as passed:
            await eve.press(other_page, "Nosferatu")
            await eve.wait_message(has_file)
        await ann.press(progress, "Stop")
        report = await ann.wait_edit(of=progress, containing="Stopped after")

    assert passed.seconds < 2
    assert dc.trouble.flood_control.refused.total() == 0
    sent = len(ann.files())
    assert f"Stopped after {sent} of 150" in report.text
    assert sent < 15


async def test_a_ban_ends_what_is_being_sent(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 17: of the files of a running job only the one on its way still arrives; the others are not charged."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(6)])
        page = await search(ann, "judex")
        third = dc.faults.add(sends_to(cast.ann.id, skip=2, action="hold", times=1))
        await ann.press(page, "Send all")
        await third.held()

        bob.say(f"/ban {cast.ann.id}")
        await bob.wait_message(containing="is banned")
        third.release()

        await ann.wait_edit(containing="Stopped after 3 of 6")
        assert len(ann.files()) == 3
        assert await charged(bot.pool, cast.ann.id) == 3


async def test_jobs_take_turns(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, new_reader: Callable[[str], Actor]
) -> None:
    """Scenario 88: with one place for two jobs, the second is told its position and has its turn after ten files."""
    eve = new_reader("Eve")
    async with setup.running(SEND_ALL_PLACES="1", SEARCH_WINDOW_SIZE="100", **UNLIMITED) as bot:
        await post_files(bot, bob, cast, [f"Judex {n:02}.mkv" for n in range(25)])
        pages = {reader: await search(reader, "judex") for reader in (ann, eve)}
        first = dc.faults.add(sends_to(cast.ann.id, action="hold"))
        await ann.press(pages[ann], "Send all 25")
        await first.held()
        await eve.press(pages[eve], "Send all 25")
        waiting = await eve.wait_edit(containing="You are next")
        assert waiting.button("Stop")
        mark = dc.recorder.mark()
        first.release()
        for reader in (ann, eve):
            await reader.wait_edit(containing="Sent 25 of 25")

    turns = [call.request.peer.user_id for call in dc.recorder.since(mark) if call.name == "messages.SendMedia"]
    order = [cast.ann.id] * 9 + [eve.user_id] * 10 + [cast.ann.id] * 10 + [eve.user_id] * 10
    assert turns[: len(order)] == order


async def test_one_job_a_person(setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast) -> None:
    """While a job runs, a second press is refused, whatever page it is on; afterwards it is served."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(3)])
        page = await search(ann, "judex")
        send = dc.faults.add(sends_to(cast.ann.id, action="hold"))

        answers = await asyncio.gather(*(ann.press(page, "Send all") for _ in range(3)))
        await send.held()
        send.release()
        await ann.wait_edit(containing="Sent 3 of 3")
        again = await ann.press(page, "Send all")
        await ann.wait_edit(containing="Sent 3 of 3")

        assert sorted(str(answer.text)[:14] for answer in answers) == ["I am still sen"] * 2 + ["Sending 3 file"]
        assert again.text == "Sending 3 files"
        assert await charged(bot.pool, cast.ann.id) == 6
        await forgotten(bot.pool)


async def test_a_long_flood_wait_holds_up_one_chat_alone(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, new_reader: Callable[[str], Actor]
) -> None:
    """Scenario 85: an hour's wait of one chat is told there, takes nobody's place, and Stop ends it at once."""
    eve = new_reader("Eve")
    async with setup.running(SEND_BUDGET="true", SEND_ALL_PLACES="1") as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(4)])
        pages = {reader: await search(reader, "judex") for reader in (ann, eve)}
        dc.faults.add(sends_to(cast.ann.id, error=(420, "FLOOD_WAIT_3600")))

        await ann.press(pages[ann], "Send all")
        told = await ann.wait_edit(containing="in 60 minutes")
        await eve.press(pages[eve], "Send all")
        await eve.wait_edit(containing="Sent 4 of 4")
        alone = await ann.press(pages[ann], "Judex 2")
        await ann.press(told, "Stop")
        await ann.wait_edit(of=told, containing="Stopped after 0 of 4")

        assert alone.alert
        assert "write to you again in 60 minutes" in str(alone.text)
        assert ann.files() == []
        assert await charged(bot.pool, cast.ann.id) == 0


async def test_a_short_flood_wait_is_sat_out(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 2: a file that has to wait is sent once, and charged once."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(3)])
        page = await search(ann, "judex")
        dc.faults.add(sends_to(cast.ann.id, error=(420, "FLOOD_WAIT_1")))

        await ann.press(page, "Send all")
        await ann.wait_edit(containing="Sent 3 of 3")

        assert len(ann.files()) == 3
        assert await charged(bot.pool, cast.ann.id) == 3


async def test_a_job_ends_when_its_reader_blocks_the_bot(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 2: the rest is not tried, its slots come back, and the person is known to be out of reach."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(5)])
        page = await search(ann, "judex")
        dc.faults.add(sends_to(cast.ann.id, error=(403, "USER_IS_BLOCKED"), times=None))
        mark = dc.recorder.mark()

        await ann.press(page, "Send all")
        await ann.wait_edit(containing="Stopped after 0 of 5")

        assert [call.name for call in dc.recorder.since(mark)].count("messages.SendMedia") == 1
        assert await charged(bot.pool, cast.ann.id) == 0
        person = await bot.pool.find_one("users", {"_id": cast.ann.id})
        assert person is not None
        assert person["unreachable_why"] == "blocked"


async def test_a_dead_file_does_not_end_a_job(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 81: the others arrive; the dead one leaves the results, is not charged, and is reported once."""
    async with setup.running() as bot:
        posts = await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(4)])
        page = await search(ann, "judex")
        bob.delete(posts[2])
        dc.world.expire_file_references()

        await ann.press(page, "Send all")
        report = await ann.wait_edit(containing="Sent 3 of 4")

        assert "One file could not be sent" in report.text
        assert {file.name for file in ann.files()} == {"Judex 0.mkv", "Judex 1.mkv", "Judex 3.mkv"}
        assert await charged(bot.pool, cast.ann.id) == 3
        [filed] = await bot.pool.find("file_reports", {})
        assert (filed["name"], filed["reason"], filed["reporters"]) == ("Judex 2.mkv", "gone", [cast.ann.id])
        assert len([b for row in (await search(ann, "judex")).buttons for b in row if "Judex" in b.text]) == 3


async def test_every_file_of_a_job_is_found_by_a_reader_alone(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """A reader with a job under way is served a single file, too."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [*(f"Judex {n}.mkv" for n in range(5)), "Nosferatu.mkv"])
        page = await search(ann, "judex")
        await ann.press(page, "Send all")
        await fetch(ann, "nosferatu", "Nosferatu")
        await ann.wait_edit(containing="Sent 5 of 5")

        assert len(ann.files()) == 6
