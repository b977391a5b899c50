"""Inline queries in the world: asked, answered in time, served again, chosen."""

from __future__ import annotations

import asyncio

import pytest
from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.inline_results import InlineAnswer, InlineResult, SwitchButton, checked_answer

T = raw.types

KEYBOARD = T.ReplyInlineMarkup(
    rows=[T.KeyboardButtonRow(buttons=[T.KeyboardButtonUrl(text="Open", url="https://t.me/filter_test_bot?start=x")])]
)
ONE = InlineAnswer((InlineResult("1", "article", "Nosferatu", text="a film", markup=KEYBOARD),))


@pytest.fixture
def inline(world, bot):
    """The inline mode of a bot that has it."""
    bot.inline_placeholder = "Search files"
    return world.inline


async def asked(world, sink, bot, ann, text="query", offset="", **where):
    """A query on its way: its update at the bot, and the person's wait for it."""
    waiting = asyncio.ensure_future(world.inline.ask(ann.id, bot.id, text, offset, **where))
    await asyncio.sleep(0)
    return sink.pushed[-1][1].updates[0], waiting


async def answered(world, sink, bot, ann, answer, text="query"):
    """A query that the bot has answered."""
    update, waiting = await asked(world, sink, bot, ann, text)
    world.inline.desk.answer(bot.id, update.query_id, answer)
    return await waiting


def refusal(call, *arguments, **named):
    with pytest.raises(RpcFailure) as caught:
        call(*arguments, **named)
    return caught.value.name


async def test_a_query_reaches_the_bot_and_its_answer_the_person(world, sink, inline, bot, ann):
    """The bot is told who typed what, with which offset; the person gets the results as the bot gave them."""
    update, waiting = await asked(world, sink, bot, ann, "x" * 600, "10", chat=bot)
    assert (update.user_id, update.query, update.offset) == (ann.id, "x" * 512, "10")
    assert isinstance(update.peer_type, T.InlineQueryPeerTypeSameBotPM)
    world.inline.desk.answer(bot.id, update.query_id, ONE)
    found = await waiting
    assert (found.query_id, found.answer) == (update.query_id, ONE)


async def test_the_bot_is_told_in_what_kind_of_chat_somebody_types(world, sink, inline, bot, ann, bob):
    """Private chats, groups, channels and the bot's own chat are told apart, and nothing is said when unknown."""
    other = world.add_bot("7000000009:other", "Other", "other_test_bot")
    chats = [None, bob, other, world.add_group("G", creator=ann.id), world.add_channel("C", creator=ann.id)]
    kinds = []
    for number, chat in enumerate(chats):
        update, waiting = await asked(world, sink, bot, ann, str(number), chat=chat)
        kinds.append(type(update.peer_type).__name__.removeprefix("InlineQueryPeerType"))
        waiting.cancel()
    assert kinds == ["NoneType", "PM", "BotPM", "Megagroup", "Broadcast"]


async def test_only_bots_with_inline_mode_are_asked(world, sink, bot, ann, bob):
    """A person, a bot without inline mode and an offset that no bot can have given are refused at once."""
    for target, offset, name in ((bob, "", "BOT_INVALID"), (bot, "", "BOT_INLINE_DISABLED"), (bot, "é" * 33, None)):
        with pytest.raises(RpcFailure, match=name or "OFFSET_INVALID"):
            await world.inline.ask(ann.id, target.id, "query", offset)
        bot.inline_placeholder = "" if target is bot else None
    assert sink.of(bot.id) == []


async def test_a_query_is_answered_once_in_time_and_by_its_own_bot(world, clock, sink, inline, bot, ann):
    """Another bot's answer, a second one and one after ten seconds are refused."""
    update, waiting = await asked(world, sink, bot, ann)
    assert refusal(inline.desk.answer, bot.id + 1, update.query_id, ONE) == "QUERY_ID_INVALID"
    inline.desk.answer(bot.id, update.query_id, ONE)
    assert refusal(inline.desk.answer, bot.id, update.query_id, ONE) == "QUERY_ID_INVALID"
    await waiting
    late, waiting = await asked(world, sink, bot, ann, "late")
    clock.advance(10)
    assert refusal(inline.desk.answer, bot.id, late.query_id, ONE) == "QUERY_ID_INVALID"
    waiting.cancel()


async def test_a_bot_that_never_answers_is_not_waited_for(world, sink, inline, bot, ann):
    """The person is told BOT_RESPONSE_TIMEOUT, and the query is gone."""
    inline.desk.timeout_s = 0.01
    with pytest.raises(RpcFailure, match="BOT_RESPONSE_TIMEOUT"):
        await inline.ask(ann.id, bot.id, "query")
    query_id = sink.pushed[-1][1].updates[0].query_id
    assert refusal(inline.desk.answer, bot.id, query_id, ONE) == "QUERY_ID_INVALID"


@pytest.mark.parametrize("personal", [False, True])
async def test_the_same_query_is_served_from_the_answer_before(world, clock, sink, inline, bot, ann, bob, personal):
    """For cache_time seconds the bot is not asked again: by anybody, or by the same person when it is personal."""
    cached = InlineAnswer(ONE.results, cache_time_s=30, is_personal=personal)
    first = await answered(world, sink, bot, ann, cached)
    count = len(sink.pushed)
    again = await inline.ask(ann.id, bot.id, "query")
    assert (again.answer, again.query_id != first.query_id, len(sink.pushed)) == (cached, True, count)
    assert inline.draft(ann.id, again.query_id, "1").text == "a film"
    if personal:
        await answered(world, sink, bot, bob, cached)
    else:
        assert (await inline.ask(bob.id, bot.id, "query")).answer is cached
    count = len(sink.pushed)
    for text, offset in (("query", "10"), ("other", "")):
        _, waiting = await asked(world, sink, bot, ann, text, offset)
        waiting.cancel()
    assert len(sink.pushed) == count + 2
    clock.advance(30)
    await answered(world, sink, bot, ann, cached)


async def test_an_answer_that_may_not_be_cached_is_asked_for_again(world, sink, inline, bot, ann):
    """With a cache time of 0 every query reaches the bot."""
    for number in (1, 2):
        await answered(world, sink, bot, ann, ONE)
        assert sink.of(bot.id) == ["UpdateBotInlineQuery"] * number


async def test_a_chosen_result_becomes_a_message_by_way_of_the_bot(world, sink, inline, bot, ann, bob):
    """The keyboard is the bot's, the sender the person; only who was shown the result may send it."""
    found = await answered(world, sink, bot, ann, ONE)
    draft = inline.draft(ann.id, found.query_id, "1")
    message = world.write(ann.id, bob, draft)
    body = message.twin.body
    assert (body.sender_id, body.via_bot_id, body.text, body.markup) == (ann.id, bot.id, "a film", KEYBOARD)
    shown = world.views.message(message.twin, bob.id)
    users, _ = world.views.peers([message.twin], bob.id)
    assert (shown.via_bot_id, {user.id for user in users}) == (bot.id, {ann.id, bob.id, bot.id})
    assert refusal(inline.draft, bob.id, found.query_id, "1") == "INLINE_RESULT_EXPIRED"
    assert refusal(inline.draft, ann.id, 7, "1") == "INLINE_RESULT_EXPIRED"
    assert refusal(inline.draft, ann.id, found.query_id, "2") == "RESULT_ID_INVALID"


async def test_the_bot_hears_of_choices_only_when_it_asked_for_that(world, sink, inline, bot, ann):
    """Feedback is off unless the owner of the bot switched it on."""
    found = await answered(world, sink, bot, ann, ONE)
    for wanted, updates in ((False, 0), (True, 1)):
        bot.inline_feedback = wanted
        inline.tell_chosen(ann.id, found.query_id, "1")
        assert sink.of(bot.id).count("UpdateBotInlineSend") == updates
    sent = sink.pushed[-1][1].updates[0]
    assert (sent.user_id, sent.query, sent.id) == (ann.id, "query", "1")


def text(message="a film", **more):
    return T.InputBotInlineMessageText(message=message, **more)


def caption(message="", **more):
    return T.InputBotInlineMessageMediaAuto(message=message, **more)


def article(name="1", *, title="Title", send=None, **more):
    return T.InputBotInlineResult(id=name, type="article", title=title, send_message=send or text(), **more)


class Shelf:
    """Hands in files as a bot names them."""

    def __init__(self, world, bot):
        self.world, self.bot = world, bot

    def find(self, given):
        return self.world.peers.file(self.bot.id, given)

    def result(self, name, kind, as_type, *, title="Title", send=None):
        file = self.world.files[self.world.add_document(name, 5, kind=kind)]
        access, bot_id = self.world.access, self.bot.id
        named = {
            "id": file.id,
            "access_hash": access.file(bot_id, file.id),
            "file_reference": access.file_reference(file.id),
        }
        common = {"id": name or "photo", "type": as_type, "send_message": send or caption()}
        if as_type == "photo":
            return T.InputBotInlineResultPhoto(photo=T.InputPhoto(**named), **common)
        return T.InputBotInlineResultDocument(document=T.InputDocument(**named), title=title, **common)


@pytest.fixture
def shelf(world, bot):
    """The files of the world, for the bot."""
    return Shelf(world, bot)


def offered(shelf, *results, **more):
    request = raw.functions.messages.SetInlineBotResults(
        query_id=1, results=list(results), **({"cache_time": 0} | more)
    )
    return checked_answer(request, shelf.find)


def test_results_of_all_kinds_are_taken_as_they_are(shelf):
    """Articles and files of each kind pass; a file is sent with its caption, or replaced by a text."""
    answer = offered(
        shelf,
        article("a", description="d", url="https://example.org", send=text("  hi  ", reply_markup=KEYBOARD)),
        shelf.result("v.mp4", "video", "video", send=caption("cap")),
        shelf.result("v.mkv", "document", "file"),
        shelf.result("s.mp3", "audio", "audio", title=None),
        shelf.result("g.mp4", "animation", "gif", title=None),
        shelf.result("o.ogg", "voice", "voice"),
        shelf.result("", "photo", "photo"),
        shelf.result("t.mkv", "video", "file", send=text("instead")),
    )
    first, video, *_, instead = answer.results
    types = [result.type for result in answer.results]
    assert types == ["article", "video", "file", "audio", "gif", "voice", "photo", "file"]
    assert (first.title, first.description, first.text, first.markup) == ("Title", "d", "hi", KEYBOARD)
    assert (video.file.name, video.sends_file, video.text) == ("v.mp4", True, "cap")
    assert (instead.file.name, instead.sends_file, instead.text) == ("t.mkv", False, "instead")


def test_what_goes_with_the_results(shelf):
    """Offset, button, cache time, personal and gallery are kept; nothing at all is an answer too."""
    button = T.InlineBotSwitchPM(text="Type to search", start_param="inline-help_1")
    answer = offered(shelf, next_offset="10", switch_pm=button, cache_time=30, private=True, gallery=True)
    switch = SwitchButton("Type to search", "inline-help_1")
    assert answer == InlineAnswer((), "10", switch, 30, is_personal=True, is_gallery=True)
    assert offered(shelf, next_offset="") == InlineAnswer()


LONG_DATA = T.ReplyInlineMarkup(
    rows=[T.KeyboardButtonRow(buttons=[T.KeyboardButtonCallback(text="x", data=b"x" * 65)])]
)


@pytest.mark.parametrize(
    ("results", "name"),
    [
        ([article(str(n)) for n in range(51)], "RESULTS_TOO_MUCH"),
        ([article(""), article("2")], "RESULT_ID_INVALID"),
        ([article("é" * 33)], "RESULT_ID_INVALID"),
        ([article("1"), article("1")], "RESULT_ID_DUPLICATE"),
        ([article(title=" ")], "ARTICLE_TITLE_EMPTY"),
        ([article(url="nowhere")], "URL_INVALID"),
        ([article(send=text(" "))], "MESSAGE_EMPTY"),
        ([article(send=text("x" * 4_097))], "MESSAGE_TOO_LONG"),
        ([article(send=text("x", entities=[T.MessageEntityBold(offset=0, length=2)]))], "ENTITY_BOUNDS_INVALID"),
        ([article(send=text(reply_markup=LONG_DATA))], "BUTTON_DATA_INVALID"),
        ([article(send=text(reply_markup=T.ReplyKeyboardHide()))], "REPLY_MARKUP_INVALID"),
        ([article(send=caption("x"))], "SEND_MESSAGE_MEDIA_INVALID"),
        ([article(send=T.InputBotInlineMessageGame())], "SEND_MESSAGE_TYPE_INVALID"),
        ([T.InputBotInlineResult(id="1", type="video", title="t", send_message=text())], "RESULT_TYPE_INVALID"),
    ],
)
def test_articles_that_are_refused(shelf, results, name):
    """Ids, titles, texts, keyboards and numbers are checked as Telegram checks them."""
    assert refusal(offered, shelf, *results) == name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (("a.mkv", "document", "video"), "DOCUMENT_INVALID"),
        (("a.mkv", "document", "film"), "RESULT_TYPE_INVALID"),
        (("a.mkv", "document", "photo"), "PHOTO_INVALID"),
        (("", "photo", "file"), "DOCUMENT_INVALID"),
    ],
)
def test_files_that_are_not_what_they_are_offered_as(shelf, file, name):
    """A document is no video, and a photo no document."""
    assert refusal(lambda: offered(shelf, shelf.result(*file))) == name


def test_files_that_cannot_be_offered(shelf, world):
    """A long caption, a missing title, an unknown file and a reference of long ago are refused."""
    video = ("a.mp4", "video", "video")
    refused = [
        (shelf.result(*video, send=caption("x" * 1_025)), "MEDIA_CAPTION_TOO_LONG"),
        (shelf.result(*video, title=""), "VIDEO_TITLE_EMPTY"),
        (shelf.result("a.mkv", "document", "file", title=None), "FILE_TITLE_EMPTY"),
    ]
    stranger = shelf.result(*video)
    stranger.document.access_hash += 1
    refused.append((stranger, "DOCUMENT_INVALID"))
    old = shelf.result(*video)
    assert [refusal(offered, shelf, result) for result, _ in refused] == [name for _, name in refused]
    world.expire_file_references()
    assert refusal(offered, shelf, old) == "FILE_REFERENCE_EXPIRED"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"next_offset": "é" * 33}, "NEXT_OFFSET_INVALID"),
        ({"switch_pm": T.InlineBotSwitchPM(text=" ", start_param="x")}, "SWITCH_PM_TEXT_EMPTY"),
        ({"switch_pm": T.InlineBotSwitchPM(text="x", start_param="")}, "START_PARAM_EMPTY"),
        ({"switch_pm": T.InlineBotSwitchPM(text="x", start_param="a b")}, "START_PARAM_INVALID"),
        ({"switch_pm": T.InlineBotSwitchPM(text="x", start_param="x" * 65)}, "START_PARAM_INVALID"),
        ({"switch_webview": T.InlineBotWebView(text="x", url="https://example.org")}, "BUTTON_TYPE_INVALID"),
    ],
)
def test_what_goes_with_the_results_is_checked(shelf, more, name):
    """Offsets have 64 bytes; the button has a text and a parameter that a link may carry."""
    assert refusal(offered, shelf, article(), **more) == name
