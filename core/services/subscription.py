"""Which chats a reader has to be in, and whether they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.permission import Role
from core.domain.subscription import Membership, Missing
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.user import User
    from core.services.memberships import Memberships
    from core.services.required_chats import RequiredChats
    from core.services.roles import RoleService
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.group import GroupRepository


class SubscriptionService:
    """Tells what a reader has to join first: of the bot's own list, and in a group of the group's as well.

    People with a role pass, and with a setting those with premium. Who waits to be let in passes with a setting. Where
    nobody can say, the policy decides.
    """

    def __init__(
        self,
        *,
        memberships: Memberships,
        chats: RequiredChats,
        groups: GroupRepository,
        roles: RoleService,
        runtime: RuntimeSettingsService,
        clock: Clock,
    ) -> None:
        self._memberships = memberships
        self._chats = chats
        self._groups = groups
        self._roles = roles
        self._runtime = runtime
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def missing(self, user: User, group_id: int | None = None, *, fresh: bool = False) -> Missing | None:
        """What a reader has to join before they are served; None for nothing.

        Args:
            user: who asks.
            group_id: the group that they ask in, or asked in before they came to the private chat.
            fresh: they say that they have joined.

        Raises:
            DatabaseUnavailableError: the group's list cannot be read, and the policy is to deny.
        """
        required = await self._required(group_id)
        if not required or self._is_exempt(user):
            return None
        found = await self._memberships.of(user.id, required, fresh=fresh)
        runtime = self._runtime.current
        lacking = {Membership.ABSENT}
        if not runtime.force_subscribe_join_requests:
            lacking.add(Membership.PENDING)
        absent = [chat_id for chat_id in required if found[chat_id] in lacking]
        unknown = [chat_id for chat_id in required if found[chat_id] is Membership.UNKNOWN]
        if runtime.force_subscribe_policy == "allow":
            unknown = []
        if not absent and not unknown:
            return None
        wanted = [chat_id for chat_id in required if chat_id in absent or chat_id in unknown]
        return Missing(await self._chats.show(wanted), unchecked=bool(unknown))

    def _is_exempt(self, user: User) -> bool:
        if self._roles.role_in(user) is not Role.READER:
            return True
        return self._runtime.current.force_subscribe_premium_exempt and user.is_premium(self._clock.utc_now())

    async def _required(self, group_id: int | None) -> tuple[int, ...]:
        own = self._chats.listed()
        if group_id is None:
            return own
        try:
            group = await self._groups.get_group(group_id)
        except DatabaseUnavailableError:
            if self._runtime.current.force_subscribe_policy == "deny":
                raise
            self._log.warning("group_list_not_read", chat_id=group_id)
            return own
        return tuple(dict.fromkeys((*own, *group.required_chats)))
