"""How a person is stored and cached."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.cache.codec import ValueForm
from core.domain.audience import Unreachable
from core.domain.permission import Role
from core.domain.user import User

if TYPE_CHECKING:
    from collections.abc import Mapping

PROFILE = dict.fromkeys(
    (
        *("first_name", "username", "language", "premium_until", "ban_reason", "role"),
        *("seen_on", "app_language", "unreachable_why"),
    ),
    1,
)
"""The fields of a document that `to_user` reads."""
REVIVED = {"unreachable_since": "", "unreachable_why": ""}
"""What is unset of somebody who can be written to again."""

_ROLES = frozenset(Role)
_REASONS = frozenset(Unreachable)
_CACHED_FIELDS = 10


def to_user(found: Mapping[str, Any]) -> User:
    """The person of a stored document, in which anything but the id may be missing."""
    return User(
        id=found["_id"],
        first_name=found.get("first_name", ""),
        username=found.get("username"),
        language=found.get("language"),
        premium_until=found.get("premium_until"),
        ban_reason=found.get("ban_reason"),
        role=_role(found.get("role")),
        seen_on=found.get("seen_on"),
        app_language=found.get("app_language"),
        unreachable=_reason(found.get("unreachable_why")),
    )


def _role(stored: object) -> Role:
    """A role that this version does not know gives no rights."""
    return Role(stored) if isinstance(stored, str) and stored in _ROLES else Role.READER


def _reason(stored: object) -> Unreachable | None:
    """Why a person cannot be written to; a reason that this version does not know is none."""
    return Unreachable(stored) if isinstance(stored, str) and stored in _REASONS else None


def _to_cache(user: User) -> list[Any]:
    optional = (user.username, user.language, user.premium_until, user.ban_reason)
    why = None if user.unreachable is None else user.unreachable.value
    return [user.id, user.first_name, *optional, user.role.value, user.seen_on, user.app_language, why]


def _from_cache(found: Any) -> User | None:
    if not isinstance(found, list) or len(found) != _CACHED_FIELDS:
        return None
    user_id, first_name, *optional = found
    if type(user_id) is not int or type(first_name) is not str:
        return None
    if not all(value is None or type(value) is str for value in optional):
        return None
    username, language, premium_until, ban_reason, role, seen_on, app_language, why = optional
    try:
        until = datetime.fromisoformat(premium_until) if premium_until is not None else None
    except ValueError:
        return None
    if until is not None and until.tzinfo is None:
        return None
    known = (username, language, until, ban_reason, _role(role), seen_on, app_language, _reason(why))
    return User(user_id, first_name, *known)


USER_FORM: ValueForm[User] = ValueForm(_to_cache, _from_cache)
