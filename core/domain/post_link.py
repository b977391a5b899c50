"""Links of posts: `https://t.me/c/123/456`, `https://t.me/name/456`, both also with a topic between."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FULL_ID_BASE = -1_000_000_000_000
_LAST_ID = 2**31 - 1
_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/"
    r"(?:c/(?P<id>[0-9]{1,12})|(?P<name>[a-z][a-z0-9_]{2,31}))"
    r"(?:/[0-9]{1,10})?/(?P<post>[0-9]{1,10})/?(?:[?#]\S*)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NamedPost:
    """A post that somebody named.

    Attributes:
        channel: full id (-100…), or the channel's name without @.
        message_id: from 1.
        is_certain: Telegram itself says that the post exists; a link may hold any number.
    """

    channel: int | str
    message_id: int
    is_certain: bool = False


def parse_post_link(text: str) -> NamedPost | None:
    """The post that `text` links; None when it is anything but one link of a post, whitespace around it aside."""
    found = _LINK.fullmatch(text.strip())
    if found is None:
        return None
    message_id = int(found["post"])
    if not 1 <= message_id <= _LAST_ID or (found["id"] is not None and int(found["id"]) == 0):
        return None
    return NamedPost(found["name"] or _FULL_ID_BASE - int(found["id"]), message_id)
