"""What a link into the private chat with the bot leads to."""

from __future__ import annotations

from dataclasses import dataclass

HELP_PAYLOAD = "help"
"""What `/start` carries when a person only followed an invitation into the private chat: explain how to search."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """Deliver one file."""

    media_id: int


@dataclass(frozen=True, slots=True)
class SearchLink:
    """Search for a text, for whoever opens it."""

    text: str


LinkTarget = FileLink | SearchLink
