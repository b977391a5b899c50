"""/delete and /takedown: single files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.admin.arguments import replied_file, words_after
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.library_admin import LibraryAdminService, TakenOut
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from handlers.incoming import IncomingMessage

_UNDO = "undo"


class LibraryAdminHandler(BaseHandler):
    """Takes single files out of the library."""

    def __init__(self, telegram: TelegramGateway, library: LibraryAdminService, lookups: TelegramLookups) -> None:
        self._telegram = telegram
        self._library = library
        self._lookups = lookups

    def routes(self) -> Sequence[Route]:
        """Both commands."""
        delete, takedown = Command("delete", "command-delete"), Command("takedown", "command-takedown")
        return (
            Route("delete", delete, self.handle_delete, Action.CALLBACK, permission=Permission.LIBRARY),
            Route("takedown", takedown, self.handle_takedown, Action.CALLBACK, permission=Permission.LIBRARY),
        )

    async def handle_delete(self, message: IncomingMessage, reader: Reader) -> None:
        """Delete the file that is answered or named."""
        words = words_after(message)
        unique_id = await replied_file(self._lookups, message)
        if len(words) > 1 or (unique_id is None and not words):
            raise BadInputError("delete-usage")
        if words:
            unique_id = await self._library.unique_id(words[0])
        taken = await self._library.delete(reader.user.id, unique_id or "")
        await self._tell("delete-done", taken, message, reader)

    async def handle_takedown(self, message: IncomingMessage, reader: Reader) -> None:
        """Take down the file that is answered or named, or allow it again."""
        words = words_after(message)
        if words and words[0].lower() == _UNDO:
            await self._undo(message, reader, words[1:])
            return
        unique_id = await replied_file(self._lookups, message)
        if unique_id is None and words:
            unique_id = await self._library.unique_id(words.pop(0))
        if unique_id is None or not words:
            raise BadInputError("takedown-usage")
        taken = await self._library.take_down(reader.user.id, unique_id, " ".join(words))
        await self._tell("takedown-done" if taken.name else "takedown-done-unknown", taken, message, reader)

    async def _undo(self, message: IncomingMessage, reader: Reader, words: Sequence[str]) -> None:
        if len(words) > 1:
            raise BadInputError("takedown-undo-usage")
        unique_id = words[0] if words else await replied_file(self._lookups, message)
        if unique_id is None:
            raise BadInputError("takedown-undo-usage")
        name = await self._library.undo_take_down(reader.user.id, unique_id)
        html = reader.texts.html("takedown-undone", name=name or unique_id)
        await self._telegram.send_text(message.chat_id, html)

    async def _tell(self, key: str, taken: TakenOut, message: IncomingMessage, reader: Reader) -> None:
        html = reader.texts.html(key, name=taken.name, id=taken.unique_id)
        if not taken.is_everywhere:
            html += "\n" + reader.texts.html("delete-not-everywhere")
        await self._telegram.send_text(message.chat_id, html)
