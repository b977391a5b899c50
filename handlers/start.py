"""/start, /help, and everything the bot does not understand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, PrivateMedia, Reader, Route, UnknownCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import IncomingMessage


class StartHandler(BaseHandler):
    """Greets, explains, and answers what no other handler takes."""

    def __init__(self, telegram: TelegramGateway) -> None:
        self._telegram = telegram

    def routes(self) -> Sequence[Route]:
        """The greeting, the help, and the two fallbacks of a private chat."""
        return (
            Route("start", Command("start", "command-start"), self.handle_start, Action.CALLBACK),
            Route("help", Command("help", "command-help"), self.handle_help, Action.CALLBACK),
            Route("unknown_command", UnknownCommand(), self.handle_unknown_command, Action.CALLBACK),
            Route("media", PrivateMedia(), self.handle_media, Action.CALLBACK),
        )

    async def handle_start(self, message: IncomingMessage, reader: Reader) -> None:
        """Greet; a deep link's payload is refused until it is one the bot knows."""
        _, _, payload = message.text.partition(" ")
        if payload.strip():
            raise BadInputError("error-bad-link")
        html = reader.texts.html("start-greeting", name=reader.user.first_name)
        await self._telegram.send_text(message.chat_id, html)

    async def handle_help(self, message: IncomingMessage, reader: Reader) -> None:
        """Explain how to search and fetch."""
        await self._telegram.send_text(message.chat_id, reader.texts.html("help-text"))

    async def handle_unknown_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Point to the commands that exist."""
        raise BadInputError("error-unknown-command")

    async def handle_media(self, message: IncomingMessage, reader: Reader) -> None:
        """Say that the bot is asked with words."""
        raise BadInputError("error-send-words")
