"""A group that the bot is a member of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SearchMode(StrEnum):
    """What the bot takes for a search in a group, besides `/search words`, which it takes everywhere."""

    ALL = "all"
    """Everything that looks like a title."""
    MENTION = "mention"
    """Words that name the bot or answer one of its messages."""
    COMMAND = "command"
    """Nothing else."""


@dataclass(frozen=True, slots=True)
class Group:
    """The settings of one group.

    Attributes:
        id: the full id.
        search_mode: None where the bot's own setting counts.
        required_chats: full ids of what people have to be in to be served here, besides the bot's own list.
    """

    id: int
    search_mode: SearchMode | None = None
    required_chats: tuple[int, ...] = ()
