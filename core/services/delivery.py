"""Getting one file to a reader, within the quota, exactly once; `send_all.py` does many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.domain.delivery import DeliveryTerms
from core.errors import BusyError, FileGoneError, QuotaExhaustedError
from core.telegram.gateway import OutcomeUnknownError, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import MediaFile, WholeFiles
    from core.domain.user import User
    from core.observability.metrics import Metrics
    from core.services.daily_statistics import DailyCounters
    from core.services.file_sender import FileSender
    from core.services.quota import QuotaService
    from core.services.recent_presses import RecentPresses
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search import SearchService
    from repositories.media import MediaRepository

_WORTH_TELLING_S = 10


class DeliveryService:
    """Delivers one file at once: a slot is reserved before it is sent and spent after it; a failure gives it back."""

    def __init__(
        self,
        *,
        search: SearchService,
        media: MediaRepository,
        quota: QuotaService,
        sender: FileSender,
        presses: RecentPresses,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        counters: DailyCounters,
    ) -> None:
        self._search = search
        self._media = media
        self._quota = quota
        self._sender = sender
        self._presses = presses
        self._runtime = runtime
        self._metrics = metrics
        self._counters = counters

    @property
    def terms(self) -> DeliveryTerms:
        """How a delivery that begins now hands its files over, to its end."""
        current = self._runtime.current
        return DeliveryTerms(protect=current.protect_content, caption_template=current.caption_template)

    async def deliver(self, reader: User, session_id: str, media_id: int, *, language: str = "") -> None:
        """Send one file of the reader's session; `language` is what they read, if they have not chosen one.

        Raises:
            QuotaExhaustedError: no slot is left today.
            BusyError: the same press is being served, or was a moment ago; or Telegram wants nothing sent to this
                chat for a while.
            FileGoneError: the file cannot be fetched any more; it left the results.
            OutcomeUnknownError: nobody knows whether the file arrived; it is charged, and may be asked for again.
            ExpiredError, NotYoursError: see `SearchService.file_of_session`.
        """
        media = await self._search.file_of_session(reader.id, session_id, media_id)
        await self._deliver(reader, media, language)

    async def deliver_file(self, reader: User, media_id: int, *, language: str = "") -> None:
        """Send one file that a link led to, whoever searched for it; `language` as of `deliver`.

        Raises:
            QuotaExhaustedError, BusyError, FileGoneError, OutcomeUnknownError: as of `deliver`.
            DatabaseUnavailableError: the database did not answer.
        """
        media = await self._media.get(media_id)
        if media is None:
            raise FileGoneError
        await self._deliver(reader, media, language)

    async def find(self, media_ids: Sequence[int]) -> WholeFiles:
        """Those of some files that can be sent; raises DatabaseUnavailableError when none could be looked for."""
        return await self._media.get_many(media_ids)

    def exhausted(self, limit: int) -> QuotaExhaustedError:
        """The refusal of somebody who has nothing left today; counted."""
        self._metrics.quota_refusals.inc()
        self._counters.add("quota_refusals")
        return QuotaExhaustedError(limit=limit)

    async def _deliver(self, reader: User, media: MediaFile, language: str) -> None:
        terms = self.terms
        async with self._presses.claim(reader.id, media.id), self._quota.reserve(reader, 1) as reservation:
            if reservation.granted == 0:
                raise self.exhausted(reservation.limit)
            try:
                handover = self._sender.begin(reader.id, terms, reservation, reader.language or language)
                await self._sender.send(handover, media)
                await self._sender.finish(handover)
                if handover.unconfirmed:
                    raise OutcomeUnknownError("the file may have arrived")
            except RetryLaterError as wait:
                if wait.seconds < _WORTH_TELLING_S:
                    raise
                raise BusyError("delivery-chat-held", minutes=math.ceil(wait.seconds / 60)) from wait
