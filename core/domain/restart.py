"""Somebody who waits for the bot to be back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class RestartNote:
    """A restart that an admin asked for, until the next process has said that it is back.

    Attributes:
        random_id: of the message that says so.
        language: to write to the admin in; None when not known.
        asked_at: UTC.
    """

    random_id: int
    admin_id: int
    language: str | None
    asked_at: datetime
