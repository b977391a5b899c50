"""HTML of the catalogue to what Telegram takes: plain text and entities, counted in UTF-16 code units."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from pyrogram import raw

_TAG = re.compile(r"<(/?)(b|i|u|s|code|pre|a|tg-spoiler|blockquote)((?: [^<>]*)?)>")
_PLAIN_ENTITIES: dict[str, Any] = {
    "b": raw.types.MessageEntityBold,
    "i": raw.types.MessageEntityItalic,
    "u": raw.types.MessageEntityUnderline,
    "s": raw.types.MessageEntityStrike,
    "code": raw.types.MessageEntityCode,
    "tg-spoiler": raw.types.MessageEntitySpoiler,
    "blockquote": raw.types.MessageEntityBlockquote,
}
_HREF = re.compile(r' href="([^"]*)"')


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts offsets and limits; an emoji is mostly two."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def html_to_entities(html: str) -> tuple[str, list[Any] | None]:
    """Split HTML into text and raw entities.

    Args:
        html: escaped text with <b>, <i>, <u>, <s>, <code>, <pre>, <tg-spoiler>, <blockquote> and <a href="…">, properly
            nested.

    Returns:
        The text, and its entities by offset, outer ones first; None instead of an empty list, which the client would
        write wrongly.

    Raises:
        ValueError: a tag is unknown, not closed, or closed in the wrong order.
    """
    if "<" not in html:
        return unescape(html), None
    parts: list[str] = []
    entities: list[Any] = []
    open_tags: list[tuple[str, Any]] = []
    position = offset = 0
    for match in _TAG.finditer(html):
        offset += _append_text(parts, html[position : match.start()])
        position = match.end()
        closing, tag, attributes = match.groups()
        if not closing:
            entity = _entity(tag, attributes, offset)
            open_tags.append((tag, entity))
            entities.append(entity)
        elif open_tags and open_tags[-1][0] == tag:
            entity = open_tags.pop()[1]
            entity.length = offset - entity.offset
        else:
            raise ValueError(f"</{tag}> closes nothing")
    if open_tags:
        raise ValueError(f"<{open_tags[-1][0]}> is not closed")
    _append_text(parts, html[position:])
    return "".join(parts), [entity for entity in entities if entity.length] or None


def _append_text(parts: list[str], escaped: str) -> int:
    """Add unescaped text and return its length in UTF-16 code units."""
    if not escaped:
        return 0
    if "<" in escaped:
        raise ValueError(f"unknown tag or unescaped '<' at {escaped[escaped.index('<') :][:20]!r}")
    text = unescape(escaped) if "&" in escaped else escaped
    parts.append(text)
    return utf16_length(text)


def _entity(tag: str, attributes: str, offset: int) -> Any:
    if tag == "a":
        href = _HREF.fullmatch(attributes)
        if href is None:
            raise ValueError("<a> needs exactly one attribute, href")
        return raw.types.MessageEntityTextUrl(offset=offset, length=0, url=unescape(href[1]))
    if attributes:
        raise ValueError(f"<{tag}> takes no attributes")
    if tag == "pre":
        return raw.types.MessageEntityPre(offset=offset, length=0, language="")
    return _PLAIN_ENTITIES[tag](offset=offset, length=0)
