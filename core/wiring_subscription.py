"""The part of the composition root that asks readers to join chats first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.services.health_report import HealthProbe
from core.services.interruptions import Interruptions
from core.services.memberships import Memberships
from core.services.required_chats import RequiredChats
from core.services.subscription import SubscriptionService
from core.services.subscription_admin import SubscriptionAdminService
from core.services.subscription_watch import SubscriptionWatch
from core.telegram.pyrogram_members import PyrogramMembers
from repositories.join_request import JoinRequestRepository
from repositories.required_chat import RequiredChatRepository

if TYPE_CHECKING:
    from core.services.roles import RoleService
    from core.wiring import Base, Databases, Repositories, Telegram
    from core.wiring_admin import Administration


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What stands between readers and the bot until they are in certain chats; `watch` has a loop, from the login on.

    Attributes:
        probe: of `/health`.
    """

    service: SubscriptionService
    memberships: Memberships
    lists: SubscriptionAdminService
    watch: SubscriptionWatch
    interruptions: Interruptions
    probe: HealthProbe


def build_subscribing(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    *,
    telegram: Telegram,
    administration: Administration,
    roles: RoleService,
) -> Subscribing:
    """Hand everything around subscriptions what it needs."""
    primary, runtime, clock = databases.manager.primary, databases.runtime, base.clock
    members = PyrogramMembers(telegram.client, telegram.api)
    chats = RequiredChats(members, RequiredChatRepository(primary), repositories.groups, runtime, clock)
    notices = administration.notices
    watch = SubscriptionWatch(members=members, chats=chats, runtime=runtime, notices=notices, clock=clock)
    memberships = Memberships(
        members=members,
        requests=JoinRequestRepository(primary),
        watch=watch,
        cache=base.cache,
        runtime=runtime,
        tasks=base.tasks,
        metrics=base.metrics,
        clock=clock,
    )
    return Subscribing(
        service=SubscriptionService(
            memberships=memberships,
            chats=chats,
            groups=repositories.groups,
            roles=roles,
            runtime=runtime,
            clock=clock,
        ),
        memberships=memberships,
        lists=SubscriptionAdminService(
            chats=chats,
            memberships=memberships,
            watch=watch,
            members=members,
            telegram=telegram.gateway,
            groups=repositories.groups,
            runtime=runtime,
            audit=administration.audit,
        ),
        watch=watch,
        interruptions=Interruptions(base.cache, clock),
        probe=HealthProbe(watch.is_well, critical=False, state=lambda: watch.state),
    )
