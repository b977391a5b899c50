"""The part of the composition root that gives premium and follows its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.database.lease import DatabaseLease
from core.services.person_notices import PersonNotices
from core.services.premium import PremiumService
from core.services.premium_endings import PremiumEndings
from repositories.premium import PremiumRepository

if TYPE_CHECKING:
    from core.services.quota import QuotaService
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.wiring import Base, Databases, Repositories
    from core.wiring_access import People
    from core.wiring_admin import Administration


@dataclass(frozen=True, slots=True)
class Premium:
    """Premium; `endings` has a loop, which runs from the login on."""

    service: PremiumService
    endings: PremiumEndings


def build_premium(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    people: People,
    administration: Administration,
    telegram: PyrogramGateway,
    quota: QuotaService,
) -> Premium:
    """Hand both what they need."""
    primary = databases.manager.primary
    premium = PremiumRepository(primary, repositories.users, base.clock)
    zone = base.settings.time_zone
    notices = PersonNotices(telegram, administration.catalogue, people.reachability, zone)
    service = PremiumService(
        users=repositories.users,
        premium=premium,
        quota=quota,
        notices=notices,
        runtime=databases.runtime,
        audit=administration.audit,
        clock=base.clock,
    )
    endings = PremiumEndings(
        premium=premium,
        service=service,
        notices=notices,
        leases=DatabaseLease(primary, base.clock),
        runtime=databases.runtime,
        tasks=base.tasks,
        metrics=base.metrics,
        clock=base.clock,
    )
    return Premium(service, endings)
