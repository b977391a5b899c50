"""Word of every running `Send all`, so that the reader of one that was killed is told at the next start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.random_id import random_id_of
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import RecipientUnreachableError, RetryLaterError, SendClass, TelegramRefusedError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.delivery import DeliveryEntry
    from core.services.quota import QuotaService
    from core.services.reachability import Reachability
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue
    from repositories.delivery import DeliveryRepository


class DeliveryJournal:
    """Keeps one job a person, across processes, and settles the jobs that no process works on any more.

    A killed job is not resumed. Its next start charges what was sent and the one file that may have been on its way,
    gives the other slots back and tells the reader.

    Args:
        again_s: seconds before what could not be settled or told is tried again.
    """

    def __init__(
        self,
        deliveries: DeliveryRepository,
        quota: QuotaService,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        reachability: Reachability,
        clock: Clock,
        again_s: float = 10.0,
    ) -> None:
        self._deliveries = deliveries
        self._quota = quota
        self._telegram = telegram
        self._catalogue = catalogue
        self._reachability = reachability
        self._clock = clock
        self._again_s = again_s
        self._log = structlog.get_logger(__name__)

    async def claim(self, entry: DeliveryEntry) -> bool:
        """Begin a job; False when one of this person runs in another process.

        Raises:
            DatabaseUnavailableError: it is not known.
        """
        return await self._deliveries.claim(entry)

    async def keep(self, entry: DeliveryEntry) -> bool:
        """Write down how far a job is; False when it is not this process's any more, so that nothing may be sent.

        While the database is away the job goes on.
        """
        try:
            return await self._deliveries.keep(entry)
        except DatabaseUnavailableError:
            self._log.warning("delivery_not_written_down", job=entry.job.id)
            return True

    async def end(self, entry: DeliveryEntry) -> None:
        """Forget a job whose reader knows how it ended; while the database is away it stays for a day."""
        try:
            await self._deliveries.end(entry)
        except DatabaseUnavailableError:
            self._log.warning("delivery_not_forgotten", job=entry.job.id)

    async def run(self) -> None:
        """Settle every job that other processes left, and tell the readers; for the one receiver, at its start.

        Returns when none is left.
        """
        while (are_settled := await self._settle_some()) is not None:
            if not are_settled:
                await self._clock.sleep(self._again_s)

    async def _settle_some(self) -> bool | None:
        """Whether nothing is left to do for those that were read; None when there were none."""
        try:
            left = await self._deliveries.interrupted()
            return all([await self._settle(entry) for entry in left]) if left else None
        except DatabaseUnavailableError:
            return False

    async def _settle(self, entry: DeliveryEntry) -> bool:
        """Whether nothing is left to do for a job."""
        if entry.reservation is not None:
            await self._quota.settle(entry.reservation, entry.sent + entry.is_trying)
        try:
            await self._tell(entry)
        except RecipientUnreachableError as error:
            await self._reachability.lost(entry.job.owner_id, error.why)
        except TelegramUnavailableError as error:
            if isinstance(error, RetryLaterError):
                self._log.warning("interrupted_delivery_told_later", seconds=error.seconds)
            return False
        await self._deliveries.end(entry)
        self._log.info("delivery_interrupted", job=entry.job.id, sent=entry.sent, unknown=int(entry.is_trying))
        return True

    async def _tell(self, entry: DeliveryEntry) -> None:
        texts, reader_id, total = self._catalogue.for_language(entry.language), entry.job.owner_id, entry.job.total
        html = texts.html("delivery-interrupted", sent=entry.sent, total=total)
        if entry.is_trying:
            html += "\n" + texts.html("delivery-one-unknown")
        try:
            await self._telegram.edit_text(reader_id, entry.message_id, texts.html("delivery-over"))
            random_id = random_id_of("delivery-interrupted", entry.job.id)
            await self._telegram.send_text(reader_id, html, send_class=SendClass.NOTICE, random_id=random_id)
        except TelegramRefusedError as error:
            self._log.warning("interrupted_delivery_not_told", error=error.name)
