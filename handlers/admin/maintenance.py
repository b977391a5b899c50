"""/maintenance: keeping readers out while the bot is worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.admin.arguments import words_after
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.maintenance_mode import MaintenanceMode
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_LONGEST_TEXT = 200  # what an alert holds, and the setting


class MaintenanceHandler(BaseHandler):
    """Turns maintenance mode on and off."""

    def __init__(self, telegram: TelegramGateway, mode: MaintenanceMode) -> None:
        self._telegram = telegram
        self._mode = mode

    def routes(self) -> Sequence[Route]:
        """The command."""
        command, may = Command("maintenance", "command-maintenance"), Permission.OPERATIONS
        return (Route("maintenance", command, self.handle_maintenance, Action.CALLBACK, permission=may),)

    async def handle_maintenance(self, message: IncomingMessage, reader: Reader) -> None:
        """Turn it on with or without a sentence for readers, turn it off, or say how it is."""
        word, *rest = words_after(message) or [""]
        text = " ".join(rest)
        if word.lower() == "on":
            if len(text) > _LONGEST_TEXT:
                raise BadInputError("maintenance-long-text", count=_LONGEST_TEXT)
            await self._mode.turn_on(reader.user.id, text)
        elif word.lower() == "off" and not text:
            await self._mode.turn_off(reader.user.id)
        elif word:
            raise BadInputError("maintenance-usage")
        await self._telegram.send_text(message.chat_id, self._state(reader.texts))

    def _state(self, texts: Texts) -> str:
        if not self._mode.is_on:
            return texts.html("maintenance-off")
        told = self._mode.text or texts.plain("error-maintenance")
        return texts.html("maintenance-on", text=told)
