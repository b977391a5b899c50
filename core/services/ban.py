"""Refusing people for good, and allowing them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cache import keys
from core.cache.recent_values import RecentValues
from core.domain.ban import BannedPage
from core.domain.permission import Role
from core.errors import BadInputError, CacheUnavailableError, NotPermittedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.domain.ban import BannedPerson
    from core.domain.user import User
    from core.services.audit_log import AuditLog
    from core.services.roles import RoleService
    from repositories.ban import BanRepository
    from repositories.user import UserRepository

_ON_PAGE = 10
_MOST_PAGES = 100
_TOLD_PEOPLE = 1000


class BanService:
    """Bans and lifts bans: obeyed by this process at once, by any other within five seconds."""

    def __init__(self, users: UserRepository, bans: BanRepository, roles: RoleService, audit: AuditLog) -> None:
        self._users = users
        self._bans = bans
        self._roles = roles
        self._audit = audit
        self._watchers: list[Callable[[int], object]] = []

    def on_ban(self, watcher: Callable[[int], object]) -> None:
        """Have `watcher` called with the id of everybody who is banned, to end what still runs for them.

        It must neither wait nor raise.
        """
        self._watchers.append(watcher)

    async def ban(self, moderator: User, user_id: int, reason: str) -> User:
        """Ban somebody, known or not; who is banned already gets the new reason. Audited.

        Args:
            moderator: has the permission.
            user_id: of a person.
            reason: told to that person; "" for none.

        Raises:
            BadInputError: people do not ban themselves.
            NotPermittedError: the person's role is not below the moderator's, whatever it was a moment ago.
            DatabaseUnavailableError: it is not known whether the person is banned; ban again.
        """
        if user_id == moderator.id:
            raise BadInputError("ban-yourself")
        own = self._roles.role_in(moderator)
        spared = [role for role in Role if role is not Role.READER and not own.outranks(role)]
        banned = None
        if self._roles.named_role(user_id) is None:
            banned = await self._users.set_ban(user_id, reason, by=moderator.id, spared=spared)
        if banned is None:
            raise NotPermittedError("ban-not-below")
        for watcher in self._watchers:
            watcher(user_id)
        await self._audit.add(moderator.id, "person_banned", person=user_id, reason=reason)
        return banned

    async def unban(self, moderator: User, user_id: int) -> User:
        """Allow somebody again; audited.

        Raises:
            BadInputError: the person is not banned.
            DatabaseUnavailableError: it is not known whether the ban is lifted; do it again.
        """
        if await self._bans.find(user_id) is None:
            raise BadInputError("unban-not-banned", id=str(user_id))
        person = await self._users.unban(user_id)
        await self._audit.add(moderator.id, "person_unbanned", person=user_id)
        return person

    async def page(self, number: int) -> BannedPage:
        """Page `number` (from 1, at most 100) of everybody who is banned; the last one where there are fewer.

        Raises:
            DatabaseUnavailableError: the database did not answer.
        """
        total = await self._bans.count()
        pages = min(_MOST_PAGES, max(1, -(-total // _ON_PAGE)))
        number = min(max(1, number), pages)
        people: list[BannedPerson] = await self._bans.latest(number * _ON_PAGE) if total else []
        return BannedPage(people[(number - 1) * _ON_PAGE :], number, pages, total)


class BanNotices:
    """How often banned people are told so: in private chats once a minute, in groups once a day."""

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self._cache = cache
        self._told: RecentValues[str, bool] = RecentValues(clock, capacity=_TOLD_PEOPLE)

    async def is_due(self, user_id: int, *, in_private: bool) -> bool:
        """Whether a banned person may be told now, whichever process asks; it counts as told from then on."""
        key = keys.ban_told(user_id) if in_private else keys.ban_told_in_group(user_id)
        if self._told.get(key.name):
            return False
        self._told.put(key.name, True, key.ttl_s)
        try:
            return await self._cache.add_strict(key)
        except CacheUnavailableError:
            return True  # told by this process alone
