"""A channel whose posts are indexed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexedChannel:
    """A channel of the index list.

    Attributes:
        id: Telegram's full id, -100 in front.
        pts: Telegram's event counter up to which everything is stored; None before the first look.
        last_message_id: the highest id below which every post is stored (high-water mark).
        database: number of the database that takes its new files while it is healthy; None leaves that to the bot.
        paused: why the bot may not read it now; None while it may.
    """

    id: int
    title: str = ""
    username: str | None = None
    enabled: bool = True
    pts: int | None = None
    last_message_id: int = 0
    database: int | None = None
    paused: str | None = None
