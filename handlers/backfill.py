"""Indexing what a channel held before: the offer, its buttons, /setskip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.index_job import JobViewer
from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from core.telegram.gateway import Button
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import CancelBackfill, DeclineBackfill, PauseBackfill, ResumeBackfill, StartBackfill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.post_link import NamedPost
    from core.services.backfill import BackfillService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import CallbackQuery, IncomingMessage

_LAST_ID = 2**31 - 1


class BackfillHandler(BaseHandler):
    """What an admin does about the past of channels; how it goes is shown by `BackfillMessage`."""

    def __init__(self, telegram: TelegramGateway, backfill: BackfillService) -> None:
        self._telegram = telegram
        self._backfill = backfill

    def routes(self) -> Sequence[Route]:
        """The buttons of an offer and of a job, and where the next job begins."""
        press, may = Action.CALLBACK, Permission.BACKFILL
        return (
            Route("setskip", Command("setskip", "command-setskip"), self.handle_setskip, press, permission=may),
            Route("start_backfill", Press(StartBackfill), self.handle_start_callback, press, permission=may),
            Route("decline_backfill", Press(DeclineBackfill), self.handle_decline_callback, press, permission=may),
            Route("pause_backfill", Press(PauseBackfill), self.handle_pause_callback, press, permission=may),
            Route("resume_backfill", Press(ResumeBackfill), self.handle_resume_callback, press, permission=may),
            Route("cancel_backfill", Press(CancelBackfill), self.handle_cancel_callback, press, permission=may),
        )

    async def offer(self, message: IncomingMessage, reader: Reader, post: NamedPost) -> None:
        """Answer an admin who named a post: offer to index its channel up to there."""
        offer = await self._backfill.offer(reader.user.id, post)
        lines = [reader.texts.html("backfill-offer", total=offer.total, title=offer.title)]
        if offer.skip:
            lines.append(reader.texts.html("backfill-offer-skip", skip=str(offer.skip)))
        keyboard = _start_or_cancel(reader.texts, offer.channel_id, offer.top)
        await self._telegram.send_text(message.chat_id, "\n".join(lines), keyboard)

    async def handle_setskip(self, message: IncomingMessage, reader: Reader) -> None:
        """Say or set behind which message the next job begins."""
        _, *arguments = message.text.split()
        if not arguments:
            skip = await self._backfill.skip_of(reader.user.id)
            html = reader.texts.html("backfill-skip-now", skip=str(skip))
        else:
            skip = _read_skip(arguments)
            await self._backfill.set_skip(reader.user.id, skip)
            html = reader.texts.html("backfill-skip-set", skip=str(skip))
        await self._telegram.send_text(message.chat_id, html)

    async def handle_start_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Begin the job that was offered; the offer becomes its progress."""
        press = StartBackfill.unpack(query.data)
        if not query.is_private or not 1 <= press.top <= _LAST_ID:
            raise BadInputError("error-bad-button")
        viewer = JobViewer(reader.user.id, reader.texts.language, query.message_id)
        await self._backfill.start(viewer, press.channel_id, press.top)
        await self._answer(query, reader.texts.plain("backfill-started"))

    async def handle_decline_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Take the offer back."""
        DeclineBackfill.unpack(query.data)
        await self._telegram.edit_text(query.chat_id, query.message_id, reader.texts.html("backfill-declined"))

    async def handle_pause_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Let a job stand still."""
        press = PauseBackfill.unpack(query.data)
        await self._backfill.pause(press.channel_id, press.run)
        await self._answer(query, reader.texts.plain("backfill-pausing"))

    async def handle_resume_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Let a paused job go on."""
        press = ResumeBackfill.unpack(query.data)
        await self._backfill.resume(press.channel_id, press.run)
        await self._answer(query, reader.texts.plain("backfill-resumed"))

    async def handle_cancel_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """End a job; what is stored stays."""
        press = CancelBackfill.unpack(query.data)
        await self._backfill.cancel(reader.user.id, press.channel_id, press.run)
        await self._answer(query, reader.texts.plain("backfill-cancelling"))

    async def _answer(self, query: CallbackQuery, text: str) -> None:
        query.answered = True
        await self._telegram.answer_callback(query.id, text)


def _start_or_cancel(texts: Texts, channel_id: int, top: int) -> Keyboard:
    start = Button(texts.plain("button-start-backfill"), StartBackfill(channel_id=channel_id, top=top).pack())
    decline = Button(texts.plain("button-cancel"), DeclineBackfill(channel_id=channel_id).pack())
    return [[start, decline]]


def _read_skip(arguments: Sequence[str]) -> int:
    [first, *rest] = arguments
    if rest or not (first.isascii() and first.isdigit()) or len(first) > 10 or int(first) > _LAST_ID:
        raise BadInputError("error-setskip")
    return int(first)
