"""The part of the composition root that decides who may use the bot, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.services.access import AccessService
from core.services.reachability import Reachability
from core.services.roles import RoleService
from repositories.audience import AudienceRepository
from repositories.role import RoleRepository

if TYPE_CHECKING:
    from core.wiring import Base, Bookkeeping, Databases, Repositories
    from core.wiring_admin import Administration


@dataclass(frozen=True, slots=True)
class People:
    """Who is admitted, and what they may do."""

    access: AccessService
    roles: RoleService
    audience: AudienceRepository
    reachability: Reachability


def build_people(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    administration: Administration,
) -> People:
    """Hand every service around people what it needs."""
    appointed = RoleRepository(databases.manager.primary)
    audience = AudienceRepository(databases.manager.primary, repositories.users, base.clock, base.settings.time_zone)
    return People(
        access=AccessService(repositories.users, books.counters, base.clock, base.settings.time_zone),
        roles=RoleService(repositories.users, appointed, base.settings.admins, administration.audit),
        audience=audience,
        reachability=Reachability(audience, base.metrics, base.clock),
    )
