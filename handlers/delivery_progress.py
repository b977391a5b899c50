"""One message that shows how a `Send all` goes, with its Stop button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.errors import InfrastructureError
from core.telegram.gateway import Button, RecipientUnreachableError
from handlers.buttons import StopDelivery

if TYPE_CHECKING:
    from core.domain.delivery import DeliveryJob, DeliveryReport
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts


class DeliveryProgress:
    """Shows a job in its owner's chat; best effort, so that a failed edit never ends the job."""

    def __init__(self, telegram: TelegramGateway, chat_id: int, texts: Texts) -> None:
        self._telegram = telegram
        self._chat_id = chat_id
        self._texts = texts
        self._message_id: int | None = None
        self._log = structlog.get_logger(__name__)

    async def started(self, job: DeliveryJob) -> None:
        """Show the job with its Stop button."""
        html = self._texts.html("delivery-progress", sent=0, total=job.total)
        await self._show(html, self._stop_button(job))

    async def progressed(self, job: DeliveryJob, report: DeliveryReport) -> None:
        """Show the counts so far."""
        html = self._texts.html("delivery-progress", sent=report.sent, total=report.total)
        await self._show(html, self._stop_button(job))

    async def finished(self, report: DeliveryReport) -> None:
        """Show the outcome: what was sent, what was not and why."""
        key = "delivery-stopped" if report.stopped else "delivery-finished"
        lines = [self._texts.html(key, sent=report.sent, total=report.total)]
        if report.failed:
            lines.append(self._texts.html("delivery-failed-count", count=report.failed))
        if report.over_quota:
            lines.append(self._texts.html("delivery-over-quota", count=report.over_quota))
        await self._show("\n".join(lines), None)

    def _stop_button(self, job: DeliveryJob) -> Keyboard:
        return [[Button(self._texts.plain("button-stop"), StopDelivery(job_id=job.id).pack())]]

    async def _show(self, html: str, keyboard: Keyboard | None) -> None:
        try:
            if self._message_id is None:
                self._message_id = await self._telegram.send_text(self._chat_id, html, keyboard)
            else:
                await self._telegram.edit_text(self._chat_id, self._message_id, html, keyboard)
        except (InfrastructureError, RecipientUnreachableError) as error:
            self._log.warning("progress_not_shown", error=type(error).__name__)
