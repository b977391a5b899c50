"""The part of the composition root that keeps the stores in order, by an admin's hand and by night."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core.services.cache_admin import CacheAdminService
from core.services.consistency import ConsistencyService
from core.services.database_admin import DatabaseAdminService
from core.telegram.client import ping
from core.telegram.pyrogram_members import PyrogramMembers
from repositories.consistency import ConsistencyRepository

if TYPE_CHECKING:
    from core.wiring import Base, Databases, Repositories, Telegram
    from core.wiring_admin import Administration


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What admins see of the stores, and do about them."""

    databases: DatabaseAdminService
    cache: CacheAdminService
    consistency: ConsistencyService


def build_upkeep(
    base: Base, databases: Databases, repositories: Repositories, telegram: Telegram, told: Administration
) -> Upkeep:
    """Hand everything that keeps the stores in order what it needs."""
    return Upkeep(
        databases=DatabaseAdminService(
            databases.manager, databases.routing, repositories.postponed_changes, databases.runtime, told.audit
        ),
        cache=CacheAdminService(base.cache, base.metrics, told.audit, base.clock),
        consistency=ConsistencyService(
            consistency=ConsistencyRepository(databases.manager),
            channels=repositories.channels,
            groups=repositories.groups,
            members=PyrogramMembers(telegram.client, telegram.api),
            reach=partial(ping, telegram.client),
            clock=base.clock,
        ),
    )
