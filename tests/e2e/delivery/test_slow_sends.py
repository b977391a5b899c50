"""Files that take longer to send than people are patient."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.cache import keys
from sandbox.datacenter.faults import Fault
from tests.e2e.delivery.wishes import charged, forgotten, has_file, sends_to
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_press_on_a_file_that_is_slow_to_come_brings_no_second_one(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 1: whoever presses again while the first press is still served has one file, and pays for one."""
    monkeypatch.setattr(keys, "DEDUPE", replace(keys.DEDUPE, ttl_s=1))
    await post_files(bot, bob, cast, ["Nosferatu.mkv"])
    page = await search(ann, "nosferatu")
    slow = dc.faults.add(sends_to(cast.ann.id, action="hold"))
    bot.tasks.spawn(ann.press(page, "Nosferatu"), name="first press")
    await slow.held()

    second = bot.tasks.spawn(ann.press(page, "Nosferatu"), name="second press")
    await bot.clock.sleep(1.5)  # longer than a press is remembered
    slow.release()
    await ann.wait_message(has_file)
    answer = await second

    assert "on its way already" in str(answer.text)
    assert len(ann.files()) == 1
    assert await charged(bot.pool, cast.ann.id) == 1


async def test_a_report_is_shown_though_its_message_is_not_known(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 4: when the answer that names the progress message is lost, the reader still learns how it ended."""
    await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
    page = await search(ann, "judex")
    dc.faults.add(
        Fault("messages.SendMessage", action="drop_after", match=lambda request: "Sending files" in request.message)
    )

    await ann.press(page, "Send all")
    await until(lambda: any("Sent 2 of 2" in seen.text for seen in ann.received), within_s=20)


@pytest.mark.parametrize("label", ["Judex 1", "Send all"], ids=["one", "all"])
async def test_a_file_that_may_have_arrived_when_the_bot_was_stopped_is_paid_for(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, pool: DatabaseConnectionPool, label: str
) -> None:
    """Scenario 139: what is still on its way when the time to stop is over counts, as after a kill."""
    async with setup.running(SHUTDOWN_DEADLINE_S="1") as bot:
        await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
        page = await search(ann, "judex")
        send = dc.faults.add(sends_to(cast.ann.id, action="hold"))
        press = asyncio.ensure_future(ann.press(page, label))
        await send.held()
    press.cancel()
    send.release()
    await ann.wait_message(has_file)

    assert await charged(pool, cast.ann.id) == 1


async def test_a_defect_in_the_middle_of_a_job_ends_it_with_a_word(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 138: what nobody foresaw is noted, the reader is told, and the job keeps nobody out afterwards."""
    await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
    page = await search(ann, "judex")

    async def fail(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(bot.telegram, "send_media", fail)
        await ann.press(page, "Send all")
        await ann.wait_edit(containing="something went wrong on my side")
    await forgotten(bot.pool)
    assert bot.tasks.failures == 1
    assert await charged(bot.pool, cast.ann.id) == 0

    await ann.press(page, "Send all")
    await ann.wait_edit(containing="Sent 2 of 2")


async def test_a_reader_is_told_that_a_file_was_not_confirmed(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 2: an outcome that stays unknown costs a slot and is said, of one file and in a report of several."""
    await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
    page = await search(ann, "judex")

    dc.faults.add(sends_to(cast.ann.id, error=(500, "TIMEOUT"), times=4))
    answer = await ann.press(page, "Judex 1")
    dc.faults.add(sends_to(cast.ann.id, error=(500, "TIMEOUT"), times=4))
    await ann.press(page, "Send all")
    report = await ann.wait_edit(containing="Sent 2 of 2")

    assert "did not confirm" in str(answer.text)
    assert "One of them may not have arrived" in report.text
    assert await charged(bot.pool, cast.ann.id) == 3


async def test_more_files_than_may_wait_are_refused_with_a_word(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 88: what waits for its turn is bounded; who comes then is told to come later, and pays nothing."""
    monkeypatch.setattr("core.services.send_all._MOST_FILES", 3)
    await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
    pages = {reader: await search(reader, "judex") for reader in (ann, bob)}
    send = dc.faults.add(sends_to(cast.ann.id, action="hold"))
    await ann.press(pages[ann], "Send all")
    await send.held()

    refused = await bob.press(pages[bob], "Send all")
    send.release()
    await ann.wait_edit(containing="Sent 2 of 2")
    await bob.press(pages[bob], "Send all")
    await bob.wait_edit(containing="Sent 2 of 2")

    assert "many people at the moment" in str(refused.text)
    assert await charged(bot.pool, cast.bob.id) == 2
