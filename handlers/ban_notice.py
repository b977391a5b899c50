"""How banned people are told that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import HELP_PAYLOAD
from handlers.incoming import CallbackQuery, InlineQuery
from handlers.inline_results import hint

if TYPE_CHECKING:
    from core.errors import BannedError
    from core.services.ban import BanNotices
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import Incoming

_ALERT_LIMIT = 200  # Telegram's limit for the answer to a button press


class BanTeller:
    """Answers every press and inline query of banned people; their messages only now and then."""

    def __init__(self, telegram: TelegramGateway, notices: BanNotices) -> None:
        self._telegram = telegram
        self._notices = notices

    async def tell(self, event: Incoming, texts: Texts, refusal: BannedError) -> None:
        """As of `RefusalTeller`; in groups the reason stays between the bot and the person."""
        if isinstance(event, CallbackQuery):
            event.answered = True
            alert = texts.plain(refusal.text_key, **refusal.values)[:_ALERT_LIMIT]
            await self._telegram.answer_callback(event.id, alert, alert=True)
        elif isinstance(event, InlineQuery):
            line = hint(texts.plain("error-banned"), HELP_PAYLOAD)
            await self._telegram.answer_inline(event.id, (), cache_s=0, hint=line)
        elif await self._notices.is_due(event.sender.id, in_private=event.is_private):
            key, values = (refusal.text_key, refusal.values) if event.is_private else ("error-banned", {})
            reply_to = None if event.is_private else event.message_id
            await self._telegram.send_text(event.chat_id, texts.html(key, **values), reply_to=reply_to)
