"""The part of the composition root that writes to everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.database.lease import DatabaseLease
from core.domain.permission import Permission
from core.services.broadcast import BroadcastService
from core.services.broadcast_draft import BroadcastDrafts
from core.services.broadcast_run import BroadcastLimits, BroadcastTools
from core.telegram.pyrogram_broadcast import PyrogramBroadcasts
from repositories.broadcast import BroadcastRepository

if TYPE_CHECKING:
    from core.services.rate_limiter import RateLimiter
    from core.services.runtime_settings import RuntimeSettingsService
    from core.wiring import Base, Databases, Telegram
    from core.wiring_access import People
    from core.wiring_admin import Administration


@dataclass(frozen=True, slots=True)
class Broadcasting:
    """What shows a broadcast before it is sent, and what sends it."""

    drafts: BroadcastDrafts
    service: BroadcastService


def build_broadcasting(
    base: Base,
    databases: Databases,
    telegram: Telegram,
    administration: Administration,
    people: People,
    limiter: RateLimiter,
) -> Broadcasting:
    """Nothing is sent before `BroadcastService.run`."""
    primary = databases.manager.primary
    broadcasts = BroadcastRepository(primary, base.clock)
    gateway = PyrogramBroadcasts(telegram.client, telegram.api, telegram.budget)
    tools = BroadcastTools(broadcasts, people.audience, gateway, people.reachability, base.tasks, base.clock)
    service = BroadcastService(
        tools=tools,
        leases=DatabaseLease(primary, base.clock),
        limiter=limiter,
        cache=base.cache,
        audit=administration.audit,
        metrics=base.metrics,
        limits=lambda: _limits(databases.runtime),
        allowed=lambda user_id: people.roles.may_still(user_id, Permission.BROADCAST),
        notices=administration.notices,
    )
    return Broadcasting(BroadcastDrafts(broadcasts, people.audience, gateway, base.clock), service)


def _limits(runtime: RuntimeSettingsService) -> BroadcastLimits:
    current = runtime.current
    return BroadcastLimits(
        in_flight=current.broadcast_in_flight,
        lease_s=current.broadcast_lease_s,
        progress_s=current.broadcast_progress_s,
    )
