"""Chats that a person has to be in before the bot serves them, and what stopped in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_REQUIRED = 10
"""Chats of one list: each is a button under a refusal, and a question to Telegram."""

_ID = re.compile(r"-[1-9][0-9]{0,15}")
_SEPARATORS = re.compile(r"[\s,;]+")


class Membership(StrEnum):
    """What a person is in a chat; the values are cached."""

    MEMBER = "m"
    """In it, even where they may not write."""
    PENDING = "p"
    """Not in it, and waiting to be let in."""
    ABSENT = "a"
    """Not in it, thrown out included."""
    UNKNOWN = "u"
    """Telegram does not say."""


@dataclass(frozen=True, slots=True)
class RequiredChat:
    """A channel or group that people have to be in, as they are shown it.

    Attributes:
        id: full id.
        title: the id where Telegram does not tell.
        link: what opens it; None where there is no way in that the bot knows of.
        is_public: the link is the chat's own name.
    """

    id: int
    title: str
    link: str | None = None
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands between a person and the bot.

    Attributes:
        chats: those to join, in the order of the lists.
        unchecked: of these nobody can say whether the person is in some, so that joining may not help.
    """

    chats: tuple[RequiredChat, ...]
    unchecked: bool = False

    @property
    def titles(self) -> str:
        """For a sentence."""
        return ", ".join(chat.title for chat in self.chats)


def parse_chat_ids(text: str) -> tuple[int, ...]:
    """The full ids in a list that is separated by commas or spaces, each once, in their order.

    Raises:
        ValueError: something else stands there, or more than `MOST_REQUIRED`.
    """
    words = [word for word in _SEPARATORS.split(text) if word]
    for word in words:
        if _ID.fullmatch(word) is None:
            raise ValueError(f"{word[:32]!r} is no id of a channel or group, such as -1001234567890")
    ids = tuple(dict.fromkeys(map(int, words)))
    if len(ids) > MOST_REQUIRED:
        raise ValueError(f"at most {MOST_REQUIRED} chats")
    return ids


def pack_chat_ids(ids: Sequence[int]) -> str:
    """The text that `parse_chat_ids` reads."""
    return ", ".join(map(str, ids))
