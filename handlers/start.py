"""/start with and without a link, /help, and everything the bot does not understand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import HELP_PAYLOAD, FileLink
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, PrivateMedia, Reader, Route, StartLink, UnknownCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.deep_link import DeepLinkService
    from core.services.delivery import DeliveryService
    from core.services.search import SearchService
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import IncomingMessage
    from handlers.result_display import ResultDisplay
    from handlers.resumption import Resumption


class StartHandler(BaseHandler):
    """Greets, opens links, explains, and answers what no other handler takes."""

    def __init__(
        self,
        telegram: TelegramGateway,
        links: DeepLinkService,
        delivery: DeliveryService,
        search: SearchService,
        display: ResultDisplay,
        resumption: Resumption,
    ) -> None:
        self._telegram = telegram
        self._links = links
        self._delivery = delivery
        self._search = search
        self._display = display
        self._resumption = resumption

    def routes(self) -> Sequence[Route]:
        """The greeting, links, the help, and the two fallbacks of a private chat."""
        return (
            Route("start", Command("start", "command-start"), self.handle_start, Action.CALLBACK, gated=False),
            Route("start_link", StartLink(), self.handle_start_link, Action.DEEP_LINK),
            Route("help", Command("help", "command-help"), self.handle_help, Action.CALLBACK, gated=False),
            Route("unknown_command", UnknownCommand(), self.handle_unknown_command, Action.CALLBACK, gated=False),
            Route("media", PrivateMedia(), self.handle_media, Action.CALLBACK, gated=False),
        )

    async def handle_start(self, message: IncomingMessage, reader: Reader) -> None:
        """Greet."""
        html = reader.texts.html("start-greeting", name=reader.user.first_name)
        await self._telegram.send_text(message.chat_id, html)

    async def handle_start_link(self, message: IncomingMessage, reader: Reader) -> None:
        """Give whoever opened a link what it leads to, on their own quota."""
        payload = message.text.split(maxsplit=1)[1].strip()
        if payload == HELP_PAYLOAD:
            await self.handle_help(message, reader)
            return
        if self._resumption.is_token(payload):
            await self._resumption.resume(payload, message, reader)
            return
        target = await self._links.open(payload, reader.user.id)
        if isinstance(target, FileLink):
            await self._delivery.deliver_file(reader.user, target.media_id, language=reader.texts.language)
            return
        page = await self._search.search(reader.user.id, target.text)
        await self._display.send(page, reader, message.chat_id)

    async def handle_help(self, message: IncomingMessage, reader: Reader) -> None:
        """Explain how to search and fetch."""
        await self._telegram.send_text(message.chat_id, reader.texts.html("help-text"))

    async def handle_unknown_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Point to the commands that exist."""
        raise BadInputError("error-unknown-command")

    async def handle_media(self, message: IncomingMessage, reader: Reader) -> None:
        """Say that the bot is asked with words."""
        raise BadInputError("error-send-words")
