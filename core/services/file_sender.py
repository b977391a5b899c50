"""Sending one file: the same for a single press, a link, and every file of a `Send all`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError, FileGoneError, InfrastructureError
from core.telegram.gateway import (
    FileReferenceExpiredError,
    OutcomeUnknownError,
    RecipientUnreachableError,
    TelegramRefusedError,
)

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.delivery import DeliveryTerms
    from core.domain.media import MediaFile
    from core.observability.metrics import Metrics
    from core.services.auto_delete import AutoDelete, DeliveredFiles
    from core.services.caption import Captions
    from core.services.daily_statistics import DailyCounters
    from core.services.file_healing import FileHealing
    from core.services.popularity import Popularity
    from core.services.quota import QuotaHandle
    from core.services.reachability import Reachability
    from core.telegram.gateway import SentMedia, TelegramGateway


@dataclass(frozen=True, slots=True)
class Handover:
    """One delivery under way: to whom, and what holds for all its files.

    Attributes:
        reader_id: of the private chat.
        slots: what its files are charged to.
        language: of the reader, a tag of the catalogue; "" for the default.
        delivered: told of every file, so that they go again in time.
        unconfirmed: ids of files that count as sent, although nobody knows whether they arrived.
    """

    reader_id: int
    language: str
    terms: DeliveryTerms
    slots: QuotaHandle
    delivered: DeliveredFiles
    unconfirmed: list[int] = field(default_factory=list)


class FileSender:
    """Sends a file on reserved slots; whatever becomes of it is counted, and an expired reference heals unseen."""

    def __init__(
        self,
        *,
        telegram: TelegramGateway,
        healing: FileHealing,
        captions: Captions,
        reachability: Reachability,
        metrics: Metrics,
        counters: DailyCounters,
        popularity: Popularity,
        auto_delete: AutoDelete,
        clock: Clock,
    ) -> None:
        self._telegram = telegram
        self._healing = healing
        self._captions = captions
        self._reachability = reachability
        self._metrics = metrics
        self._counters = counters
        self._popularity = popularity
        self._auto_delete = auto_delete
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    def begin(self, reader_id: int, terms: DeliveryTerms, slots: QuotaHandle, language: str = "") -> Handover:
        """What every file of one delivery is sent with; to be followed by `finish`."""
        delivered = self._auto_delete.files(reader_id, language, is_protected=terms.protect)
        return Handover(reader_id, language, terms, slots, delivered)

    async def finish(self, handover: Handover) -> None:
        """Nothing more is sent: the reader is told when the files go."""
        await handover.delivered.finish()

    async def send(self, handover: Handover, media: MediaFile) -> bool:
        """Send a file and spend one slot; an outcome that stays unknown counts as sent.

        Returns:
            False when the hold was lost meanwhile and nothing more may be sent on it.

        Raises:
            FileGoneError: no source holds it any more; it left the results and was reported.
            RecipientUnreachableError: the person cannot be written to; it was noted.
            RetryLaterError, TelegramUnavailableError, TelegramRefusedError, DatabaseUnavailableError: it was not sent.
        """
        try:
            sent = await self._send_healing(handover, media)
        except asyncio.CancelledError:  # the bot is being stopped, and the file may arrive all the same
            self._count("unknown")
            handover.slots.count_unknown()
            raise
        except OutcomeUnknownError:
            self._count("unknown")
            handover.unconfirmed.append(media.id)
            self._log.warning("delivery_outcome_unknown", media_id=media.id)
        except FileGoneError:
            self._count("gone")
            raise
        except RecipientUnreachableError as error:
            self._count("unreachable")
            await self._reachability.lost(handover.reader_id, error.why)
            raise
        except (InfrastructureError, TelegramRefusedError):
            self._count("failed")
            raise
        else:
            self._count("sent")
            self._counters.add("files_delivered")
            self._popularity.fetched(media.id)
            await handover.delivered.sent(sent.message_id, media.id, self._clock.utc_now())
        return await self._spend(handover.slots)

    def _count(self, outcome: str) -> None:
        self._metrics.files_delivered.labels(outcome=outcome).inc()

    async def _spend(self, reservation: QuotaHandle) -> bool:
        try:
            return await reservation.spend()
        except DatabaseUnavailableError:  # the file is there; the hold keeps charging until it expires
            self._log.warning("quota_spend_postponed")
            return True

    async def _send_healing(self, handover: Handover, media: MediaFile) -> SentMedia:
        """Send by reference; an expired one is fetched anew from a source and the record healed."""
        reader_id, protect = handover.reader_id, handover.terms.protect
        caption = self._captions.render(media, handover.language, handover.terms.caption_template)
        try:
            return await self._telegram.send_media(reader_id, media.file_id, caption, protect=protect)
        except FileReferenceExpiredError:
            fresh = await self._healing.fresh_file_id(media, reader_id)
        try:
            return await self._telegram.send_media(reader_id, fresh, caption, protect=protect)
        except FileReferenceExpiredError:
            await self._healing.declare_gone(media, reader_id)
