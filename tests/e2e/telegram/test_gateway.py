"""What the gateway writes to people, over TCP to the local Telegram."""

from __future__ import annotations

import asyncio

import pytest
from pyrogram import raw
from pyrogram.handlers import RawUpdateHandler

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.domain.media import MediaKind
from core.errors import TelegramUnavailableError
from core.telegram.gateway import (
    Button,
    FileReferenceExpiredError,
    OutcomeUnknownError,
    RecipientUnreachableError,
    RetryLaterError,
    TelegramRefusedError,
)
from sandbox.datacenter import Fault

pytestmark = pytest.mark.wire

SEND = "messages.SendMessage"


async def test_a_message_arrives_with_its_markup_and_its_buttons(bot, cast, received):
    """Text, entities in UTF-16 units and buttons reach the reader as given; the returned id is the message's."""
    keyboard = [
        [Button("🎬 film", data="f:1")],
        [Button("site", url="https://example.org/"), Button("x", data="é" * 32)],
    ]
    sent = await bot.gateway.send_text(cast.ann.id, "🎬 <b>a &amp; b</b>", keyboard)

    message = received()[-1]
    assert message.twin.id == sent
    assert message.body.text == "🎬 a & b"
    assert [(entity.offset, entity.length) for entity in message.body.entities] == [(3, 5)]
    rows = message.body.markup.rows
    assert [[button.text for button in row.buttons] for row in rows] == [["🎬 film"], ["site", "x"]]
    assert rows[1].buttons[1].data == ("é" * 32).encode()


async def test_what_exceeds_a_limit_never_leaves(bot, dc, cast, stored):
    """Too long a text or caption, and bad callback data, are the caller's error before anything is sent."""
    mark = dc.recorder.mark()
    send, media = bot.gateway.send_text, stored[1]
    for attempt in (
        send(cast.ann.id, "🎬" * 2049),
        send(cast.ann.id, "x", [[Button("x", data="é" * 33)]]),
        send(cast.ann.id, "x", [[Button("x", data="")]]),
        send(cast.ann.id, "x", [[Button("x", data="a", url="https://example.org")]]),
        bot.gateway.send_media(cast.ann.id, media.file_id, "x" * 1025),
        bot.gateway.answer_callback("1", "x" * 201),
        bot.gateway.fetch_posts(cast.channel.full_id, range(1, 202)),
    ):
        with pytest.raises(ValueError, match=r"Telegram takes|Telegram gives|bytes of data"):
            await attempt
    assert await send(cast.ann.id, "🎬" * 2048 + "<b></b>")
    assert [call.name for call in dc.recorder.since(mark)] == [SEND]


async def test_a_flood_wait_is_waited_outside_the_lane_and_the_message_arrives_once(bot, dc, cast, received):
    """While one call waits for Telegram's permission, the only place of its lane is free for another."""
    dc.faults.add(Fault(SEND, error=(420, "FLOOD_WAIT_3"), match=lambda request: request.message == "first"))
    in_use = []
    sleep = bot.clock.sleep

    async def look(seconds):
        in_use.append(bot.lanes.in_use(ConcurrencyDomain.TELEGRAM_SEND))
        await bot.gateway.send_text(cast.ann.id, "second")
        await sleep(seconds)

    bot.clock.sleep = look
    await bot.gateway.send_text(cast.ann.id, "first")

    assert in_use == [0]
    assert 3 <= bot.clock.waits[0] <= 3.5
    assert [message.body.text for message in received()] == ["second", "first"]
    assert bot.calls(SEND, "flood_wait") == 1
    assert bot.metrics.flood_wait_seconds._value.get() == 3


async def test_a_flood_wait_beyond_the_cap_is_not_slept(bot, dc, cast, received):
    """The caller learns how long to put the work off; nothing waits and nothing is sent."""
    dc.faults.add(Fault(SEND, error=(420, "FLOOD_WAIT_3600")))

    with pytest.raises(RetryLaterError) as refused:
        await bot.gateway.send_text(cast.ann.id, "text")

    assert refused.value.seconds == 3600
    assert bot.clock.waits == []
    assert received() == []


@pytest.mark.parametrize("action", ["ignore", "drop", "drop_after"])
async def test_a_send_whose_request_or_answer_is_lost_arrives_exactly_once(bot, dc, cast, received, action):
    """The same random_id goes out again, so that one message arrives whichever half was lost."""
    dc.faults.add(Fault(SEND, action=action))
    mark = dc.recorder.mark()

    sent = await bot.gateway.send_text(cast.ann.id, "once")

    requests = [call.request for call in dc.recorder.since(mark) if call.name == SEND]
    assert [message.body.text for message in received()] == ["once"]
    assert len({request.random_id for request in requests}) == 1
    assert len(requests) == 2
    assert sent == (0 if action == "drop_after" else received()[0].twin.id)


async def test_server_errors_are_tried_again(bot, dc, cast, received):
    """A stumbling server costs a pause, not the message."""
    dc.faults.add(Fault(SEND, error=(500, "INTERNAL"), times=2))

    await bot.gateway.send_text(cast.ann.id, "patience")

    assert [message.body.text for message in received()] == ["patience"]
    assert len(bot.clock.waits) == 2
    assert (bot.calls(SEND, "server_error"), bot.calls(SEND, "ok")) == (2, 1)


async def test_a_send_that_is_never_answered_ends_as_unknown_and_an_edit_as_unavailable(bot, dc, cast):
    """Only a request that may have made a message is reported as of unknown outcome."""
    sent = await bot.gateway.send_text(cast.ann.id, "x")
    dc.faults.add(Fault("*", action="ignore", times=None))

    with pytest.raises(OutcomeUnknownError):
        await bot.gateway.send_text(cast.ann.id, "?")
    with pytest.raises(TelegramUnavailableError) as unavailable:
        await bot.gateway.edit_text(cast.ann.id, sent, "y")

    assert not isinstance(unavailable.value, OutcomeUnknownError)


@pytest.mark.parametrize("why", ["blocked", "deactivated", "never started", "unknown"])
async def test_people_who_cannot_be_written_to_are_told_apart_from_failures(bot, world, cast, why):
    """Blocked, deleted, never met and unknown people raise RecipientUnreachableError."""
    target = {"never started": cast.bob.id, "unknown": 123456789}.get(why, cast.ann.id)
    if why == "blocked":
        world.block(cast.ann.id, cast.bot.id)
    if why == "deactivated":
        world.deactivate(cast.ann.id)

    with pytest.raises(RecipientUnreachableError):
        await bot.gateway.send_text(target, "hello?")


async def test_a_refusal_nobody_can_act_on_names_telegrams_error(bot, dc, cast, tmp_path, monkeypatch):
    """A defect of ours surfaces with Telegram's own word, also one the client does not know and would write to disk."""
    monkeypatch.chdir(tmp_path)
    dc.faults.add(Fault(SEND, error=(400, "BUTTON_SOMETHING_NEW_INVALID")))

    with pytest.raises(TelegramRefusedError) as refused:
        await bot.gateway.send_text(cast.ann.id, "x")

    assert refused.value.name == "BUTTON_SOMETHING_NEW_INVALID"
    assert bot.clock.waits == []
    assert not (tmp_path / "unknown_errors.txt").exists()


async def test_an_edit_of_an_unchanged_or_vanished_message_is_no_error(bot, world, cast, received):
    """Text and buttons change; the same again, a deleted message and an unknown id are silently fine."""
    keyboard = [[Button("next", data="n")]]
    sent = await bot.gateway.send_text(cast.ann.id, "one")

    await bot.gateway.edit_text(cast.ann.id, sent, "<i>two</i>", keyboard)
    await bot.gateway.edit_text(cast.ann.id, sent, "<i>two</i>", keyboard)

    message = received()[0]
    assert (message.body.text, message.body.edit_count) == ("two", 1)
    world.delete(message)
    await bot.gateway.edit_text(cast.ann.id, sent, "three")
    await bot.gateway.edit_text(cast.ann.id, 0, "three")


async def test_a_press_is_answered_and_a_late_answer_is_no_error(bot, world, cast, received):
    """The reader sees the alert; answering the same press again does nothing."""
    await bot.gateway.send_text(cast.ann.id, "press", [[Button("go", data="go")]])
    pressed = asyncio.get_running_loop().create_future()

    async def on_update(_client, update, _users, _chats):
        if isinstance(update, raw.types.UpdateBotCallbackQuery):
            pressed.set_result(str(update.query_id))

    bot.client.add_handler(RawUpdateHandler(on_update))
    await asyncio.sleep(0)
    answer = world.press(cast.ann.id, cast.bot.id, received()[0].id, b"go")
    query_id = await asyncio.wait_for(pressed, 5)
    await bot.gateway.answer_callback(query_id, "<3 & done", alert=True)
    await bot.gateway.answer_callback(query_id, "again")

    seen = await answer
    assert (seen.text, seen.alert) == ("<3 & done", True)


async def test_a_file_is_sent_by_reference_with_its_caption(bot, cast, received, stored):
    """The document of the post arrives; the answer names the message and a file_id that can be sent again."""
    post, media = stored
    sent = await bot.gateway.send_media(cast.ann.id, media.file_id, "<b>Nosferatu</b>", protect=True)

    message = received()[0]
    assert (message.twin.id, message.body.text) == (sent.message_id, "Nosferatu")
    assert message.body.file is post.body.file
    assert (await bot.gateway.send_media(cast.ann.id, sent.file_id, "")).message_id > sent.message_id


async def test_a_photo_is_sent_by_reference(bot, world, cast, received):
    """Photos have a file_id of another make and are sent all the same."""
    post = world.post(cast.channel.id, "", file=world.add_document("p.jpg", 5000, "image/jpeg", kind="photo"))
    (media,) = await bot.gateway.fetch_posts(cast.channel.full_id, [post.id])

    await bot.gateway.send_media(cast.ann.id, media.file_id, "")

    assert media.kind is MediaKind.PHOTO
    assert received()[0].body.file is post.body.file


@pytest.mark.parametrize("file_id", ["", "nonsense", "AAAA", "BQ" * 30])
async def test_an_unreadable_file_id_is_a_case_for_healing(bot, cast, file_id):
    """A damaged file_id is treated as one whose reference expired, as only a source can help."""
    with pytest.raises(FileReferenceExpiredError):
        await bot.gateway.send_media(cast.ann.id, file_id, "")


async def test_the_command_menu_is_published(bot, dc):
    """The commands reach Telegram in the given order."""
    await bot.gateway.set_commands([("start", "Begin"), ("help", "Explain")])

    request = await dc.recorder.wait_call("bots.SetBotCommands")
    assert [(item.command, item.description) for item in request.commands] == [("start", "Begin"), ("help", "Explain")]
