"""A person known to the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain.permission import Role

if TYPE_CHECKING:
    from datetime import datetime

    from core.domain.audience import Unreachable


@dataclass(frozen=True, slots=True)
class User:
    """A reader as stored.

    Attributes:
        premium_until: UTC; None when never premium. Premium is decided by comparing it with now, never by a flag.
        ban_reason: None when not banned.
        language: the reader's choice, or None to follow Telegram's.
        role: as appointed; people whom the settings name have theirs from there (see `RoleService`).
        seen_on: the last day of the configured zone on which the person did anything, ISO 8601; None when not known.
        app_language: of the person's app on that day, without a region; None when not known.
        unreachable: why the person cannot be written to; None when nothing speaks against it.
    """

    id: int
    first_name: str
    username: str | None = None
    language: str | None = None
    premium_until: datetime | None = None
    ban_reason: str | None = None
    role: Role = Role.READER
    seen_on: str | None = None
    app_language: str | None = None
    unreachable: Unreachable | None = None

    def is_premium(self, now: datetime) -> bool:
        """Whether premium is active at `now` (UTC), to the second."""
        return self.premium_until is not None and now < self.premium_until

    @property
    def spoken_language(self) -> str | None:
        """The language to write to the person in, unasked; None when not known."""
        return self.language or self.app_language

    @property
    def is_banned(self) -> bool:
        """Whether the person is refused everywhere."""
        return self.ban_reason is not None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A person who does something, as their update shows them.

    Attributes:
        app_language: without a region; None when not told.
        day: today in the configured zone, ISO 8601.
        is_private: in the private chat, so that the person can be written to.
    """

    user_id: int
    first_name: str
    username: str | None
    app_language: str | None
    day: str
    is_private: bool

    def is_known_to(self, user: User) -> bool:
        """Whether the stored person has everything already that this one shows; languages count once a day."""
        is_same = (user.first_name, user.username, user.seen_on) == (self.first_name, self.username, self.day)
        return is_same and (user.unreachable is None or not self.is_private)
