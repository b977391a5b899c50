"""Showing pages of results in chats, and what becomes of those that are too old to be turned."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.domain.auto_delete import DeletionKind
from core.errors import ExpiredError
from core.telegram.gateway import Button
from handlers.buttons import SearchAgain
from handlers.result_page import Surroundings, render_page, shown_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.domain.search import ResultPage
    from core.services.auto_delete import AutoDelete
    from core.services.quota import QuotaService
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_again import RepeatableSearches
    from core.services.suggestions import SuggestionLists
    from core.telegram.gateway import Keyboard, TelegramGateway
    from handlers.base import Reader
    from handlers.incoming import CallbackQuery

_EXPIRED = "search-expired"


class ResultDisplay:
    """Shows pages, each as its reader and its chat need it.

    Args:
        searches: keep what was searched for longer than the pages, so that an expired one can be searched again.
        auto_delete: has pages deleted that nobody turns any more.
    """

    def __init__(
        self,
        telegram: TelegramGateway,
        quota: QuotaService,
        suggestions: SuggestionLists,
        searches: RepeatableSearches,
        runtime: RuntimeSettingsService,
        auto_delete: AutoDelete,
    ) -> None:
        self._telegram = telegram
        self._quota = quota
        self._suggestions = suggestions
        self._searches = searches
        self._runtime = runtime
        self._auto_delete = auto_delete

    async def send(
        self, page: ResultPage, reader: Reader, chat_id: int, *, reply_to: int | None = None, query_id: int = 0
    ) -> int:
        """Show the first page of a new search in a message of its own; returns that message's id.

        Args:
            page: what was found.
            reader: who searched.
            chat_id: where.
            reply_to: the message that is answered, in groups.
            query_id: a message with the reader's words, which goes together with the page; 0 for none.
        """
        html, keyboard = await self._render(page, reader, chat_id)
        message_id = await self._telegram.send_text(chat_id, html, keyboard, reply_to=reply_to)
        await self._auto_delete.schedule(chat_id, (message_id, query_id), kind=DeletionKind.RESULTS)
        return message_id

    async def replace(self, page: ResultPage, reader: Reader, query: CallbackQuery) -> None:
        """Show a page in place of the message whose button was pressed, or anew where that is gone (id 0)."""
        if not query.message_id:
            await self.send(page, reader, query.chat_id)
            return
        html, keyboard = await self._render(page, reader, query.chat_id)
        await self._telegram.edit_text(query.chat_id, query.message_id, html, keyboard)
        await self._auto_delete.put_off(query.chat_id, query.message_id, kind=DeletionKind.RESULTS)

    @asynccontextmanager
    async def offering_repeat(self, query: CallbackQuery, reader: Reader, session_id: str) -> AsyncIterator[None]:
        """Around the use of a session: where it has expired, its dead page becomes a button that searches again.

        Raises:
            ExpiredError: it has; with another sentence where the button is there.
            NotYoursError: it has, and was somebody else's.
        """
        try:
            yield
        except ExpiredError as error:
            if error.text_key != _EXPIRED:
                raise
            text = await self._searches.own_text(session_id, reader.user.id)
            keyboard: Keyboard = [[Button(reader.texts.plain("button-search-again"), SearchAgain(session_id).pack())]]
            html = reader.texts.html("results-expired", query=shown_text(text))
            if query.message_id:
                await self._telegram.edit_text(query.chat_id, query.message_id, html, keyboard)
            else:
                await self._telegram.send_text(query.chat_id, html, keyboard)
            raise ExpiredError("search-expired-again") from error

    async def _render(self, page: ResultPage, reader: Reader, chat_id: int) -> tuple[str, Keyboard | None]:
        found = bool(page.session.window.ids)
        suggestion_list = ""
        if page.suggestions and not found:
            suggestion_list = await self._suggestions.save(reader.user.id, page.suggestions)
        around = Surroundings(
            in_group=chat_id != reader.user.id,
            most_sent=self._runtime.current.search_window_size if self._quota.is_unlimited(reader.user) else 0,
            suggestion_list=suggestion_list,
        )
        return render_page(page, reader.texts, around)
