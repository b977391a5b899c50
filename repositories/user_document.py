"""How a person is stored and cached."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.cache.codec import ValueForm
from core.domain.permission import Role
from core.domain.user import User

if TYPE_CHECKING:
    from collections.abc import Mapping

PROFILE = {"first_name": 1, "username": 1, "language": 1, "premium_until": 1, "ban_reason": 1, "role": 1}
"""The fields of a document that `to_user` reads."""

_ROLES = frozenset(Role)
_CACHED_FIELDS = 7


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
    )


def _role(stored: object) -> Role:
    """A role that this version does not know gives no rights."""
    return Role(stored) if isinstance(stored, str) and stored in _ROLES else Role.READER


def _to_cache(user: User) -> list[Any]:
    optional = (user.username, user.language, user.premium_until, user.ban_reason)
    return [user.id, user.first_name, *optional, user.role.value]


def _from_cache(found: Any) -> User | None:
    if not isinstance(found, list) or len(found) != _CACHED_FIELDS:
        return None
    user_id, first_name, *optional = found
    if type(user_id) is not int or type(first_name) is not str:
        return None
    if not all(value is None or type(value) is str for value in optional):
        return None
    username, language, premium_until, ban_reason, role = optional
    try:
        until = datetime.fromisoformat(premium_until) if premium_until is not None else None
    except ValueError:
        return None
    if until is not None and until.tzinfo is None:
        return None
    return User(user_id, first_name, username, language, until, ban_reason, _role(role))


USER_FORM: ValueForm[User] = ValueForm(_to_cache, _from_cache)
