"""Who has which role, who gives it, and what it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.permission import PERMISSIONS, Role, roles_with
from core.domain.user import User
from core.errors import BadInputError, DatabaseUnavailableError, NotPermittedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.domain.permission import Permission
    from core.services.audit_log import AuditLog
    from repositories.role import RoleRepository
    from repositories.user import UserRepository

_APPOINTED = (Role.ADMIN, Role.MODERATOR)


class RoleService:
    """Answers what somebody may do; the settings name the owner and admins, the owner appoints others.

    What is asked of a role is closed by default: an unknown person is a reader, and so is a chat.

    Args:
        named: ids from the settings, the owner first; nothing that is stored changes what these people are.
        audit: learns who appointed whom.
    """

    def __init__(self, users: UserRepository, roles: RoleRepository, named: Sequence[int], audit: AuditLog) -> None:
        self._users = users
        self._roles = roles
        self._named = dict.fromkeys(named, Role.ADMIN)
        if named:
            self._named[named[0]] = Role.OWNER
        self._audit = audit
        self._watchers: list[Callable[[int, Role], None]] = []
        self._log = structlog.get_logger(__name__)

    def on_change(self, watcher: Callable[[int, Role], None]) -> None:
        """Have `watcher` called with the id and the new role of whoever is appointed or dismissed; it must not wait."""
        self._watchers.append(watcher)

    def named_role(self, user_id: int) -> Role | None:
        """The role that the settings give somebody; None when they name somebody else."""
        return self._named.get(user_id)

    def role_in(self, user: User) -> Role:
        """The role of an admitted person; no question to anybody."""
        named = self._named.get(user.id)
        if named is not None:
            return named
        return user.role if user.id > 0 and user.role in _APPOINTED else Role.READER

    def may(self, user: User, permission: Permission) -> bool:
        """Whether an admitted person has a permission."""
        return permission in PERMISSIONS[self.role_in(user)]

    async def role_of(self, user_id: int) -> Role:
        """The role of anybody, at most five seconds stale; `Role.READER` for somebody unknown.

        Raises:
            DatabaseUnavailableError: the person is not cached and the primary database did not answer.
        """
        named = self._named.get(user_id)
        if named is not None:
            return named
        user = await self._users.get_user(user_id)
        return Role.READER if user is None else self.role_in(user)

    async def may_still(self, user_id: int, permission: Permission) -> bool:
        """Whether anybody has a permission and is not banned, at most five seconds stale; errors as of `role_of`."""
        if user_id not in self._named:
            user = await self._users.get_user(user_id)
            return user is not None and not user.is_banned and self.may(user, permission)
        return permission in PERMISSIONS[self._named[user_id]]

    async def holders(self, permission: Permission) -> list[int]:
        """Ids of everybody with a permission who is not banned, those that the settings name first; never raises.

        While the database does not answer, only those whom the settings name.
        """
        roles = roles_with(permission)
        named = [user_id for user_id, role in self._named.items() if role in roles]
        try:
            appointed = await self._roles.holders(roles & {*_APPOINTED})
        except DatabaseUnavailableError:
            self._log.warning("appointed_not_known", permission=permission.value)
            return named
        return [*named, *(user.id for user in appointed if user.id not in self._named and not user.is_banned)]

    async def ranks(self) -> dict[int, Role]:
        """The role of everybody who has one above a reader's; never raises, and then as of `holders`."""
        try:
            appointed = await self._roles.holders(_APPOINTED)
        except DatabaseUnavailableError:
            appointed = []
        return {**{user.id: user.role for user in appointed}, **self._named}

    async def staff(self) -> list[tuple[User, Role]]:
        """Everybody with a role above a reader's, highest first; names of the never seen are "".

        Raises:
            DatabaseUnavailableError: the primary database did not answer.
        """
        named = [(await self._known(user_id), role) for user_id, role in self._named.items()]
        appointed = [(user, user.role) for user in await self._roles.holders(_APPOINTED) if user.id not in self._named]
        return sorted([*named, *appointed], key=lambda member: -member[1].rank)

    async def appoint(self, owner: User, user_id: int, role: Role) -> User:
        """Give somebody a role, or take it away with `Role.READER`; audited.

        Raises:
            NotPermittedError: whoever asks is not above both the person and the role, or the settings name the person.
            BadInputError: nobody has ever met this person, they are banned, or the role is none that is given.
            DatabaseUnavailableError: it is not known whether it was given; look at the person.
        """
        if role not in (*_APPOINTED, Role.READER):
            raise BadInputError("role-not-given")
        if user_id in self._named:
            raise NotPermittedError("role-named-in-settings")
        person = await self._users.get_user(user_id)
        if person is None:
            raise BadInputError("role-unknown-person", id=str(user_id))
        own = self.role_in(owner)
        if not own.outranks(role) or not own.outranks(self.role_in(person)):
            raise NotPermittedError("role-not-below")
        if person.is_banned and role is not Role.READER:
            raise BadInputError("role-banned", id=str(user_id))
        changed = await self._users.set_role(user_id, role)
        await self._audit.add(owner.id, "role_set", person=user_id, role=role.value, before=person.role.value)
        for watcher in self._watchers:
            watcher(user_id, role)
        return changed

    async def _known(self, user_id: int) -> User:
        return await self._users.get_user(user_id) or User(user_id, "")
