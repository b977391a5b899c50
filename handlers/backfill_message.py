"""The message that shows how a back-fill goes, with its buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.index_job import IndexJob, JobState, WalkPace
from core.telegram.gateway import Button
from core.text.formatting import duration
from handlers.buttons import CancelBackfill, PauseBackfill, ResumeBackfill

if TYPE_CHECKING:
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Catalogue, Texts


class BackfillMessage:
    """Shows a job in the private chat of who started it, in that person's language."""

    def __init__(self, telegram: TelegramGateway, catalogue: Catalogue) -> None:
        self._telegram = telegram
        self._catalogue = catalogue

    async def show(self, job: IndexJob, pace: WalkPace) -> None:
        """Show a job as it is now; see `BackfillView`."""
        viewer = job.viewer
        texts = self._catalogue.for_language(viewer.language)
        html = "\n".join(_lines(texts, job, pace))
        await self._telegram.edit_text(viewer.user_id, viewer.message_id, html, _keyboard(texts, job))


def _lines(texts: Texts, job: IndexJob, pace: WalkPace) -> list[str]:
    lines = [texts.html(f"backfill-state-{job.state.value}", title=job.title)]
    if job.reason is not None:
        lines.append(texts.html(f"backfill-reason-{job.reason.value}"))
    counts = job.counts
    lines.append(texts.html("backfill-walked", walked=job.walked, total=job.total))
    lines.append(texts.html("backfill-counts", new=counts.new, known=counts.known))
    if counts.refused:
        lines.append(texts.html("backfill-refused", count=counts.refused))
    if job.state is JobState.RUNNING and pace.per_second is not None and pace.left_s is not None:
        left = duration(pace.left_s, texts.language)
        lines.append(texts.html("backfill-pace", rate=max(1, round(pace.per_second)), left=left))
    return lines


def _keyboard(texts: Texts, job: IndexJob) -> Keyboard | None:
    if not job.state.is_active:
        return None
    if job.state is JobState.RUNNING:
        first = Button(texts.plain("button-pause"), PauseBackfill(channel_id=job.channel_id, run=job.run).pack())
    else:
        first = Button(texts.plain("button-resume"), ResumeBackfill(channel_id=job.channel_id, run=job.run).pack())
    cancel = Button(texts.plain("button-cancel"), CancelBackfill(channel_id=job.channel_id, run=job.run).pack())
    return [[first, cancel]]
