"""/cancel: no answer is waited for any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.conversation import Conversations
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import IncomingMessage


class CancelHandler(BaseHandler):
    """/cancel: whatever was asked needs no answer any more."""

    def __init__(self, telegram: TelegramGateway, conversations: Conversations) -> None:
        self._telegram = telegram
        self._conversations = conversations

    def routes(self) -> Sequence[Route]:
        """The command."""
        return (Route("cancel", Command("cancel"), self.handle_cancel, Action.CALLBACK, gated=False),)

    async def handle_cancel(self, message: IncomingMessage, reader: Reader) -> None:
        """Forget the question."""
        was_asked = await self._conversations.end(reader.user.id)
        key = "conversation-cancelled" if was_asked else "conversation-none"
        await self._telegram.send_text(message.chat_id, reader.texts.html(key))
