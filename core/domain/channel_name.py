"""How people name a channel: by id, by @name, by a link."""

from __future__ import annotations

import re

from core.domain.post_link import parse_post_link

_FULL_ID_BASE = 1_000_000_000_000
_LARGEST_BARE_ID = 997_852_516_352  # Telegram's own limit for channels
_ID = re.compile(r"[-\u2212]?([0-9]{1,16})")
_NAME = re.compile(r"@?([A-Za-z][A-Za-z0-9_]{3,31})")
_LINK = re.compile(r"(?:https?://)?(?:t\.me|telegram\.me|telegram\.dog)/([A-Za-z][A-Za-z0-9_]{3,31})/?", re.IGNORECASE)
_PRIVATE = re.compile(r"(?:https?://)?t\.me/c/([0-9]{1,12})/?", re.IGNORECASE)


def parse_channel_name(text: str) -> int | str | None:
    """The channel that a person names: its full id, or its name without @; None when it is neither.

    An id is understood with and without -100 in front, and a link of the channel or of one of its posts names it too.
    """
    text = text.strip()
    if found := _ID.fullmatch(text):
        return _full_id(int(found[1]))
    if found := _PRIVATE.fullmatch(text):
        return _full_id(int(found[1]))
    if (link := parse_post_link(text)) is not None:
        return link.channel
    named = _NAME.fullmatch(text) or _LINK.fullmatch(text)
    return named[1] if named is not None else None


def _full_id(number: int) -> int | None:
    bare = number - _FULL_ID_BASE if number > _FULL_ID_BASE else number
    return -_FULL_ID_BASE - bare if 0 < bare <= _LARGEST_BARE_ID else None
