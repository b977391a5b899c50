"""/restart: asked, confirmed, done; nothing but a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.services.confirmations import CONFIRM_S
from core.services.rate_limiter import Action
from core.telegram.gateway import Button
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import CancelRestart, ConfirmRestart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.restart import RestartService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from handlers.incoming import CallbackQuery, IncomingMessage


class RestartHandler(BaseHandler):
    """The question, and both answers to it."""

    def __init__(self, telegram: TelegramGateway, restarts: RestartService) -> None:
        self._telegram = telegram
        self._restarts = restarts

    def routes(self) -> Sequence[Route]:
        """The command and its two buttons."""
        may, action = Permission.OPERATIONS, Action.CALLBACK
        command, confirm, cancel = Command("restart", "command-restart"), Press(ConfirmRestart), Press(CancelRestart)
        return (
            Route("restart", command, self.handle_command, action, permission=may),
            Route("restart_confirm", confirm, self.handle_confirm_callback, action, permission=may),
            Route("restart_cancel", cancel, self.handle_cancel_callback, action, permission=may),
        )

    async def handle_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Ask whether it is meant."""
        token, texts = self._restarts.offer(reader.user.id), reader.texts
        keyboard: Keyboard = [
            [
                Button(texts.plain("button-restart"), ConfirmRestart(token).pack()),
                Button(texts.plain("button-keep-running"), CancelRestart(token).pack()),
            ]
        ]
        html = texts.html("restart-question", seconds=CONFIRM_S)
        await self._telegram.send_text(message.chat_id, html, keyboard)

    async def handle_confirm_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Restart, for the admin who was asked, and say so while what is being handled comes to its end."""
        token = ConfirmRestart.unpack(query.data).token
        self._restarts.take(reader.user.id, token)
        await self._restarts.restart(reader.user, token)
        await self._telegram.edit_text(query.chat_id, query.message_id, reader.texts.html("restart-begun"))

    async def handle_cancel_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Go on as before."""
        self._restarts.take(reader.user.id, CancelRestart.unpack(query.data).token)
        await self._telegram.edit_text(query.chat_id, query.message_id, reader.texts.html("restart-cancelled"))
