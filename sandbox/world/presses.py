"""Presses on their way to the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    import asyncio

    from sandbox.world.access import Access
    from sandbox.world.accounts import Accounts
    from sandbox.world.callbacks import CallbackDesk, PressAnswer
    from sandbox.world.delivery import Delivery
    from sandbox.world.message_box import Message

T = raw.types


class Presses:
    """Tells bots of pressed buttons.

    Attributes:
        check_data: refuse data that no button of the message has (DATA_INVALID). Off, because Telegram forwards what
            a modified client sends, whatever it is: a bot must not trust it.
    """

    def __init__(self, accounts: Accounts, access: Access, delivery: Delivery, desk: CallbackDesk) -> None:
        self._accounts = accounts
        self._access = access
        self._delivery = delivery
        self._desk = desk
        self.check_data = False

    def press(self, user_id: int, message: Message, data: bytes) -> tuple[int, asyncio.Future[PressAnswer]]:
        """Press a button of the presser's copy of a message; returns the query id and the bot's answer to come.

        Raises:
            RpcFailure: MESSAGE_ID_INVALID when no bot wrote the message or the bot deleted its copy, DATA_INVALID.
        """
        bots_copy = message if message.in_channel else message.twin
        bot = self._accounts[message.body.sender_id]
        if bots_copy is None or bots_copy.deleted or not bot.is_bot:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        if self.check_data and data not in button_data(message):
            raise RpcFailure(400, "DATA_INVALID")
        query_id, answer = self._desk.open(bot.id)
        peer = T.PeerChannel(channel_id=message.peer_id) if message.in_channel else T.PeerUser(user_id=user_id)
        update = T.UpdateBotCallbackQuery(
            query_id=query_id,
            user_id=user_id,
            peer=peer,
            msg_id=bots_copy.id,
            chat_instance=self._access.channel(bot.id, message.peer_id),
            data=data,
        )
        channels = (message.peer_id,) if message.in_channel else ()
        self._delivery.push(bot.id, update, users=(user_id,), channels=channels)
        return query_id, answer


def button_data(message: Message) -> set[bytes]:
    """The data of every callback button of a message."""
    rows = getattr(message.body.markup, "rows", ())
    return {button.data for row in rows for button in row.buttons if isinstance(button, T.KeyboardButtonCallback)}
