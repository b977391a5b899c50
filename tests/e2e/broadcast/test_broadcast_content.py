"""What a broadcast says, to whom, and what becomes of its file on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pyrogram import raw

from sandbox.datacenter.faults import Fault
from tests.e2e.broadcast.crowd import ask, says, start

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.broadcast.crowd import Crowd
    from tests.e2e.conftest import Cast

TEXT = "The library has moved to a larger house."


@pytest.mark.usefixtures("bot")
async def test_a_file_with_formatted_caption_and_buttons_reaches_everybody_as_it_was(
    world: World, cast: Cast, admin: Actor, crowd: Crowd
) -> None:
    """Section 10 of the product: formatting, file and buttons are those of the moment when it was shown."""
    [reader] = await crowd.join(1)
    bold = raw.types.MessageEntityBold(offset=4, length=7)
    link = raw.types.MessageEntityTextUrl(offset=16, length=5, url="https://example.org/house")
    file_id = world.add_document("plan.pdf", 5)
    original = world.says(cast.bob.id, cast.bot.id, TEXT, file=file_id, entities=[bold, link])

    admin.say("/broadcast\nHelp - https://example.org | Us - https://t.me/us\nMap - example.org/map", reply_to=original)
    question = await admin.wait_message(containing="This is how it looks")
    admin.edit_caption(original, "Not yet!")
    await admin.press(question, "Send it")
    await crowd.reach(TEXT, 1)

    [message] = crowd.got(reader, TEXT)
    assert message.body.file is world.files[file_id]
    assert {(type(e).__name__, e.offset, e.length) for e in message.body.entities} == {
        ("MessageEntityBold", 4, 7),
        ("MessageEntityTextUrl", 16, 5),
    }
    rows = [[(button.text, button.url) for button in row.buttons] for row in message.body.markup.rows]
    assert rows == [[("Help", "https://example.org"), ("Us", "https://t.me/us")], [("Map", "example.org/map")]]


@pytest.mark.usefixtures("bot")
async def test_an_expired_reference_is_taken_from_the_message_again(
    world: World, dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 80: a reference that expires on the way is renewed once, and everybody gets the file."""
    await crowd.join(40)
    original = admin.send_file("plan.pdf", caption=TEXT)
    admin.say("/broadcast", reply_to=original)
    question = await admin.wait_message(containing="This is how it looks")
    mark = dc.recorder.mark()
    world.expire_file_references()

    await admin.press(question, "Send it")
    await admin.wait_edit(of=question, containing="Sent: 41 of 41")

    assert crowd.copies(TEXT) == {1: 40}
    assert sum(call.name == "messages.GetMessages" for call in dc.recorder.since(mark)) == 1


@pytest.mark.usefixtures("bot")
async def test_a_file_whose_message_is_gone_pauses_the_broadcast(world: World, admin: Actor, crowd: Crowd) -> None:
    """Scenario 81: without its source an expired reference cannot be renewed; it is said, and nobody is failed."""
    await crowd.join(40)
    original = admin.send_file("plan.pdf", caption=TEXT)
    admin.say("/broadcast", reply_to=original)
    question = await admin.wait_message(containing="This is how it looks")
    world.expire_file_references()
    admin.delete(original)

    await admin.press(question, "Send it")
    paused = await admin.wait_edit(of=question, containing="is paused")

    assert "Its file cannot be sent any more" in paused.text
    assert "Not sent" not in paused.text
    assert crowd.reached(TEXT) == 0


@pytest.mark.usefixtures("bot")
async def test_what_telegram_refuses_for_many_in_a_row_stops_by_itself(
    dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 105: a message that passed the preview and is refused for everybody is not tried to the end."""
    await crowd.join(200)
    question = await ask(admin, TEXT)
    dc.faults.add(Fault("messages.SendMessage", error=(400, "TEXT_REFUSED"), times=None, match=says(TEXT)))

    await admin.press(question, "Send it")
    paused = await admin.wait_edit(of=question, containing="is paused")

    assert "refused it for many people in a row" in paused.text
    assert "<code>" not in paused.text
    assert "TEXT_REFUSED" in paused.text
    assert len([call for call in dc.recorder.calls if getattr(call.request, "message", "") == TEXT]) < 100


@pytest.mark.usefixtures("bot")
async def test_it_is_pinned_in_every_chat_when_that_was_said(admin: Actor, crowd: Crowd) -> None:
    """Section 10 of the product: `pin` pins the message for everybody."""
    ids = await crowd.join(5)

    question = await start(admin, TEXT, "/broadcast pin")
    await admin.wait_edit(of=question, containing="The broadcast is done")

    assert "It is pinned in every chat." in question.text
    assert [message.pinned for user_id in ids for message in crowd.got(user_id, TEXT)] == [True] * 5


@pytest.mark.usefixtures("bot")
async def test_a_segment_and_nobody_else_gets_it(
    admin: Actor, crowd: Crowd, clock: Clock, pool: DatabaseConnectionPool
) -> None:
    """Section 10 of the product: premium, free, seen lately, language; who is banned is in none of them."""
    now = clock.utc_now()
    [premium] = await crowd.join(1, premium_until=now + timedelta(days=3), app_language="en")
    [active] = await crowd.join(1, seen_on=now.date().isoformat(), app_language="en")
    [german] = await crowd.join(1, app_language="de")
    await crowd.join(1, premium_until=now + timedelta(days=3), ban_reason="spam", app_language="de")
    for number, (command, expected) in enumerate(
        {"premium": {premium}, "active:7": {active}, "lang:de": {german}, "free": {active, german}}.items()
    ):
        text = f"{TEXT} {number}"
        question = await start(admin, text, f"/broadcast {command}")
        await admin.wait_edit(of=question, containing="The broadcast is done")
        assert {user_id for user_id in crowd.ids if crowd.got(user_id, text)} == expected
        admin.say("/reset_broadcast_limit")
        await admin.wait_message(containing="may begin at once")

    admin.say("/broadcast lang:xx", reply_to=admin.say(TEXT))
    await admin.wait_message(containing="There is nobody to send it to")
    assert await pool.count("broadcasts", {"state": {"$ne": "done"}}) == 0


@pytest.mark.usefixtures("bot")
async def test_what_cannot_be_understood_is_explained(admin: Actor) -> None:
    """Scenario 104: no message, an unknown word or a moment that is over: an explanation, and nothing is kept."""
    admin.say("/broadcast")
    await admin.wait_message(containing="Answer the message that everybody should get")
    admin.say("/broadcast everyone", reply_to=admin.say(TEXT))
    await admin.wait_message(containing="Answer the message that everybody should get")
    admin.say("/broadcast at 2020-01-01 12:00", reply_to=admin.say(TEXT))
    await admin.wait_message(containing="That moment is over")
