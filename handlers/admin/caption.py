"""/caption: what stands under delivered files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.caption_template import FIELDS
from core.domain.permission import Permission
from core.services.rate_limiter import Action
from handlers.admin.arguments import text_after
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.caption_settings import CaptionSettings
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import IncomingMessage

_RESET = "reset"


class CaptionHandler(BaseHandler):
    """Shows, changes and resets the template of captions."""

    def __init__(self, telegram: TelegramGateway, captions: CaptionSettings) -> None:
        self._telegram = telegram
        self._captions = captions

    def routes(self) -> Sequence[Route]:
        """The one command."""
        caption = Command("caption", "command-caption")
        return (Route("caption", caption, self.handle_caption, Action.CALLBACK, permission=Permission.SETTINGS),)

    async def handle_caption(self, message: IncomingMessage, reader: Reader) -> None:
        """Show what is in force, or change it and show an example."""
        text = text_after(message)
        if not text:
            await self._telegram.send_text(message.chat_id, self._shown(reader))
            return
        is_reset = text.lower() == _RESET
        await self._captions.change("" if is_reset else text, message.sender.id)
        if is_reset:
            html = reader.texts.html("caption-reset")
        else:
            html = "\n\n".join((reader.texts.html("caption-saved"), self._captions.example(reader.texts.language)))
        await self._telegram.send_text(message.chat_id, html)

    def _shown(self, reader: Reader) -> str:
        template = self._captions.template or reader.texts.plain("caption-own")
        fields = " ".join(f"{{{name}}}" for name in FIELDS)
        return reader.texts.html("caption-usage", template=template, fields=fields)
