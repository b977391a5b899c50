"""What the nightly check of the stores looks at, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


class Check(StrEnum):
    """One part of the check; the values are stored, and are names of steps of the daily maintenance."""

    FILE_REFERENCES = "file_references"
    """Words about files that the library does not hold any more; they were removed."""
    UNLISTED_FILES = "unlisted_files"
    """Files without a post in a channel of the index list, so that nothing refreshes them; only counted."""
    LOST_GROUPS = "lost_groups"
    """Groups that the bot has not been in for a month; their settings were forgotten."""
    OVERDUE_RECORDS = "overdue_records"
    """Records whose time was over, and that the server did not remove by itself."""


@dataclass(frozen=True, slots=True)
class FileReference:
    """A field of a collection of the primary database that names files by their ids.

    Attributes:
        field: holds one id, or a list of them.
        is_list: a list; a document without ids left is removed, unless it has a field of `kept_by`.
        kept_by: fields that a document is worth keeping for without files.
        before_all: less than every id of a document, and of the same type.
    """

    collection: str
    field: str
    is_list: bool = False
    kept_by: tuple[str, ...] = ()
    before_all: str | int = ""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A field of a collection of the primary database that holds when a document's time is over.

    Attributes:
        after_days: added to that moment.
    """

    collection: str
    field: str
    after_days: int = 0


FILE_REFERENCES = (
    FileReference("file_reports", "media"),
    FileReference("scheduled_deletions", "media", is_list=True, kept_by=("due",)),
)
"""Whoever stores ids of files adds a row, and the nightly check covers it."""

EXPIRIES = (
    Expiry("deliveries", "expires_at"),
    Expiry("broadcasts", "expires_at"),
    Expiry("scheduled_deletions", "forget_at"),
    Expiry("join_requests", "at", after_days=30),
)
"""Whoever has the server remove documents by an index adds a row, for servers that do not."""


@dataclass(frozen=True, slots=True)
class WalkMark:
    """How far a walk over a collection is.

    Attributes:
        position: of the last document that was looked at; None at the beginning.
        found: until there.
    """

    position: Any = None
    found: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the last complete walk of a check found.

    Attributes:
        at: when it ended, UTC.
    """

    found: int
    at: datetime
