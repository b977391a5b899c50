"""/suggest, and the texts it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.auto_delete import DeletionKind
from core.errors import BadInputError
from core.search.display import display_name
from core.services.rate_limiter import Action
from core.telegram.gateway import Button
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import SearchFor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.auto_delete import AutoDelete
    from core.services.search import SearchService
    from core.services.suggestions import SuggestionLists, Suggestions, SuggestionService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from handlers.incoming import CallbackQuery, IncomingMessage
    from handlers.result_display import ResultDisplay

_LABEL_LENGTH = 56


class SuggestHandler(BaseHandler):
    """Offers texts to search for, and searches for the one that is pressed."""

    def __init__(
        self,
        telegram: TelegramGateway,
        search: SearchService,
        suggestions: SuggestionService,
        lists: SuggestionLists,
        display: ResultDisplay,
        auto_delete: AutoDelete,
    ) -> None:
        self._telegram = telegram
        self._search = search
        self._suggestions = suggestions
        self._lists = lists
        self._display = display
        self._auto_delete = auto_delete

    def routes(self) -> Sequence[Route]:
        """The command, and a press on what was offered."""
        return (
            Route("suggest", Command("suggest", "command-suggest"), self.handle_suggest, Action.CALLBACK),
            Route("search_for", Press(SearchFor), self.handle_search_for_callback, Action.SEARCH),
        )

    async def handle_suggest(self, message: IncomingMessage, reader: Reader) -> None:
        """Offer how the words after the command may go on."""
        _, *begun = message.text.split(maxsplit=1)
        if not begun:
            raise BadInputError("suggest-usage")
        suggestions = await self._suggestions.suggest(reader.user.id, begun[0])
        html = reader.texts.html("suggest-title")
        menu = await self._telegram.send_text(message.chat_id, html, suggestion_rows(suggestions))
        asked = message.message_id if message.is_private else 0
        await self._auto_delete.schedule(message.chat_id, (menu, asked), kind=DeletionKind.MENU)

    async def handle_search_for_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Search for the pressed text, as if it had been typed, in place of what was offered."""
        press = SearchFor.unpack(query.data)
        text = await self._lists.open(press.list_id, reader.user.id, press.number)
        await self._display.replace(await self._search.search(reader.user.id, text), reader, query)


def suggestion_rows(suggestions: Suggestions) -> Keyboard:
    """A button for each text."""
    return [
        [Button(display_name(text, _LABEL_LENGTH), SearchFor(suggestions.list_id, number).pack())]
        for number, text in enumerate(suggestions.texts, start=1)
    ]
