"""The text under a delivered file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.media import MediaFile

CAPTION_LIMIT = 1024  # UTF-16 code units after markup is read; Telegram's limit for a caption


def caption_html(media: MediaFile) -> str:
    """The file's own caption, or its name, escaped and within Telegram's limit."""
    return escape(cut_utf16(media.caption or media.name, CAPTION_LIMIT), quote=False)


def cut_utf16(text: str, limit: int) -> str:
    """The longest prefix of `text` of at most `limit` UTF-16 code units; never splits a character."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    if len(encoded) <= 2 * limit:
        return text
    return encoded[: 2 * limit].decode("utf-16-le", "ignore")
