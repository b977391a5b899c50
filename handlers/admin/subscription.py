"""/fsub, /fsub_add and /fsub_remove for everybody's list, /fsub_group for a group's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.domain.channel_name import parse_channel_name
from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.admin.arguments import words_after
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.subscription import RequiredChat
    from core.services.subscription_admin import SubscriptionAdminService
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_BASIC_GROUP = re.compile(r"-[1-9][0-9]{0,11}")
_APPROVAL = "request"


class SubscriptionAdminHandler(BaseHandler):
    """The lists of chats that people have to be in."""

    def __init__(self, telegram: TelegramGateway, lists: SubscriptionAdminService) -> None:
        self._telegram = telegram
        self._lists = lists

    def routes(self) -> Sequence[Route]:
        """Three commands of admins, and one of the admins of groups."""
        commands = (
            ("fsub", "command-fsub", self.handle_list),
            ("fsub_add", "command-fsub-add", self.handle_add),
            ("fsub_remove", "command-fsub-remove", self.handle_remove),
        )
        group = Command("fsub_group")
        return [
            *(
                Route(name, Command(name, key), handle, Action.CALLBACK, permission=Permission.SUBSCRIPTION)
                for name, key, handle in commands
            ),
            Route("fsub_group", group, self.handle_group, Action.CALLBACK, serves_chats=True, gated=False),
        ]

    async def handle_list(self, message: IncomingMessage, reader: Reader) -> None:
        """Show what everybody has to be in."""
        html = _list(reader.texts, "subscription-list-title", await self._lists.listed())
        await self._telegram.send_text(message.chat_id, html)

    async def handle_add(self, message: IncomingMessage, reader: Reader) -> None:
        """Require a chat of everybody."""
        words = words_after(message)
        if not 1 <= len(words) <= 2:
            raise BadInputError("subscription-add-usage")
        way = words[1] if len(words) == 2 else None
        needs_approval = way is not None and way.lower() == _APPROVAL
        link = None if needs_approval else way
        chat = await self._lists.add(reader.user.id, _named(words[0]), link=link, needs_approval=needs_approval)
        html = reader.texts.html("subscription-added", chat=chat.title, id=str(chat.id), link=chat.link or "")
        await self._telegram.send_text(message.chat_id, html)

    async def handle_remove(self, message: IncomingMessage, reader: Reader) -> None:
        """Require a chat no more."""
        words = words_after(message)
        if len(words) != 1:
            raise BadInputError("subscription-remove-usage")
        chat = await self._lists.remove(reader.user.id, _named(words[0]))
        await self._telegram.send_text(message.chat_id, reader.texts.html("subscription-removed", chat=chat.title))

    async def handle_group(self, message: IncomingMessage, reader: Reader) -> None:
        """Show or change what people have to be in to be served in a group."""
        if message.is_private:
            raise BadInputError("subscription-group-private")
        html = await self._group_answer(message.chat_id, message.sender.id, words_after(message), reader.texts)
        await self._telegram.send_text(message.chat_id, html, reply_to=message.message_id)

    async def _group_answer(self, group_id: int, sender_id: int, words: list[str], texts: Texts) -> str:
        match words:
            case [] | ["list"]:
                return _list(texts, "subscription-group-title", await self._lists.group_list(group_id))
            case ["add", name]:
                chat = await self._lists.add_in_group(group_id, sender_id, _named(name))
                return texts.html("subscription-group-added", chat=chat.title)
            case ["remove", name]:
                chat = await self._lists.remove_in_group(group_id, sender_id, _named(name))
                return texts.html("subscription-group-removed", chat=chat.title)
        raise BadInputError("subscription-group-usage")


def _named(text: str) -> int | str:
    """The chat that a word names: a channel or supergroup in any form, a basic group by its id."""
    if _BASIC_GROUP.fullmatch(text):
        return int(text)
    name = parse_channel_name(text)
    if name is None:
        raise BadInputError("subscription-bad-name", name=text[:64])
    return name


def _list(texts: Texts, title_key: str, chats: Sequence[RequiredChat]) -> str:
    if not chats:
        return texts.html("subscription-list-empty")
    rows = [texts.html("subscription-row", chat=chat.title, id=str(chat.id), link=chat.link or "–") for chat in chats]
    return "\n".join([texts.html(title_key, count=len(chats)), *rows])
