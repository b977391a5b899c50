"""Pure translation between the gateway's values and raw TL: keyboards, peers and media out, ids and files in."""

from __future__ import annotations

import binascii
import random
import struct
from typing import TYPE_CHECKING, Any

from pyrogram import raw
from pyrogram.file_id import PHOTO_TYPES, FileId

from core.telegram.gateway import Button, FileReferenceExpiredError, Keyboard, SentMedia
from core.telegram.html_entities import html_to_entities, utf16_length
from core.telegram.incoming import document_file_id, full_channel_id, photo_file_id

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024
MAX_CALLBACK_DATA_BYTES = 64
_LOWEST_BASIC_GROUP_ID = -999_999_999_999


def new_random_id() -> int:
    """A number by which Telegram recognises a repeated send; make one for each message, not for each attempt."""
    return random.getrandbits(63) or 1


def formatted(html: str, limit: int) -> tuple[str, list[Any] | None]:
    """Text and entities of `html`.

    Raises:
        ValueError: the text is longer than `limit` UTF-16 code units, or not HTML the catalogue may emit.
    """
    text, entities = html_to_entities(html)
    if len(text) > limit or utf16_length(text) > limit:
        raise ValueError(f"the text has {utf16_length(text)} characters, Telegram takes {limit}")
    return text, entities


def inline_keyboard(keyboard: Keyboard | None) -> Any:
    """The raw markup of a keyboard; None without one.

    Raises:
        ValueError: a button has callback data of other than 1-64 bytes, or not exactly one of data and url.
    """
    if keyboard is None:
        return None
    rows = [raw.types.KeyboardButtonRow(buttons=[_button(button) for button in row]) for row in keyboard if row]
    return raw.types.ReplyInlineMarkup(rows=rows)


def _button(button: Button) -> Any:
    if button.data is None and button.url:
        return raw.types.KeyboardButtonUrl(text=button.text, url=button.url)
    data = (button.data or "").encode()
    if button.url is not None or not 1 <= len(data) <= MAX_CALLBACK_DATA_BYTES:
        raise ValueError(f"a button has either a url or 1-{MAX_CALLBACK_DATA_BYTES} bytes of data: {button!r}")
    return raw.types.KeyboardButtonCallback(text=button.text, data=data)


def peer_without_hash(chat_id: int) -> Any:
    """An input peer by id alone, which Telegram accepts from bots for everybody and everything they have met."""
    if chat_id > 0:
        return raw.types.InputPeerUser(user_id=chat_id, access_hash=0)
    if chat_id >= _LOWEST_BASIC_GROUP_ID:
        return raw.types.InputPeerChat(chat_id=-chat_id)
    return raw.types.InputPeerChannel(channel_id=full_channel_id(chat_id), access_hash=0)


def input_media(file_id: str) -> Any:
    """The raw media that sends a stored file.

    Raises:
        FileReferenceExpiredError: `file_id` is not one that can be sent; only its source can heal it.
    """
    try:
        decoded = FileId.decode(file_id)
        is_photo = decoded.file_type in PHOTO_TYPES
    except (ValueError, IndexError, AttributeError, struct.error, binascii.Error) as error:
        raise FileReferenceExpiredError("the file_id cannot be read") from error
    name, kind = ("photo", raw.types.InputPhoto) if is_photo else ("document", raw.types.InputDocument)
    stored = kind(id=decoded.media_id, access_hash=decoded.access_hash, file_reference=decoded.file_reference)
    return raw.types.InputMediaPhoto(id=stored) if name == "photo" else raw.types.InputMediaDocument(id=stored)


def sent_message_id(answer: Any) -> int:
    """The id of the message that a send created; 0 when the answer does not name it."""
    if isinstance(answer, raw.types.UpdateShortSentMessage):
        return int(answer.id)
    for update in getattr(answer, "updates", ()):
        if isinstance(update, raw.types.UpdateMessageID):
            return int(update.id)
    return next((int(message.id) for message in _new_messages(answer)), 0)


def sent_media(answer: Any, sent_file_id: str) -> SentMedia:
    """The message and the fresh file_id from the answer to a send of `sent_file_id`."""
    fresh_ids = (media_file_id(getattr(message, "media", None)) for message in _new_messages(answer))
    file_id = next((fresh for fresh in fresh_ids if fresh), sent_file_id)
    return SentMedia(sent_message_id(answer), file_id)


def media_file_id(media: Any) -> str:
    """The file_id of what a message carries, as Telegram tells it; "" for anything but a document or a photo."""
    if isinstance(media, raw.types.MessageMediaDocument) and isinstance(media.document, raw.types.Document):
        return document_file_id(media.document)
    if isinstance(media, raw.types.MessageMediaPhoto) and isinstance(media.photo, raw.types.Photo):
        return photo_file_id(media.photo)
    return ""


def _new_messages(answer: Any) -> Iterator[Any]:
    for update in getattr(answer, "updates", ()):
        if isinstance(update, raw.types.UpdateNewMessage | raw.types.UpdateNewChannelMessage):
            yield update.message
