"""Premium: given, taken, and explained."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.premium import GrantStep, Plans, PremiumGrant
from core.errors import BadInputError
from core.services.person_notices import Telling

if TYPE_CHECKING:
    from datetime import datetime

    from core.clock import Clock
    from core.domain.user import User
    from core.services.audit_log import AuditLog
    from core.services.person_notices import PersonNotices
    from core.services.quota import QuotaService
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.premium import PremiumRepository
    from repositories.user import UserRepository

_MOST_LEFT = 5


class PremiumService:
    """Gives premium once per message of an admin, whatever is repeated or dies in between, and tells the person."""

    def __init__(
        self,
        *,
        users: UserRepository,
        premium: PremiumRepository,
        quota: QuotaService,
        notices: PersonNotices,
        runtime: RuntimeSettingsService,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._users = users
        self._premium = premium
        self._quota = quota
        self._notices = notices
        self._runtime = runtime
        self._audit = audit
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def give(self, admin_id: int, user_id: int, days: int | None, key: str) -> tuple[PremiumGrant, Telling]:
        """Lengthen a person's premium, known or not, from its current end.

        Args:
            admin_id: who gives it.
            user_id: who gets it.
            days: None for the usual number.
            key: what is done once, however often it is asked for.

        Returns:
            The grant with its end, and whether the person was told.

        Raises:
            BadInputError: no such number of days.
            DatabaseUnavailableError: not known whether it was given; ask again with the same key. What was begun is
                finished later in any case (see `finish`).
        """
        current = self._runtime.current
        days = current.premium_default_days if days is None else days
        if not 1 <= days <= current.premium_longest_days:
            raise BadInputError("premium-bad-days", most=current.premium_longest_days)
        asked = PremiumGrant(key, user_id, days, admin_id, self._clock.utc_now())
        grant = await self._premium.record(asked)
        if grant is asked:
            await self._audit.add(admin_id, "premium_given", user_id=user_id, days=days, key=key)
        return await self._carry_out(grant)

    async def take(self, admin_id: int, user_id: int, key: str) -> Telling:
        """End a person's premium now; whether the person was told.

        Raises:
            BadInputError: the person has none.
            DatabaseUnavailableError: it is not known whether it ended.
        """
        now = self._clock.utc_now()
        person = await self._users.get_user(user_id)
        if not await self._premium.end(user_id, now):
            raise BadInputError("premium-none", id=str(user_id))
        until = None if person is None else person.premium_until
        await self._audit.add(admin_id, "premium_taken", user_id=user_id, until=until)
        language = None if person is None else person.spoken_language
        return await self._notices.tell(user_id, language, f"premium-taken:{key}", "premium-taken")

    async def finish(self, asked_before: datetime) -> bool:
        """Go on with grants that were asked for by then and are not done: a process died, or Telegram was away.

        The person is told, and so is the admin, who may wait for an answer since. Whoever cannot be written to now
        holds up nobody else; where several cannot, Telegram must be away, and the rest are given theirs untold.

        Returns:
            False when something is left to do.

        Raises:
            DatabaseUnavailableError: call again.
        """
        left: set[str] = set()
        finished = 0
        while unfinished := await self._premium.unfinished(asked_before, without=left):
            for begun in unfinished:
                grant, telling = await self._carry_out(begun, tells=len(left) < _MOST_LEFT)
                if telling.is_settled:
                    finished += 1
                    await self._report(grant)
                else:
                    left.add(grant.key)
        if finished:
            self._log.info("premium_grants_finished", grants=finished, left=len(left))
        return not left

    async def plans(self, user: User) -> Plans:
        """What free and premium give, and how a reader stands.

        Raises:
            DatabaseUnavailableError: it is not known what is left of today.
        """
        current = self._runtime.current
        return Plans(
            free_limit=current.non_premium_daily_limit,
            premium_limit=current.premium_daily_limit,
            until=user.premium_until,
            is_premium=user.is_premium(self._clock.utc_now()),
            quota=await self._quota.status(user),
        )

    async def _report(self, grant: PremiumGrant) -> None:
        """Tell the admin that a grant is done after all."""
        admin = await self._users.get_user(grant.by)
        if admin is None or grant.until is None:
            return
        await self._notices.tell(
            *(admin.id, admin.spoken_language, f"premium-report:{grant.key}", "premium-given-to"),
            id=str(grant.user_id),
            days=grant.days,
            until=grant.until,
        )

    async def _carry_out(self, grant: PremiumGrant, *, tells: bool = True) -> tuple[PremiumGrant, Telling]:
        """Do what is left to do for a grant that the ledger has; with `tells` False, the telling is for later."""
        if grant.pending is GrantStep.EXTEND:
            short = timedelta(days=self._runtime.current.premium_reminder_days)
            grant = await self._premium.extend(grant, self._clock.utc_now(), short)
        if grant.pending is None or grant.until is None:
            return grant, Telling.TOLD
        if not tells:
            return grant, Telling.LATER
        person = await self._users.get_user(grant.user_id)
        language = None if person is None else person.spoken_language
        telling = await self._notices.tell(
            grant.user_id, language, f"premium-given:{grant.key}", "premium-given", until=grant.until
        )
        if telling.is_settled:
            await self._premium.told(grant.key)
        return grant, telling
