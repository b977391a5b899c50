"""A file that is kept out of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.domain.media import MediaSource


@dataclass(frozen=True, slots=True)
class BlockedFile:
    """A file that an admin took out.

    Attributes:
        unique_id: Telegram's file_unique_id.
        admin_id: who did it, or the full id of the channel whose post asked for it.
        at: UTC.
        name: as it was stored; "" when it never was.
        reason: why no post of it may ever be indexed; None when it was only deleted, so that a new post brings it back.
        sources: the posts it had when it was deleted, which bring nothing back.
    """

    unique_id: str
    admin_id: int
    at: datetime
    name: str = ""
    reason: str | None = None
    sources: tuple[MediaSource, ...] = ()
