"""The chats of one person as the page lists them, and their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datacenter.methods.bots import commands_for
from sandbox.datacenter.rpc import RpcFailure
from sandbox.web.rendering import MessageView
from sandbox.world.accounts import Account
from sandbox.world.basic_groups import BasicGroup
from sandbox.world.chats import FULL_ID_BASE, Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.world import World
    from sandbox.world.message_box import History, Message

PAGE = 40


class Chats:
    """Reads the world as one person may.

    Args:
        person_id: whose chats.
        bot_id: whose private chat stands first, even when nothing was said there.
        shown: full ids of channels and groups that are listed though the person is not in.
    """

    def __init__(self, world: World, person_id: int, bot_id: int, shown: tuple[int, ...]) -> None:
        self._world = world
        self._person_id = person_id
        self._bot_id = bot_id
        self._shown = shown
        self._view = MessageView(world, person_id)

    def listed(self) -> list[dict[str, Any]]:
        """All chats with their newest messages, oldest first, and whether there are older ones."""
        return [self._facts(chat) | self.history(_id_of(chat)) for chat in self._all()]

    def commands(self) -> list[dict[str, str]]:
        """The bot's command menu as this person gets it."""
        accounts = self._world.accounts
        menu = commands_for(accounts[self._bot_id], accounts[self._person_id])
        return [{"command": entry.command, "description": entry.description} for entry in menu]

    def history(self, chat_id: int, before: int = 0) -> dict[str, Any]:
        """Up to forty messages below an id, oldest first; 0 for the newest.

        Raises:
            RpcFailure: CHAT_ID_INVALID for an unknown chat, CHANNEL_PRIVATE for one that the person may not read.
        """
        newest_first = self._history(self.chat(chat_id)).page(offset_id=before, add_offset=0, limit=PAGE + 1)
        shown = [self._view.message(message) for message in reversed(newest_first[:PAGE])]
        return {"messages": shown, "older": len(newest_first) > PAGE}

    def message(self, chat_id: int, message_id: int) -> Message:
        """One message.

        Raises:
            RpcFailure: as `history`, or MESSAGE_ID_INVALID when it is not there.
        """
        message = self._history(self.chat(chat_id)).get(message_id)
        if message is None:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        return message

    def chat(self, chat_id: int) -> Account | Channel | BasicGroup:
        """The chat with this id, whether the person may read it or not.

        Raises:
            RpcFailure: CHAT_ID_INVALID.
        """
        try:
            return self._world.chat(chat_id)
        except KeyError:
            raise RpcFailure(400, "CHAT_ID_INVALID") from None

    def rendered(self, message: Message) -> dict[str, Any]:
        """A message as the person sees it."""
        return self._view.message(message)

    def _history(self, chat: Account | Channel | BasicGroup) -> History:
        if not isinstance(chat, Channel):
            return self._world.accounts[self._person_id].box.dialog(_id_of(chat)).history
        if chat.gone or not (chat.is_member(self._person_id) or chat.username):
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        return chat.history

    def _all(self) -> Iterator[Account | Channel | BasicGroup]:
        """The bot first, then what the demo shows everybody, then what else the person is in or has written to."""
        person = self._world.accounts[self._person_id]
        ids = [self._bot_id, *self._shown, *(FULL_ID_BASE - bare for bare in person.channels), *person.box.dialogs]
        for chat_id in dict.fromkeys(ids):
            chat = self._world.chat(chat_id)
            if not isinstance(chat, Channel) or not chat.gone:
                yield chat

    def _facts(self, chat: Account | Channel | BasicGroup) -> dict[str, Any]:
        if isinstance(chat, Account):
            title = f"{chat.first_name} {chat.last_name or ''}".strip()
            facts: dict[str, Any] = {"kind": "bot" if chat.is_bot else "person", "title": title, "members": 0}
            facts |= {"joined": True, "writes": True, "deletes": True}
            return facts | {"id": chat.id, "username": chat.username}
        if isinstance(chat, BasicGroup):
            facts = {"kind": "group", "title": chat.title, "members": len(chat.members)}
            joined = chat.is_member(self._person_id)
            facts |= {"joined": joined, "writes": joined, "deletes": joined}
            return facts | {"id": chat.full_id, "username": None}
        joined = chat.is_member(self._person_id)
        writes = chat.may(self._person_id, "post_messages") if chat.broadcast else joined
        facts = {"kind": "channel" if chat.broadcast else "group", "title": chat.title}
        facts |= {"members": sum(not self._world.accounts[i].is_bot for i in chat.active_members())}
        facts |= {"joined": joined, "writes": writes, "deletes": chat.may(self._person_id, "delete_messages")}
        return facts | {"id": chat.full_id, "username": chat.username}


def _id_of(chat: Account | Channel | BasicGroup) -> int:
    return chat.id if isinstance(chat, Account) else chat.full_id
