"""One message that shows how a `Send all` goes, with its Stop button."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog

from core.domain.delivery import Ending
from core.errors import InfrastructureError
from core.telegram.gateway import Button, RecipientUnreachableError, TelegramRefusedError
from handlers.buttons import StopDelivery

if TYPE_CHECKING:
    from core.domain.delivery import DeliveryJob, DeliveryReport
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts

_END_KEYS = {
    Ending.DONE: "delivery-finished",
    Ending.STOPPED: "delivery-stopped",
    Ending.RESTART: "delivery-stopped-restart",
    Ending.FLOOD: "delivery-stopped-flood",
    Ending.UNREACHABLE: "delivery-stopped",
    Ending.FAILED: "delivery-stopped-failed",
    Ending.SUPERSEDED: "delivery-stopped-lost",
}


class DeliveryProgress:
    """Shows a job in its owner's chat; best effort, so that a failed edit never ends the job."""

    def __init__(self, telegram: TelegramGateway, chat_id: int, texts: Texts) -> None:
        self._telegram = telegram
        self._chat_id = chat_id
        self._texts = texts
        self._message_id = 0
        self._log = structlog.get_logger(__name__)

    @property
    def language(self) -> str:
        """Tag of the catalogue."""
        return self._texts.language

    async def started(self, job: DeliveryJob) -> int:
        """Show the job with its Stop button; returns the id of its message, 0 when that is not known."""
        await self._show_job(job, self._texts.html("delivery-progress", sent=0, total=job.total))
        return self._message_id

    async def waiting(self, job: DeliveryJob, report: DeliveryReport, ahead: int) -> None:
        """Show that other people have their turn."""
        html = self._texts.html("delivery-waiting", sent=report.sent, total=report.total, ahead=ahead)
        await self._show_job(job, html)

    async def held(self, job: DeliveryJob, report: DeliveryReport, seconds: int) -> None:
        """Show when Telegram lets this chat be written to again."""
        minutes = math.ceil(seconds / 60)
        html = self._texts.html("delivery-held", sent=report.sent, total=report.total, minutes=minutes)
        await self._show_job(job, html)

    async def progressed(self, job: DeliveryJob, report: DeliveryReport) -> None:
        """Show the counts so far."""
        await self._show_job(job, self._texts.html("delivery-progress", sent=report.sent, total=report.total))

    async def finished(self, report: DeliveryReport) -> None:
        """Show the outcome: what was sent, what was not and why."""
        lines = [self._texts.html(_END_KEYS[report.ending], sent=report.sent, total=report.total)]
        if report.unconfirmed:
            lines.append(self._texts.html("delivery-unconfirmed-count", count=report.unconfirmed))
        if report.failed:
            lines.append(self._texts.html("delivery-failed-count", count=report.failed))
        if report.over_quota:
            lines.append(self._texts.html("delivery-over-quota", count=report.over_quota))
        await self._show("\n".join(lines), None)

    async def _show_job(self, job: DeliveryJob, html: str) -> None:
        await self._show(html, self._stop_button(job))

    def _stop_button(self, job: DeliveryJob) -> Keyboard:
        return [[Button(self._texts.plain("button-stop"), StopDelivery(job_id=job.id).pack())]]

    async def _show(self, html: str, keyboard: Keyboard | None) -> None:
        try:
            if not self._message_id:  # none yet, or the answer that named it is lost
                self._message_id = await self._telegram.send_text(self._chat_id, html, keyboard)
            else:
                await self._telegram.edit_text(self._chat_id, self._message_id, html, keyboard)
        except (InfrastructureError, RecipientUnreachableError, TelegramRefusedError) as error:
            self._log.warning("progress_not_shown", error=type(error).__name__)
