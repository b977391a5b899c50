"""A person known to the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain.permission import Role

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class User:
    """A reader as stored.

    Attributes:
        premium_until: UTC; None when never premium. Premium is decided by comparing it with now, never by a flag.
        ban_reason: None when not banned.
        language: the reader's choice, or None to follow Telegram's.
        role: as appointed; people whom the settings name have theirs from there (see `RoleService`).
    """

    id: int
    first_name: str
    username: str | None = None
    language: str | None = None
    premium_until: datetime | None = None
    ban_reason: str | None = None
    role: Role = Role.READER

    def is_premium(self, now: datetime) -> bool:
        """Whether premium is active at `now` (UTC), to the second."""
        return self.premium_until is not None and now < self.premium_until

    @property
    def is_banned(self) -> bool:
        """Whether the person is refused everywhere."""
        return self.ban_reason is not None
