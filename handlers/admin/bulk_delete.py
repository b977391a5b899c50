"""/deleteall: everything that a search finds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.domain.permission import Permission
from core.errors import BadInputError, InfrastructureError
from core.services.confirmations import CONFIRM_S
from core.services.rate_limiter import Action
from core.telegram.gateway import Button, RecipientUnreachableError, TelegramRefusedError
from handlers.admin.arguments import text_after
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import CancelBulkDelete, ConfirmBulkDelete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.bulk_delete import BulkDeleteService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import CallbackQuery, IncomingMessage


class BulkDeleteHandler(BaseHandler):
    """Asks before it deletes."""

    def __init__(self, telegram: TelegramGateway, bulk: BulkDeleteService) -> None:
        self._telegram = telegram
        self._bulk = bulk

    def routes(self) -> Sequence[Route]:
        """The command, and both answers to its question."""
        may = Permission.LIBRARY
        command, confirm, cancel = Command("deleteall", "command-deleteall"), Press(ConfirmBulkDelete), CancelBulkDelete
        return (
            Route("deleteall", command, self.handle_command, Action.CALLBACK, permission=may),
            Route("deleteall_confirm", confirm, self.handle_confirm_callback, Action.CALLBACK, permission=may),
            Route("deleteall_cancel", Press(cancel), self.handle_cancel_callback, Action.CALLBACK, permission=may),
        )

    async def handle_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Say how many files there are, and ask."""
        text = text_after(message)
        if not text:
            raise BadInputError("deleteall-usage")
        token, offer = await self._bulk.offer(reader.user.id, text)
        key = "deleteall-question" if offer.is_exact else "deleteall-question-over"
        html = reader.texts.html(key, count=offer.files, query=offer.query.text, seconds=CONFIRM_S)
        keyboard: Keyboard = [
            [
                Button(reader.texts.plain("button-delete-files"), ConfirmBulkDelete(token).pack()),
                Button(reader.texts.plain("button-keep-files"), CancelBulkDelete(token).pack()),
            ]
        ]
        await self._telegram.send_text(message.chat_id, html, keyboard)

    async def handle_confirm_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Delete, for the admin who was asked."""
        offer = self._bulk.take(reader.user.id, ConfirmBulkDelete.unpack(query.data).offer_id)
        shown = _Progress(self._telegram, query.chat_id, query.message_id, reader.texts)
        self._bulk.start(offer, shown)
        await shown.progressed(0)

    async def handle_cancel_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Keep the files."""
        self._bulk.take(reader.user.id, CancelBulkDelete.unpack(query.data).offer_id)
        await self._telegram.edit_text(query.chat_id, query.message_id, reader.texts.html("deleteall-cancelled"))


class _Progress:
    """Shows in place of the question how far the deletion is; nothing follows the end."""

    def __init__(self, telegram: TelegramGateway, chat_id: int, message_id: int, texts: Texts) -> None:
        self._telegram = telegram
        self._chat_id = chat_id
        self._message_id = message_id
        self._texts = texts
        self._is_over = False
        self._one_at_a_time = asyncio.Lock()  # an edit that Telegram makes wait does not land on a later one
        self._log = structlog.get_logger(__name__)

    async def progressed(self, deleted: int) -> None:
        """See `BulkProgress`."""
        async with self._one_at_a_time:
            if not self._is_over:
                await self._show(self._texts.html("deleteall-progress", count=deleted))

    async def finished(self, deleted: int, *, is_complete: bool) -> None:
        """See `BulkProgress`."""
        self._is_over = True
        async with self._one_at_a_time:
            await self._show(self._texts.html("deleteall-done" if is_complete else "deleteall-cut", count=deleted))

    async def _show(self, html: str) -> None:
        try:
            await self._telegram.edit_text(self._chat_id, self._message_id, html)
        except (InfrastructureError, RecipientUnreachableError, TelegramRefusedError) as error:
            self._log.warning("progress_not_shown", error=type(error).__name__)
