"""What Telegram refuses in texts, entities and keyboards, with its error names."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure

T = raw.types

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
BUTTON_LIMIT = 100
MARKUP_BYTES_LIMIT = 10_240
CALLBACK_DATA_LIMIT = 64
URL_SCHEMES = frozenset({"http", "https", "tg", "ton", "mailto", "tel"})

_DETECTED = re.compile(
    r"(?P<command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?\b)|(?P<mention>(?<![\w@])@[A-Za-z]\w{3,31}\b)"
    r"|(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,:;!?)])",
    re.ASCII,
)
_ENTITY_OF = {"command": T.MessageEntityBotCommand, "mention": T.MessageEntityMention, "url": T.MessageEntityUrl}


_MENTION = re.compile(r"(?<![\w@])@(\w+)", re.ASCII)


def mentioned_names(text: str) -> set[str]:
    """The usernames that a text mentions, in lower case and without "@"."""
    return {name.lower() for name in _MENTION.findall(text)} if "@" in text else set()


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the unit of Telegram's limits and entity offsets."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def checked_text(text: str, entities: list[Any] | None, *, is_caption: bool) -> tuple[str, list[Any]]:
    """The text as it is stored: trimmed, with its entities and the ones that Telegram finds by itself.

    Raises:
        RpcFailure: MESSAGE_EMPTY, MESSAGE_TOO_LONG, MEDIA_CAPTION_TOO_LONG or ENTITY_BOUNDS_INVALID.
    """
    length = utf16_length(text)
    if length > (CAPTION_LIMIT if is_caption else TEXT_LIMIT):
        raise RpcFailure(400, "MEDIA_CAPTION_TOO_LONG" if is_caption else "MESSAGE_TOO_LONG")
    found = list(entities or ())
    for entity in found:
        if entity.offset < 0 or entity.length <= 0 or entity.offset + entity.length > length:
            raise RpcFailure(400, "ENTITY_BOUNDS_INVALID")
    stripped, found = _strip(text, found)
    if not stripped and not is_caption:
        raise RpcFailure(400, "MESSAGE_EMPTY")
    return stripped, found + _detected(stripped, found)


def _strip(text: str, entities: list[Any]) -> tuple[str, list[Any]]:
    stripped = text.strip()
    if stripped == text or not entities:
        return stripped, entities
    start = utf16_length(text[: len(text) - len(text.lstrip())])
    end = utf16_length(stripped)
    for entity in entities:
        last = min(entity.offset + entity.length - start, end)
        entity.offset = max(entity.offset - start, 0)
        entity.length = last - entity.offset
    return stripped, [entity for entity in entities if entity.length > 0]


def _detected(text: str, entities: list[Any]) -> list[Any]:
    if "/" not in text and "@" not in text:
        return []
    taken = [(entity.offset, entity.offset + entity.length) for entity in entities]
    found = []
    for match in _DETECTED.finditer(text):
        offset, length = utf16_length(text[: match.start()]), utf16_length(match[0])
        if all(offset >= end or offset + length <= start for start, end in taken):
            found.append(_ENTITY_OF[match.lastgroup or "url"](offset=offset, length=length))
    return found


def checked_markup(markup: Any, *, by_bot: bool) -> Any:
    """The keyboard as it is stored; None for none, and for people, whose keyboards Telegram drops.

    Raises:
        RpcFailure: REPLY_MARKUP_INVALID, REPLY_MARKUP_TOO_LONG, BUTTON_TEXT_INVALID, BUTTON_DATA_INVALID or
            BUTTON_URL_INVALID.
    """
    if markup is None or not by_bot:
        return None
    if not isinstance(markup, (T.ReplyInlineMarkup, T.ReplyKeyboardMarkup)):
        return markup
    buttons = [button for row in markup.rows for button in row.buttons]
    if not buttons or not all(row.buttons for row in markup.rows):
        if isinstance(markup, T.ReplyInlineMarkup) and not buttons:
            return None
        raise RpcFailure(400, "REPLY_MARKUP_INVALID")
    if len(buttons) > BUTTON_LIMIT or sum(map(_weight, buttons)) > MARKUP_BYTES_LIMIT:
        raise RpcFailure(400, "REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_button(button)
    return markup


def _weight(button: Any) -> int:
    extra = button.data if isinstance(button, T.KeyboardButtonCallback) else getattr(button, "url", "")
    return len(button.text.encode()) + len(extra)


def _check_button(button: Any) -> None:
    if not button.text.strip():
        raise RpcFailure(400, "BUTTON_TEXT_INVALID")
    if isinstance(button, T.KeyboardButtonCallback) and not 1 <= len(button.data) <= CALLBACK_DATA_LIMIT:
        raise RpcFailure(400, "BUTTON_DATA_INVALID")
    if isinstance(button, T.KeyboardButtonUrl) and not is_valid_url(button.url):
        raise RpcFailure(400, "BUTTON_URL_INVALID")


def is_valid_url(url: str) -> bool:
    """Whether Telegram accepts the address on a button: a known scheme, or a host with a dot."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return False
    if parts.scheme in {"tg", "ton"}:
        return bool(parts.netloc or parts.path)
    host = parts.hostname or ""
    return parts.scheme in URL_SCHEMES and not re.search(r"\s", url) and ("." in host or host == "localhost")


def same_tl(one: Any, other: Any) -> bool:
    """Whether two raw values are equal, types included (pyrogram's own == takes bold and italic for the same)."""
    if type(one) is not type(other) and not (isinstance(one, list) and isinstance(other, list)):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_tl, one, other))
    slots = getattr(one, "__slots__", None)
    if not slots or isinstance(one, (str, bytes, int, float)):
        return bool(one == other)
    return all(same_tl(getattr(one, name), getattr(other, name)) for name in slots)
