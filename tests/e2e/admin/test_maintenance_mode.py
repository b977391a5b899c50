"""Keeping readers out while the bot is worked on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.domain.permission import Role
from tests.e2e.admin.talk import ask, ask_seen, audited
from tests.e2e.bots import get_json
from tests.e2e.delivery.wishes import has_file, sends_to
from tests.e2e.library import post_files
from tests.e2e.test_group_search import heard, silence
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

BACK = "Back at <five>, the disks are being changed."


async def test_readers_are_told_wherever_they_ask_and_staff_is_let_in(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Words, presses, inline queries and mentions are answered with the admin's sentence; talk and admins are not."""
    await post_files(bot, bob, cast, ["Faust.1926.mkv"])
    page = await search(ann, "faust")
    ann.say_in(cast.group.id, "good morning everybody")
    assert BACK in await ask(bob, f"/maintenance on   {BACK.replace(' ', '  ')}")

    assert await ask(ann, "faust") == BACK
    assert await ask(ann, "/start") == BACK
    pressed = await ann.press(page, "Faust")
    assert (pressed.text, pressed.alert) == (BACK, True)
    offered = await ann.inline("faust")
    assert offered.results == ()
    assert offered.switch_pm is not None
    assert offered.switch_pm.text.startswith("Back at <five>")
    ann.say_in(cast.group.id, "is anybody here?")
    ann.mention(cast.group.id, "faust")
    assert (await heard(ann, chat_id=cast.group.full_id)).text == BACK
    assert (await ask_seen(bob, "faust")).button("Faust")

    await bot.users.set_role(cast.ann.id, Role.MODERATOR)
    assert (await search(ann, "faust")).button("Faust")
    await bot.users.set_role(cast.ann.id, Role.READER)
    assert "everybody may use me" in await ask(bob, "/maintenance off")
    assert (await search(ann, "faust")).button("Faust")
    await silence(ann, cast.group.id)
    assert [action for _, action in await audited(bot)] == ["maintenance_on", "maintenance_off"]


async def test_who_asks_too_often_is_not_told_every_time(setup: BotSetup, ann: Actor, bob: Actor) -> None:
    """The limits of an ordinary day hold: the sentence, then that it was too much, then nothing."""
    async with setup.running(RATE_SEARCH_BURST="1", RATE_SEARCH_PERIOD_S="600"):
        await ask(bob, "/maintenance on")
        for _ in range(4):
            ann.say("faust")
        ann.say("/start")
        told = [(await heard(ann)).text for _ in range(3)]

    assert "worked on" in told[0]
    assert "Too" in told[1] or "too" in told[1]
    assert "worked on" in told[2]
    assert len([seen for seen in ann.received if seen.sender_id == ann.bot_id]) == 3


async def test_what_runs_goes_on_and_the_bot_stays_ready(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Files on their way arrive and channels are indexed; `/health` says maintenance with code 200."""
    await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(3)])
    page = await search(ann, "judex")
    second = dc.faults.add(sends_to(cast.ann.id, skip=1, action="hold", times=1))
    await ann.press(page, "Send all")
    await second.held()
    await ask(bob, "/maintenance on")
    second.release()
    for _ in range(3):
        await ann.wait_message(has_file)
    await post_files(bot, bob, cast, ["Nosferatu.mkv"])

    async with asyncio.timeout(10):
        while (health := await get_json(f"{bot.operations.sidecar.url}/health"))[0] != 200:
            await bot.clock.sleep(0.01)
    assert health[1]["status"] == "maintenance"
    assert await ask(ann, "judex") == "I am being worked on at the moment. Please come back in a little while."
    assert "on" in await ask(bob, "/maintenance")


async def test_it_outlives_a_restart_and_what_cannot_be_used_changes_nothing(
    setup: BotSetup, ann: Actor, bob: Actor
) -> None:
    """Wrong words are explained, a sentence too long for an alert is refused; the mode is there after a restart."""
    async with setup.running():
        assert "no more than 200" in await ask(bob, f"/maintenance on {'x' * 201}")
        for wrong in ("off now", "perhaps"):
            assert (await ask(bob, f"/maintenance {wrong}")).startswith("Please write")
        assert "is off" in await ask(bob, "/maintenance")
        await ask(bob, "/maintenance on")
    async with setup.running():
        assert "worked on" in await ask(ann, "faust")
        assert "is off" in await ask(bob, "/maintenance off")
        assert "worked on" not in await ask(ann, "faust")


async def test_the_sentence_may_stand_on_a_line_of_its_own(bot: Container, ann: Actor, bob: Actor) -> None:
    """An admin who writes it below the command has turned the mode on all the same."""
    assert "Back at five." in await ask(bob, "/maintenance on\nBack at five.")
    assert await ask(ann, "/start") == "Back at five."
    assert "everybody may use me" in await ask(bob, "/maintenance off")
