"""The part of the composition root that decides who may use the bot, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.services.access import AccessService
from core.services.ban import BanNotices, BanService
from core.services.maintenance_mode import MaintenanceMode
from core.services.reachability import Reachability
from core.services.roles import RoleService
from repositories.audience import AudienceRepository
from repositories.ban import BanRepository
from repositories.role import RoleRepository

if TYPE_CHECKING:
    from core.wiring import Base, Bookkeeping, Databases, Repositories
    from core.wiring_admin import Administration


@dataclass(frozen=True, slots=True)
class People:
    """Who is admitted, and what they may do."""

    access: AccessService
    roles: RoleService
    bans: BanService
    ban_notices: BanNotices
    audience: AudienceRepository
    reachability: Reachability
    maintenance: MaintenanceMode


def build_people(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    administration: Administration,
) -> People:
    """Hand every service around people what it needs."""
    primary, named = databases.manager.primary, base.settings.admins
    roles = RoleService(repositories.users, RoleRepository(primary), named, administration.audit)
    administration.notices.tell_also(lambda: roles.holders(Permission.OPERATIONS))
    audience = AudienceRepository(databases.manager.primary, repositories.users, base.clock, base.settings.time_zone)
    return People(
        access=AccessService(repositories.users, books.counters, base.clock, base.settings.time_zone, named),
        roles=roles,
        bans=BanService(repositories.users, BanRepository(primary), roles, administration.audit),
        ban_notices=BanNotices(base.cache, base.clock),
        audience=audience,
        reachability=Reachability(audience, base.metrics, base.clock),
        maintenance=MaintenanceMode(databases.runtime, roles, administration.audit),
    )
