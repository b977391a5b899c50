"""/id: the numbers that settings and commands ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.media_id import encode_media_id
from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.library_admin import LibraryAdminService
    from core.services.roles import RoleService
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from handlers.incoming import IncomingMessage


class IdentityHandler(BaseHandler):
    """Tells ids, to everybody and everywhere; what the library calls a file, to those who may delete it."""

    def __init__(
        self,
        telegram: TelegramGateway,
        lookups: TelegramLookups,
        library: LibraryAdminService,
        roles: RoleService,
    ) -> None:
        self._telegram = telegram
        self._lookups = lookups
        self._library = library
        self._roles = roles

    def routes(self) -> Sequence[Route]:
        """The command."""
        return (
            Route("id", Command("id", "command-id"), self.handle_id, Action.CALLBACK, serves_chats=True, gated=False),
        )

    async def handle_id(self, message: IncomingMessage, reader: Reader) -> None:
        """Tell who asks, where, and what of."""
        texts = reader.texts
        lines = []
        if not message.sender.is_chat:
            lines.append(texts.html("id-own", id=str(message.sender.id)))
        if not message.is_private:
            lines.append(texts.html("id-chat", id=str(message.chat_id)))
        if message.reply_to is not None:
            lines += await self._replied(message, message.reply_to, reader)
        reply_to = None if message.is_private else message.message_id
        await self._telegram.send_text(message.chat_id, "\n".join(lines), reply_to=reply_to)

    async def _replied(self, message: IncomingMessage, reply_to: int, reader: Reader) -> list[str]:
        replied = await self._lookups.get_replied(message.chat_id, reply_to)
        if replied is None:
            raise BadInputError("admin-reply-gone")
        lines = []
        if replied.channel_id is not None:
            lines.append(reader.texts.html("id-channel", id=str(replied.channel_id)))
        if replied.file is not None:
            lines.append(reader.texts.html("id-file", id=replied.file.unique_id))
            may_know = self._roles.may(reader.user, Permission.LIBRARY)
            if may_know and (known := await self._library.find(replied.file.unique_id)):
                lines.append(reader.texts.html("id-library", id=encode_media_id(known.id)))
        return lines
