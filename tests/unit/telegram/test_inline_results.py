"""Answers to inline queries as raw requests, and inline queries as the bot reads them."""

from __future__ import annotations

import pytest
from pyrogram import raw

from core.domain.media import MediaKind
from core.telegram.gateway import Button, FileReferenceExpiredError, InlineArticle, InlineFile, InlineHint
from core.telegram.incoming import document_file_id, photo_file_id
from core.telegram.inline_results import inline_answer
from handlers.incoming import InlineQuery, Sender, read_update

DOCUMENT = document_file_id(
    raw.types.Document(
        id=77, access_hash=-5, file_reference=b"reference", date=0, mime_type="", size=1, dc_id=2, attributes=[]
    )
)
PHOTO = photo_file_id(
    raw.types.Photo(
        id=78,
        access_hash=6,
        file_reference=b"reference",
        date=0,
        dc_id=2,
        sizes=[raw.types.PhotoSize(type="x", w=800, h=600, size=9)],
    )
)


def answer(*results, **changes):
    return inline_answer("5", results, **({"cache_s": 30, "personal": True, "next_offset": "", "hint": None} | changes))


def inline_file(kind=MediaKind.VIDEO, *, sent=None, caption="caption", result_id="a"):
    return InlineFile(result_id, sent or DOCUMENT, kind, "title", "1 GB", caption)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MediaKind.VIDEO, "video"),
        (MediaKind.AUDIO, "audio"),
        (MediaKind.DOCUMENT, "file"),
        (MediaKind.ANIMATION, "gif"),
    ],
)
def test_a_document_is_shown_as_what_it_is(kind, expected):
    """Each kind has the type that Telegram's apps show it by."""
    (result,) = answer(inline_file(kind)).results

    assert isinstance(result, raw.types.InputBotInlineResultDocument)
    assert (result.type, result.document.id, result.document.file_reference) == (expected, 77, b"reference")
    assert (result.title, result.description, result.send_message.message) == ("title", "1 GB", "caption")


@pytest.mark.parametrize("kind", MediaKind)
def test_a_photo_is_a_photo(kind):
    """What the file_id says decides: a photo cannot be sent as a document."""
    (result,) = answer(inline_file(kind, sent=PHOTO)).results

    assert isinstance(result, raw.types.InputBotInlineResultPhoto)
    assert result.type == "photo"


def test_an_unreadable_file_id_is_one_to_heal():
    """A file_id of another program is healed from its source like an expired one."""
    with pytest.raises(FileReferenceExpiredError):
        answer(inline_file(sent="nonsense"))


def test_an_article_carries_its_message_and_button():
    """Title and description for the list; text, entities and a link button for the chat."""
    article = InlineArticle("a", "t & t", "d", "<b>x &amp; y</b>", ((Button("Get", url="https://t.me/b?start=t"),),))
    (result,) = answer(article).results

    assert (result.type, result.title, result.send_message.message) == ("article", "t & t", "x & y")
    assert [type(entity) for entity in result.send_message.entities] == [raw.types.MessageEntityBold]
    assert result.send_message.reply_markup.rows[0].buttons[0].url == "https://t.me/b?start=t"
    assert result.send_message.no_webpage


def test_an_answer_says_for_whom_and_how_long():
    """Query, cache, the next offset and the line above."""
    request = answer(cache_s=0, next_offset="10", hint=InlineHint("Type", "help"))

    assert (request.query_id, request.cache_time, request.private, request.next_offset) == (5, 0, True, "10")
    assert (request.switch_pm.text, request.switch_pm.start_param) == ("Type", "help")
    assert answer(personal=False).private is None
    assert answer().switch_pm is None


@pytest.mark.parametrize(
    "results",
    [
        [inline_file(result_id=str(n)) for n in range(51)],
        [inline_file(caption="x" * 1025)],
        [inline_file(result_id="")],
        [inline_file(result_id="é" * 33)],
        [InlineArticle("a", "t", "d", "x" * 4097)],
    ],
    ids=["51 results", "caption", "no id", "65 bytes of id", "text"],
)
def test_more_than_telegram_takes_is_a_mistake_of_ours(results):
    """It is named before anything is sent."""
    with pytest.raises(ValueError, match=r"takes|bytes"):
        answer(*results)


def update(**changes):
    fields = {"query_id": 2**62, "user_id": 7, "query": "moon", "offset": "10"}
    return raw.types.UpdateBotInlineQuery(**(fields | changes))


def person(**changes):
    return {7: raw.types.User(id=7, first_name="Ann", lang_code="en", **changes)}


@pytest.mark.parametrize(
    ("peer_type", "expected"),
    [
        (None, ""),
        (raw.types.InlineQueryPeerTypeSameBotPM(), "bot"),
        (raw.types.InlineQueryPeerTypePM(), "private"),
        (raw.types.InlineQueryPeerTypeMegagroup(), "group"),
        (raw.types.InlineQueryPeerTypeBroadcast(), "channel"),
    ],
)
def test_an_inline_query_is_read(peer_type, expected):
    """Who asks what, from where in the list, in what kind of chat."""
    read = read_update(update(peer_type=peer_type), person())

    assert read == InlineQuery(Sender(7, "Ann", None, "en"), str(2**62), "moon", "10", expected)


def test_a_query_of_nobody_is_passed_over():
    """A sender that Telegram does not describe, or a bot, is no reader."""
    assert read_update(update(), {}) is None
    assert read_update(update(), person(bot=True)) is None


def test_a_chosen_result_is_not_read_as_words():
    """What an inline result writes into the chat with the bot begins no search; the same words typed do."""
    peer = raw.types.PeerUser(user_id=7)

    def sent(**how):
        message = raw.types.Message(id=1, peer_id=peer, date=0, message="Judex.mkv", **how)
        return read_update(raw.types.UpdateNewMessage(message=message, pts=1, pts_count=1), person())

    assert sent().text == "Judex.mkv"
    assert sent(via_bot_id=5) is None
