"""Who cannot be written to, and who can be again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.audience import Unreachable
    from core.observability.metrics import Metrics
    from repositories.audience import AudienceRepository


class Reachability:
    """Told of every person who could not be written to; that person is kept, with premium, ban and quota.

    Nobody is lost for good: any private message, `/start` included, and taking back the block revive (see
    `AccessService.admit` for the messages).
    """

    def __init__(self, audience: AudienceRepository, metrics: Metrics, clock: Clock) -> None:
        self._audience = audience
        self._metrics = metrics
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def lost(self, user_id: int, why: Unreachable | None) -> bool:
        """Remember that a message did not reach a person; safe to repeat, never raises for an outage.

        Args:
            user_id: chats, whose ids are negative, are passed over.
            why: as `RecipientUnreachableError.why` says; None, which is no person's fault, is passed over.

        Returns:
            False when it could not be stored; the next message that does not arrive brings it again.
        """
        if why is None or user_id <= 0:
            return True
        try:
            is_new = await self._audience.mark_unreachable(user_id, why, self._clock.utc_now())
        except DatabaseUnavailableError:
            self._log.warning("reachability_not_stored", user_id=user_id, why=why.value)
            return False
        if is_new:
            self._metrics.people_lost.labels(why.value).inc()
            self._log.info("person_unreachable", user_id=user_id, why=why.value)
        return True

    async def back(self, user_id: int) -> bool:
        """Forget that a person could not be written to; as `lost`."""
        try:
            if await self._audience.revive(user_id):
                self._log.info("person_reachable", user_id=user_id)
        except DatabaseUnavailableError:
            self._log.warning("reachability_not_stored", user_id=user_id, why="back")
            return False
        return True
