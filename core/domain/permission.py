"""Who may do what: four roles and one table."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What somebody is to the bot, from the least to the most; the values are stored."""

    READER = "reader"
    MODERATOR = "moderator"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """A higher role has a higher number; nobody acts on a person of their own rank or above."""
        return _RANKS[self]

    def outranks(self, other: Role) -> bool:
        """Whether people of this role may act on those of the other."""
        return self.rank > other.rank


class Permission(StrEnum):
    """One thing that a role may do."""

    BAN = "ban"  # refuse a person, allow one again, see who is refused
    INDEX_REQUESTS = "index_requests"  # accept and reject what readers ask for
    BACKFILL = "backfill"  # index a channel's past, and steer such jobs
    REPORTS = "reports"  # see and settle what readers report of files
    CHANNELS = "channels"  # the index list
    LIBRARY = "library"  # delete and take down files
    PREMIUM = "premium"  # give and take premium
    BROADCAST = "broadcast"  # write to everybody
    SUBSCRIPTION = "subscription"  # which chats a reader has to be in
    SETTINGS = "settings"  # what the bot is run with: captions, limits and their like
    OPERATIONS = "operations"  # look at the bot's state, check its set-up, keep it in order
    STATISTICS = "statistics"  # the bot in numbers
    PEOPLE = "people"  # see who is here, and one person's profile
    ROLES = "roles"  # appoint and dismiss


_RANKS = {role: rank for rank, role in enumerate(Role)}
_MODERATORS = frozenset({Permission.BAN, Permission.INDEX_REQUESTS, Permission.BACKFILL, Permission.REPORTS})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.READER: frozenset(),
    Role.MODERATOR: _MODERATORS,
    Role.ADMIN: frozenset(Permission) - {Permission.ROLES},
    Role.OWNER: frozenset(Permission),
}
"""The table; a higher role may do everything that a lower one may."""


def roles_with(permission: Permission) -> frozenset[Role]:
    """Every role that has a permission."""
    return frozenset(role for role, permissions in PERMISSIONS.items() if permission in permissions)
