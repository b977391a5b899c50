"""Pure translation between snapshots and raw TL: what a message says in, requests that say it again out."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.domain.broadcast import LinkButton, Snapshot, TextEntity
from core.telegram.broadcast_gateway import NotRepeatableError
from core.telegram.incoming import document_file_id, photo_file_id
from core.telegram.raw_requests import input_media

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = raw.types
# Telegram finds mentions, links, hashtags and their like in the text by itself.
_ENTITIES: Mapping[str, tuple[Any, str | None]] = MappingProxyType(
    {
        "Bold": (_T.MessageEntityBold, None),
        "Italic": (_T.MessageEntityItalic, None),
        "Underline": (_T.MessageEntityUnderline, None),
        "Strike": (_T.MessageEntityStrike, None),
        "Spoiler": (_T.MessageEntitySpoiler, None),
        "Code": (_T.MessageEntityCode, None),
        "Pre": (_T.MessageEntityPre, "language"),
        "Blockquote": (_T.MessageEntityBlockquote, "collapsed"),
        "TextUrl": (_T.MessageEntityTextUrl, "url"),
        "CustomEmoji": (_T.MessageEntityCustomEmoji, "document_id"),
        "MentionName": (_T.MessageEntityMentionName, "user_id"),
    }
)
_KINDS = {kind: (name, value) for name, (kind, value) in _ENTITIES.items()}


def snapshot_from_raw(message: Any) -> Snapshot:
    """What a raw message says.

    Raises:
        NotRepeatableError: it carries something other than a text or one file, or nothing at all.
    """
    media = message.media
    is_preview = isinstance(media, _T.MessageMediaWebPage)
    file_id, file_number = (None, 0) if media is None or is_preview else _file(media)
    if file_id is None and not message.message:
        raise NotRepeatableError("there is nothing in this message")
    return Snapshot(
        text=message.message or "",
        entities=tuple(_entities(message.entities or ())),
        file_id=file_id,
        buttons=_buttons(message.reply_markup),
        web_preview=is_preview,
        is_spoiler=bool(getattr(media, "spoiler", False)),
        text_above=bool(message.invert_media),
        file_number=file_number,
    )


def request_from(snapshot: Snapshot, peer: Any, random_id: int) -> tuple[str, Any]:
    """The method and the request that say it.

    Raises:
        FileReferenceExpiredError: the file_id cannot be read.
    """
    markup = _markup(snapshot.buttons)
    entities = [_raw_entity(entity) for entity in snapshot.entities] or None
    if snapshot.file_id is None:
        return "messages.SendMessage", raw.functions.messages.SendMessage(
            peer=peer,
            message=snapshot.text,
            random_id=random_id,
            no_webpage=not snapshot.web_preview or None,
            invert_media=snapshot.text_above or None,
            reply_markup=markup,
            entities=entities,
        )
    media = input_media(snapshot.file_id)
    media.spoiler = snapshot.is_spoiler or None
    return "messages.SendMedia", raw.functions.messages.SendMedia(
        peer=peer,
        media=media,
        message=snapshot.text,
        random_id=random_id,
        invert_media=snapshot.text_above or None,
        reply_markup=markup,
        entities=entities,
    )


def _file(media: Any) -> tuple[str, int]:
    """(file_id, Telegram's number of the file)."""
    if isinstance(media, _T.MessageMediaDocument) and isinstance(media.document, _T.Document):
        return document_file_id(media.document), media.document.id
    if isinstance(media, _T.MessageMediaPhoto) and isinstance(media.photo, _T.Photo) and not media.ttl_seconds:
        file_id = photo_file_id(media.photo)
        if file_id:
            return file_id, media.photo.id
    raise NotRepeatableError(type(media).__name__)


def _entities(found: Sequence[Any]) -> list[TextEntity]:
    known = [(entity, *_KINDS[type(entity)]) for entity in found if type(entity) in _KINDS]
    return [
        TextEntity(name, entity.offset, entity.length, None if value is None else getattr(entity, value))
        for entity, name, value in known
    ]


def _raw_entity(entity: TextEntity) -> Any:
    if entity.kind == "MentionName":
        person = _T.InputUser(user_id=int(entity.value or 0), access_hash=0)
        return _T.InputMessageEntityMentionName(offset=entity.offset, length=entity.length, user_id=person)
    kind, name = _ENTITIES[entity.kind]
    value = {} if name is None else {name: entity.value}
    return kind(offset=entity.offset, length=entity.length, **value)


def _buttons(markup: Any) -> tuple[tuple[LinkButton, ...], ...]:
    """Those that open an address; others would speak to whoever sent them."""
    if not isinstance(markup, _T.ReplyInlineMarkup):
        return ()
    rows = (
        tuple(LinkButton(button.text, button.url) for button in row.buttons if isinstance(button, _T.KeyboardButtonUrl))
        for row in markup.rows
    )
    return tuple(row for row in rows if row)


def _markup(rows: Sequence[Sequence[LinkButton]]) -> Any:
    if not rows:
        return None
    return _T.ReplyInlineMarkup(
        rows=[
            _T.KeyboardButtonRow(buttons=[_T.KeyboardButtonUrl(text=button.text, url=button.url) for button in row])
            for row in rows
        ]
    )
