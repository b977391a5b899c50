"""/search_help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import IncomingMessage


class SearchHelpHandler(BaseHandler):
    """Explains how searches are written."""

    def __init__(self, telegram: TelegramGateway) -> None:
        self._telegram = telegram

    def routes(self) -> Sequence[Route]:
        """The one command."""
        command = Command("search_help", "command-search-help")
        return (Route("search_help", command, self.handle_search_help, Action.CALLBACK, gated=False),)

    async def handle_search_help(self, message: IncomingMessage, reader: Reader) -> None:
        """Explain words and filters, with examples that can be sent as they are."""
        await self._telegram.send_text(message.chat_id, reader.texts.html("search-help"))
