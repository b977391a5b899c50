"""A channel whose posts are indexed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class IndexedChannel:
    """A channel of the index list.

    Attributes:
        id: Telegram's full id, -100 in front.
        pts: Telegram's event counter up to which everything is stored; None before the first look.
        last_message_id: the highest id below which every post is stored (high-water mark).
        database: number of the database that takes its new files while it is healthy; None leaves that to the bot.
        audited_to: message id up to which the audit that is under way has read; 0 while there is none.
        audited_at: when an audit last came to its end; None for never.
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
    audited_to: int = 0
    audited_at: datetime | None = None
