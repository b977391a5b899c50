"""Telling people what to join first, with the buttons to do it and to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import HELP_PAYLOAD
from core.search.display import display_name
from core.telegram.gateway import Button
from handlers.buttons import TryAgain
from handlers.incoming import CallbackQuery, IncomingMessage, InlineQuery
from handlers.inline_results import hint
from handlers.private_link import start_url

if TYPE_CHECKING:
    from core.errors import NotSubscribedError
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import Incoming

_LABEL_LENGTH = 40


class SubscriptionRefusal:
    """Implements `RefusalTeller`: a message with buttons in private, elsewhere the way into the private chat."""

    def __init__(self, telegram: TelegramGateway) -> None:
        self._telegram = telegram

    async def tell(self, event: Incoming, texts: Texts, refusal: NotSubscribedError) -> None:
        """Tell somebody; see `RefusalTeller.tell`."""
        if isinstance(event, InlineQuery):
            line = hint(texts.plain("subscription-needed-inline", **refusal.values), refusal.resume or HELP_PAYLOAD)
            await self._telegram.answer_inline(event.id, (), cache_s=0, hint=line)
        elif event.is_private:
            await self._tell_in_private(event, texts, refusal)
        elif isinstance(event, CallbackQuery):
            event.answered = True
            await self._telegram.answer_callback(event.id, url=self._way_in(refusal))
        else:
            button = Button(texts.plain("button-subscription-private"), url=self._way_in(refusal))
            html = texts.html("subscription-needed-group", **refusal.values)
            await self._telegram.send_text(event.chat_id, html, [[button]], reply_to=event.message_id)

    async def _tell_in_private(
        self, event: IncomingMessage | CallbackQuery, texts: Texts, refusal: NotSubscribedError
    ) -> None:
        if isinstance(event, CallbackQuery):
            event.answered = True
            await self._telegram.answer_callback(event.id, texts.plain("subscription-needed-press"))
        key = "subscription-unchecked" if refusal.missing.unchecked else "subscription-needed"
        html = texts.html(key, **refusal.values)
        await self._telegram.send_text(event.chat_id, html, _keyboard(texts, refusal))

    def _way_in(self, refusal: NotSubscribedError) -> str:
        return start_url(self._telegram.username, refusal.resume or HELP_PAYLOAD)


def _keyboard(texts: Texts, refusal: NotSubscribedError) -> Keyboard:
    """A button for each chat that can be opened, and one to go on."""
    rows = [
        [Button(texts.plain("button-join", chat=display_name(chat.title, _LABEL_LENGTH)), url=chat.link)]
        for chat in refusal.missing.chats
        if chat.link
    ]
    if refusal.resume is not None:
        rows.append([Button(texts.plain("button-try-again"), TryAgain(refusal.resume).pack())])
    return rows
