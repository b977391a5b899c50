"""What people write in a group: whether it looks like a search, and the search without the bot's name."""

from __future__ import annotations

import re

_SHORTEST, _LONGEST = 2, 100
_MOST_WORDS = 10
_LINK = re.compile(r"(?i)://|\bwww\.|\bt\.me/|\btg:|\.(?:com|org|net|ru|io|me|info)\b")
_NAME = re.compile(r"@[A-Za-z]|#\w|(?:^|\s)/[A-Za-z]")
_PARTING = " \n\t,:;–—-"
_CONTENT = re.compile(r"[^\W_]")


def looks_like_search(text: str) -> bool:
    """Whether words that are not addressed to the bot may be the title of something: short, on one line, no link.

    Cheap enough for every message of a busy group.
    """
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and "\n" not in text
        and _CONTENT.search(text) is not None
        and len(text.split()) <= _MOST_WORDS
        and _NAME.search(text) is None
        and _LINK.search(text) is None
    )


def mentions(text: str, username: str) -> bool:
    """Whether `@username` stands in the text as a word of its own, whatever its letters' case."""
    return bool(username) and _mention_of(username).search(text) is not None


def without_mention(text: str, username: str) -> str:
    """The text without `@username`, and without what parted the name from the words."""
    if not username:
        return text.strip()
    return _mention_of(username).sub(" ", text).strip(_PARTING)


def _mention_of(username: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<![\w@])@{re.escape(username)}(?!\w)", re.ASCII)
