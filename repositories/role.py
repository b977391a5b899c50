"""Who has been given a role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repositories.user_document import PROFILE, to_user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.database.pool import DatabaseConnectionPool
    from core.domain.permission import Role
    from core.domain.user import User

_USERS = "users"
_MOST = 500


class RoleRepository:
    """Reads people by their role, past every cache; DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def holders(self, roles: Iterable[Role]) -> list[User]:
        """People with one of these roles, banned ones included, by ascending id; at most 500."""
        query = {"role": {"$in": [role.value for role in roles]}}
        found = await self._pool.find(_USERS, query, projection=PROFILE, limit=_MOST)
        return sorted(map(to_user, found), key=lambda user: user.id)
