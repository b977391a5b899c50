"""Whatever a person or a modified client sends gets a friendly sentence: never a traceback, never silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

LEAKS = ("Traceback", "Exception", "Error(", "mongodb://", "None", "{", "$")

BAD_TEXTS = {
    "one letter": "x",
    "punctuation only": "?!…",
    "emoji only": "🎬🎬🎬",
    "regex": ".*.*.*zz",
    "open bracket": "[",
    "backslash": "\\",
    "operator": '{"$gt": ""}',
    "where": "$where: sleep(1000)",
    "markup": "<b>bold</b> & <i>more",
    "mention": "[link](tg://user?id=1)",
    "control characters": "a\x00b\x07c \x1b[31m",
    "zero width": "\u200b\u200d\u2060",
    "direction override": "\u202etxt.exe abc",
    "a thousand words": "word " * 800,
    "4,096 characters": "x" * 4096,
    "unknown command": "/frobnicate now",
    "command of nobody": "/",
    "unknown deep link": "/start DSTORE-LTEwMDEyMw",
    "hostile deep link": "/start sendall_../../etc",
    "broken deep link": "/start \u202e%00<b>",
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
async def test_bad_text_gets_a_friendly_sentence(bot: Container, ann: Actor, text: str) -> None:
    """Scenarios 43, 44, 51, 60: text that cannot be searched is answered in words, once, without anything inside."""
    ann.say(text)
    answer = await ann.wait_message()

    assert len(answer.text) > 15
    assert not any(leak in answer.text for leak in LEAKS if leak not in text)


FORGED = {
    "nothing": b"",
    "no prefix": b"hello",
    "unknown prefix": b"zz:1:2",
    "prefix alone": b"pg",
    "missing field": b"pg:0123456789abcdef",
    "one field too many": b"pg:0123456789abcdef:1:2",
    "text for a number": b"pg:0123456789abcdef:one",
    "negative page": b"pg:0123456789abcdef:-1",
    "huge page": b"pg:0123456789abcdef:99999999999999999999",
    "redis key for a session": b"pg:user*:1",
    "not utf-8": b"\xff\xfe\x00pg",
    "bad media id": b"f:0123456789abcdef:!!",
    "unknown session": b"f:0123456789abcdef:AAAAAAAAA",
    "unknown job": b"st:0123456789abcdef",
    "too long": b"pg:" + b"9" * 61,
}


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED.keys())
async def test_forged_button_data_gets_an_alert(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, data: bytes
) -> None:
    """Scenarios 32 and 33: data that no button of ours carries is refused with an alert and does nothing."""
    await post_files(bot, bob, cast, [f"Forged {n}.mkv" for n in range(12)])
    page = await search(ann, "forged")

    answer = await ann.expect_nothing_until(ann.press(page, data=data))

    assert answer.alert
    assert answer.text is not None
    assert not any(leak in answer.text for leak in LEAKS)


@pytest.mark.parametrize("number", [0, -1, -(2**62)])
async def test_a_forged_page_number_of_an_own_session_is_refused(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, number: int
) -> None:
    """Scenario 32: a page that the session does not have is refused, whatever the number."""
    await post_files(bot, bob, cast, [f"Numbered {n}.mkv" for n in range(12)])
    page = await search(ann, "numbered")
    session = (page.button("Send all").data or b"").split(b":")[1]

    answer = await ann.expect_nothing_until(ann.press(page, data=b"pg:%b:%d" % (session, number)))

    assert answer.alert


async def test_buttons_of_another_person_are_refused(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 31: paging, fetching and sending a page that somebody else searched for is refused with an alert."""
    await post_files(bot, bob, cast, [f"Private {n}.mkv" for n in range(12)])
    bob.say("/start")
    own = await bob.wait_message(containing="Hello")
    page = await search(ann, "private")
    stolen = [page.button(text).data for text in ("Private 1", "Private 7", "Send all", "›")]

    for data in stolen:
        answer = await bob.expect_nothing_until(bob.press(own, data=data))
        assert answer.alert
        assert answer.text == "This button belongs to somebody else. Search for yourself to get your own."
    assert bob.files() == []


async def test_a_file_outside_the_session_cannot_be_pressed(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 32: a file id of another search in one's own session is refused: the session names what it offers."""
    await post_files(bot, bob, cast, ["Alpha.mkv", "Omega.mkv"])
    alpha, omega = await search(ann, "alpha"), await search(ann, "omega")
    session = (alpha.button("Alpha").data or b"").split(b":")[1]
    other = (omega.button("Omega").data or b"").split(b":")[2]

    answer = await ann.expect_nothing_until(ann.press(alpha, data=b"f:%b:%b" % (session, other)))

    assert answer.alert
    assert ann.files() == []


async def test_names_and_words_with_markup_are_shown_as_they_are(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 52: markup in a query, a file name or a caption is text everywhere, and never an entity."""
    name = "A & B <b>cut</b> *_[x](tg://user?id=1).mkv"
    await post_files(bot, bob, cast, [name], caption="<b>not bold</b> & [no](tg://link) cut")

    page = await search(ann, "<b>cut</b> & b")
    assert page.text.startswith("<b>cut</b> & b")
    assert [type(entity).__name__ for entity in page.entities] == ["MessageEntityBold"]
    assert "<b>cut</b>" in file_labels(page)[0]

    await ann.press(page, file_labels(page)[0])
    delivered = await ann.wait_message(lambda seen: seen.document is not None)
    assert delivered.text == "<b>not bold</b> & [no](tg://link) cut"
    assert delivered.entities == ()


async def test_every_press_is_answered_exactly_once_in_plain_text(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 36: each press leads to one answer, and its text shows no markup."""
    await post_files(bot, bob, cast, [f"Once {n}.mkv" for n in range(12)])
    page = await search(ann, "once")
    buttons = [page.button(text) for text in ("Once 3", "Once 5", "Send all", "›", "1 / 2")]
    mark = dc.recorder.mark()

    for button in buttons:
        await ann.press(page, data=button.data)
    await ann.press(page, data=b"zz:forged")
    await ann.wait_edit(containing="Sent")

    answers = [call.request for call in dc.recorder.since(mark) if call.name == "messages.SetBotCallbackAnswer"]
    assert len(answers) == len(buttons) + 1
    assert len({answer.query_id for answer in answers}) == len(answers)
    assert not any("<" in (answer.message or "") for answer in answers)


async def test_a_file_sent_to_the_bot_is_answered(bot: Container, ann: Actor) -> None:
    """A reader who sends a file instead of words is told what to send."""
    ann.send_file("mine.mkv")

    assert "Send me words" in (await ann.wait_message()).text


async def test_talk_in_a_group_is_left_alone(bot: Container, ann: Actor, cast: Cast) -> None:
    """The bot answers a command in a group, and nothing else that is said there."""
    ann.say_in(cast.group.id, "hello everybody")
    ann.say_in(cast.group.id, "/help@another_bot")
    ann.say_in(cast.group.id, "/help")

    answer = await ann.wait_message()

    assert answer.text.startswith("How to search")
    assert answer.chat_id == cast.group.full_id


async def test_too_many_searches_are_refused_once_in_words(setup: BotSetup, ann: Actor) -> None:
    """Scenario 58: the search past the limit names the seconds to wait; the ones after it in the window stay silent."""
    async with setup.running(RATE_SEARCH_PERIOD_S="3600"):  # in a minute some searches are given back meanwhile
        for n in range(30):
            ann.say(f"limit {n}")
            await ann.wait_message(containing="limit")

        for _ in range(3):
            ann.say("one more")
        refusal = await ann.wait_message()
        ann.say("/help")

        assert "wait" in refusal.text
        assert (await ann.wait_message()).text.startswith("How to search")


async def test_an_answer_that_telegram_refuses_is_logged_and_counted(
    bot: Container, dc: DataCenter, ann: Actor
) -> None:
    """Where neither answer nor apology may be sent, the update still ends in order, and the next one is served."""
    mark = dc.recorder.mark()
    dc.faults.add(Fault("messages.SendMessage", error=(400, "SOMETHING_NEW"), times=2))
    ann.say("/help")
    first = await dc.recorder.wait_call("messages.SendMessage", since=mark)
    await dc.recorder.wait_call(
        "messages.SendMessage", lambda request: request.random_id != first.random_id, since=mark
    )

    ann.say("/start")
    await ann.wait_message(containing="Hello")

    counted = {"route": "help", "outcome": "failed"}
    assert bot.metrics.registry.get_sample_value("file_filter_updates_total", counted) == 1
