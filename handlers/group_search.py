"""Searching in groups, /search anywhere, and what counts as a search in a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import SearchLink
from core.domain.group import SearchMode
from core.errors import BadInputError, InfrastructureError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, GroupText, Press, Reader, Route
from handlers.buttons import OpenOwn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.group_search import GroupSearchService
    from core.services.search import SearchService
    from core.services.search_again import RepeatableSearches
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery, IncomingMessage
    from handlers.private_link import PrivateLinks
    from handlers.result_display import ResultDisplay

_MODE_KEYS = {
    SearchMode.ALL: "group-mode-all",
    SearchMode.MENTION: "group-mode-mention",
    SearchMode.COMMAND: "group-mode-command",
}


class GroupAttention:
    """Listens to what is meant for the bot; what is not is passed over before anything is asked of a database."""

    def __init__(self, groups: GroupSearchService) -> None:
        self._groups = groups

    def is_addressed(self, message: IncomingMessage) -> bool:
        """Whether somebody expects the bot to answer: a command, the bot's name, or a reply to it."""
        if message.is_private or message.text.startswith("/"):
            return True
        if message.is_forwarded:
            return False
        replied = self._groups.is_addressed(message.chat_id, message.text, reply_to=message.reply_to)
        return replied or message.mentions_bot

    async def wants(self, message: IncomingMessage) -> bool:
        """As of `Attention`; a group that searches too fast is refused here."""
        if message.is_private:
            return True
        if not message.text.startswith("/"):
            addressed = self.is_addressed(message)
            if not addressed and _is_not_for_everybody(message):
                return False
            if not await self._groups.listens(message.chat_id, message.text, addressed=addressed):
                return False
        await self._groups.charge(message.chat_id)
        return True

    async def tells(self, message: IncomingMessage, error: Exception) -> bool:
        """As of `Attention`: who did not ask for the bot hears of outages alone, and the group of one a minute."""
        if self.is_addressed(message):
            return True
        return isinstance(error, InfrastructureError) and await self._groups.tells_outage(message.chat_id)


class GroupSearchHandler(BaseHandler):
    """Result pages in groups: everybody sees them, who searched turns them, the others open their own."""

    def __init__(
        self,
        *,
        telegram: TelegramGateway,
        groups: GroupSearchService,
        search: SearchService,
        display: ResultDisplay,
        searches: RepeatableSearches,
        links: PrivateLinks,
    ) -> None:
        self._telegram = telegram
        self._groups = groups
        self._search = search
        self._display = display
        self._searches = searches
        self._links = links
        self._attention = GroupAttention(groups)

    def routes(self) -> Sequence[Route]:
        """Words in a group, the two commands, and one's own copy of somebody's search."""
        search, mode = Command("search", "command-search"), Command("search_mode")
        ear = self._attention
        return (
            Route("group_search", GroupText(), self.handle_group_text, Action.SEARCH, ear, serves_chats=True),
            Route("search_command", search, self.handle_search_command, Action.SEARCH, ear, serves_chats=True),
            Route("search_mode", mode, self.handle_search_mode, Action.CALLBACK, serves_chats=True, gated=False),
            Route("open_own", Press(OpenOwn), self.handle_own_callback, Action.CALLBACK, gated=False),
        )

    async def handle_group_text(self, message: IncomingMessage, reader: Reader) -> None:
        """Search for words, without the bot's name; what nobody asked for is answered only when it is found."""
        _refuse_chats(message)
        words = self._groups.words(message.text)
        if not words:
            raise BadInputError("group-mention-alone")
        await self._answer(message, reader, words, says_nothing=self._attention.is_addressed(message))

    async def handle_search_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Search for the words after the command."""
        _refuse_chats(message)
        await self._answer(message, reader, _argument(message, "search-command-alone"), says_nothing=True)

    async def handle_search_mode(self, message: IncomingMessage, reader: Reader) -> None:
        """Tell what counts as a search in this group, or change it for an admin."""
        if message.is_private:
            raise BadInputError("group-mode-private")
        wish = message.text.partition(" ")[2].strip().lower()
        if wish and wish not in set(SearchMode):
            raise BadInputError("group-mode-unknown", mode=wish[:32])
        if wish:
            await self._groups.set_mode(message.chat_id, message.sender.id, SearchMode(wish))
        mode = await self._groups.mode(message.chat_id)
        key = "group-mode-changed" if wish else "group-mode-now"
        html = reader.texts.html(key, mode=mode.value, meaning=reader.texts.plain(_MODE_KEYS[mode]))
        await self._telegram.send_text(message.chat_id, html, reply_to=message.message_id)

    async def handle_own_callback(self, query: CallbackQuery, _reader: Reader) -> None:
        """Open the search of a page, whoever made it, in the private chat of who pressed."""
        press = OpenOwn.unpack(query.data)
        await self._links.open(query, SearchLink(await self._searches.text(press.session_id)))

    async def _answer(self, message: IncomingMessage, reader: Reader, words: str, *, says_nothing: bool) -> None:
        page = await self._search.search(reader.user.id, words, suggests=says_nothing)
        if not page.session.window.ids and not says_nothing:
            return
        reply_to = None if message.is_private else message.message_id
        query_id = message.message_id if message.is_private else 0
        answer = await self._display.send(page, reader, message.chat_id, reply_to=reply_to, query_id=query_id)
        if not message.is_private:
            self._groups.answered(message.chat_id, answer)


def _is_not_for_everybody(message: IncomingMessage) -> bool:
    """Whether words that do not name the bot are for somebody else, or no words of a person at all."""
    return message.has_media or message.is_forwarded or message.reply_to is not None or message.sender.is_chat


def _refuse_chats(message: IncomingMessage) -> None:
    """Pages belong to a person; of one who writes in the name of a chat the bot does not know who it is."""
    if message.sender.is_chat:
        raise BadInputError("group-sender-unknown")


def _argument(message: IncomingMessage, key_of_none: str) -> str:
    _, *words = message.text.split(maxsplit=1)
    if not words:
        raise BadInputError(key_of_none)
    return words[0]
