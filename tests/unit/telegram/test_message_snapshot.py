"""What a raw message says, and the request that says it again."""

from __future__ import annotations

from typing import Any

import pytest
from pyrogram import raw

from core.domain.broadcast import LinkButton, Snapshot, TextEntity
from core.telegram.broadcast_gateway import NotRepeatableError
from core.telegram.gateway import FileReferenceExpiredError
from core.telegram.message_snapshot import request_from, snapshot_from_raw

T = raw.types
PEER = T.InputPeerUser(user_id=7, access_hash=0)
DOCUMENT = T.Document(
    id=9, access_hash=8, file_reference=b"r", date=0, mime_type="video/mp4", size=1, dc_id=2, attributes=[]
)
AT = {"offset": 1, "length": 2}


def message(text: str = "Hello", **fields: Any) -> Any:
    return T.Message(id=3, peer_id=T.PeerUser(user_id=7), date=0, message=text, **fields)


def test_formatting_survives_and_what_telegram_finds_itself_is_left_out() -> None:
    """Every kind that a person can choose comes back as it was, with its address, language, emoji or person."""
    chosen = [
        T.MessageEntityBold(**AT),
        T.MessageEntityItalic(**AT),
        T.MessageEntityUnderline(**AT),
        T.MessageEntityStrike(**AT),
        T.MessageEntitySpoiler(**AT),
        T.MessageEntityCode(**AT),
        T.MessageEntityPre(**AT, language="py"),
        T.MessageEntityBlockquote(**AT, collapsed=True),
        T.MessageEntityTextUrl(**AT, url="https://example.org"),
        T.MessageEntityCustomEmoji(**AT, document_id=1 << 60),
    ]
    found = [T.MessageEntityUrl(**AT), T.MessageEntityHashtag(**AT), T.MessageEntityMention(**AT)]

    snapshot = snapshot_from_raw(message(entities=chosen + found))
    name, request = request_from(snapshot, PEER, 5)

    assert (name, request.message, request.random_id) == ("messages.SendMessage", "Hello", 5)
    assert [bytes(entity.write()) for entity in request.entities] == [bytes(entity.write()) for entity in chosen]


def test_a_named_person_is_named_without_a_username() -> None:
    """Telegram takes a person by id in a form of its own."""
    snapshot = snapshot_from_raw(message(entities=[T.MessageEntityMentionName(**AT, user_id=77)]))
    _, request = request_from(snapshot, PEER, 5)

    assert snapshot.entities == (TextEntity("MentionName", 1, 2, 77),)
    assert isinstance(request.entities[0], T.InputMessageEntityMentionName)
    assert request.entities[0].user_id.user_id == 77


def test_a_file_is_sent_by_reference_with_all_it_had() -> None:
    """Caption, cover and place of the caption stay."""
    media = T.MessageMediaDocument(document=DOCUMENT, spoiler=True)
    snapshot = snapshot_from_raw(message("Look", media=media, invert_media=True))
    name, request = request_from(snapshot, PEER, 5)

    assert (name, request.message, request.invert_media, request.entities) == ("messages.SendMedia", "Look", True, None)
    assert (request.media.id.id, request.media.id.file_reference, request.media.spoiler) == (9, b"r", True)


def test_a_preview_of_a_link_stays_and_none_appears() -> None:
    """What the admin switched off does not come back, and the other way round."""
    page = T.MessageMediaWebPage(webpage=T.WebPageEmpty(id=1))

    _, with_preview = request_from(snapshot_from_raw(message(media=page)), PEER, 5)
    _, without = request_from(snapshot_from_raw(message()), PEER, 5)

    assert (with_preview.no_webpage, without.no_webpage) == (None, True)


def test_only_buttons_that_open_an_address_are_kept() -> None:
    """A button with data would be answered by whoever sent the message first."""
    url, data = T.KeyboardButtonUrl(text="Us", url="https://t.me/us"), T.KeyboardButtonCallback(text="X", data=b"x")
    rows = [T.KeyboardButtonRow(buttons=[data]), T.KeyboardButtonRow(buttons=[data, url])]

    snapshot = snapshot_from_raw(message(reply_markup=T.ReplyInlineMarkup(rows=rows)))
    _, request = request_from(snapshot, PEER, 5)

    assert snapshot.buttons == ((LinkButton("Us", "https://t.me/us"),),)
    assert [[button.url for button in row.buttons] for row in request.reply_markup.rows] == [["https://t.me/us"]]


@pytest.mark.parametrize(
    "media",
    [
        T.MessageMediaGeo(geo=T.GeoPointEmpty()),
        T.MessageMediaDice(value=3, emoticon="🎲"),
        T.MessageMediaDocument(document=T.DocumentEmpty(id=1)),
        T.MessageMediaPhoto(photo=T.PhotoEmpty(id=1)),
    ],
)
def test_what_cannot_be_sent_by_reference_is_refused(media: Any) -> None:
    """Rather than sending less than was shown."""
    with pytest.raises(NotRepeatableError):
        snapshot_from_raw(message(media=media))


def test_nothing_cannot_be_sent() -> None:
    """An empty message is no broadcast."""
    with pytest.raises(NotRepeatableError):
        snapshot_from_raw(message(""))


def test_an_unreadable_file_id_counts_as_expired() -> None:
    """It is healed from its message as an expired reference is."""
    with pytest.raises(FileReferenceExpiredError):
        request_from(Snapshot("", file_id="nonsense"), PEER, 5)
