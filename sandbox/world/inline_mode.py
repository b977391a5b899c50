"""Inline queries on their way to the bot, and chosen results on their way into a chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.accounts import Account
from sandbox.world.basic_groups import BasicGroup
from sandbox.world.inline_desk import Answered, InlineQuery
from sandbox.world.inline_results import OFFSET_LIMIT
from sandbox.world.posting import Draft

if TYPE_CHECKING:
    from sandbox.world.accounts import Accounts
    from sandbox.world.delivery import Delivery
    from sandbox.world.inline_desk import InlineDesk
    from sandbox.world.peers import Chat

T = raw.types

QUERY_LIMIT = 512


class InlineMode:
    """Asks bots on behalf of people.

    Attributes:
        desk: queries and answers.
    """

    def __init__(self, accounts: Accounts, delivery: Delivery, desk: InlineDesk) -> None:
        self._accounts = accounts
        self._delivery = delivery
        self.desk = desk

    async def ask(
        self, person_id: int, bot_id: int, text: str, offset: str = "", *, chat: Chat | None = None
    ) -> Answered:
        """Ask a bot, unless an earlier answer still holds, and wait for it.

        Args:
            person_id: who types.
            bot_id: whose name stands in front.
            text: what follows the name; Telegram hands on 512 characters of it.
            offset: "" for the first page, else what the bot gave as the next one; modified clients send anything.
            chat: where it is typed; None when the client does not say.

        Raises:
            RpcFailure: BOT_INVALID, BOT_INLINE_DISABLED, OFFSET_INVALID above 64 bytes, or BOT_RESPONSE_TIMEOUT.
        """
        bot = self._accounts[bot_id]
        if not bot.is_bot:
            raise RpcFailure(400, "BOT_INVALID")
        if bot.inline_placeholder is None:
            raise RpcFailure(400, "BOT_INLINE_DISABLED")
        if len(offset.encode()) > OFFSET_LIMIT:
            raise RpcFailure(400, "OFFSET_INVALID")
        query = InlineQuery(bot_id, person_id, text[:QUERY_LIMIT], offset)
        return self.desk.cached(query) or await self._ask(query, chat)

    async def _ask(self, query: InlineQuery, chat: Chat | None) -> Answered:
        query_id, answered = self.desk.open(query)
        update = T.UpdateBotInlineQuery(
            query_id=query_id,
            user_id=query.person_id,
            query=query.text,
            offset=query.offset,
            peer_type=_peer_type(chat, query),
        )
        self._delivery.push(query.bot_id, update, users=(query.person_id,))
        try:
            return await asyncio.wait_for(answered, self.desk.timeout_s)
        except TimeoutError:
            raise RpcFailure(400, "BOT_RESPONSE_TIMEOUT") from None
        finally:
            self.desk.close(query_id)

    def draft(self, person_id: int, query_id: int, result_id: str, reply_to: int | None = None) -> Draft:
        """The message that a chosen result becomes.

        Raises:
            RpcFailure: INLINE_RESULT_EXPIRED or RESULT_ID_INVALID.
        """
        query, result = self.desk.chosen(person_id, query_id, result_id)
        return Draft(
            result.text,
            list(result.entities),
            result.file if result.sends_file else None,
            result.markup,
            reply_to,
            via_bot_id=query.bot_id,
        )

    def tell_chosen(self, person_id: int, query_id: int, result_id: str) -> None:
        """Tell the bot which result was sent, if its owner has switched that on."""
        query, result = self.desk.chosen(person_id, query_id, result_id)
        if self._accounts[query.bot_id].inline_feedback:
            update = T.UpdateBotInlineSend(user_id=person_id, query=query.text, id=result.id)
            self._delivery.push(query.bot_id, update, users=(person_id,))


def _peer_type(chat: Chat | None, query: InlineQuery) -> Any:
    if chat is None:
        return None
    if isinstance(chat, BasicGroup):
        return T.InlineQueryPeerTypeChat()
    if not isinstance(chat, Account):
        return T.InlineQueryPeerTypeBroadcast() if chat.broadcast else T.InlineQueryPeerTypeMegagroup()
    if chat.id == query.bot_id:
        return T.InlineQueryPeerTypeSameBotPM()
    return T.InlineQueryPeerTypeBotPM() if chat.is_bot else T.InlineQueryPeerTypePM()
