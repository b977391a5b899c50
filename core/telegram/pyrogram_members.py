"""Who is in a chat, over a pyrogram client, while a person waits for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw, utils

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.telegram.gateway import SourceGoneError, TelegramRefusedError
from core.telegram.members import ChatCard, OwnRights
from core.telegram.raw_calls import RawCalls
from core.telegram.refusals import Purpose
from core.telegram.retry_policy import Idempotency

if TYPE_CHECKING:
    from pyrogram import Client

    from core.telegram.telegram_api import TelegramApi

_T = raw.types
_NO_MEMBER = frozenset({"USER_NOT_PARTICIPANT", "USER_ID_INVALID", "PARTICIPANT_ID_INVALID"})
_ADMINS = (_T.ChannelParticipantAdmin, _T.ChannelParticipantCreator)
_BASIC_ADMINS = (_T.ChatParticipantAdmin, _T.ChatParticipantCreator)
_FLOOD_S, _TIMEOUT_S = 5.0, 10.0
_NO_SUCH_GROUP = "CHAT_ID_INVALID"  # what is said of a basic group that the bot was thrown out of


class PyrogramMembers:
    """Implements `TelegramMembers` by raw functions only, every one through `TelegramApi.call_api`."""

    def __init__(self, client: Client, api: TelegramApi) -> None:
        self._client = client
        self._calls = RawCalls(client, api)

    async def is_member(self, chat_id: int, user_id: int) -> bool:
        """Whether a person is in a chat; see `TelegramMembers.is_member`."""
        chat = await self._calls.peer(chat_id)
        if isinstance(chat, _T.InputPeerChat):
            return any(member.user_id == user_id for member in await self._basic_members(chat))
        try:
            answer = await self._participant(chat, await self._calls.peer(user_id))
        except TelegramRefusedError as refused:
            if refused.name not in _NO_MEMBER:
                raise
            return False
        return is_in(answer.participant)

    async def chat_card(self, chat: int | str) -> ChatCard:
        """A chat; see `TelegramMembers.chat_card`."""
        if isinstance(chat, str):
            found = await self._ask("contacts.ResolveUsername", raw.functions.contacts.ResolveUsername(username=chat))
            return _card(found.chats, found.peer)
        peer = await self._calls.peer(chat)
        if isinstance(peer, _T.InputPeerChat):
            basic = raw.functions.messages.GetFullChat(chat_id=peer.chat_id)
            answer = await self._ask("messages.GetFullChat", basic)
            return _card(answer.chats, _T.PeerChat(chat_id=peer.chat_id))
        full = raw.functions.channels.GetFullChannel(channel=_input_channel(peer))
        answer = await self._ask("channels.GetFullChannel", full)
        return _card(answer.chats, _T.PeerChannel(channel_id=answer.full_chat.id))

    async def own_rights(self, chat_id: int) -> OwnRights:
        """What the bot may do; see `TelegramMembers.own_rights`."""
        chat = await self._calls.peer(chat_id)
        if isinstance(chat, _T.InputPeerChat):
            own_id = self._client.me.id if self._client.me else 0
            own = [member for member in await self._basic_members(chat) if member.user_id == own_id]
            if not own:
                raise SourceGoneError(f"the bot is not in {chat_id}")
            is_admin = any(isinstance(member, _BASIC_ADMINS) for member in own)
            return OwnRights(is_admin, is_admin)
        try:
            answer = await self._participant(chat, _T.InputPeerSelf())
        except TelegramRefusedError as refused:
            if refused.name not in _NO_MEMBER:
                raise
            raise SourceGoneError(f"the bot is not in {chat_id}") from refused
        rights = getattr(answer.participant, "admin_rights", None)
        is_broadcast = any(getattr(found, "broadcast", False) for found in answer.chats if found.id == chat.channel_id)
        return OwnRights(isinstance(answer.participant, _ADMINS), bool(rights and rights.invite_users), is_broadcast)

    async def new_link(self, chat_id: int, *, needs_approval: bool = False) -> str:
        """Make a link; see `TelegramMembers.new_link`."""
        request = raw.functions.messages.ExportChatInvite(
            peer=await self._calls.peer(chat_id), request_needed=needs_approval or None
        )
        answer = await self._ask("messages.ExportChatInvite", request, Idempotency.ONCE)
        return str(answer.link)

    async def _participant(self, chat: Any, person: Any) -> Any:
        request = raw.functions.channels.GetParticipant(channel=_input_channel(chat), participant=person)
        return await self._ask("channels.GetParticipant", request)

    async def _basic_members(self, chat: Any) -> list[Any]:
        try:
            answer = await self._ask("messages.GetFullChat", raw.functions.messages.GetFullChat(chat_id=chat.chat_id))
        except TelegramRefusedError as refused:
            if refused.name != _NO_SUCH_GROUP:
                raise
            raise SourceGoneError("the bot is not in this group") from refused
        members = answer.full_chat.participants
        if not isinstance(members, _T.ChatParticipants):
            raise SourceGoneError("the bot may not see who is in this group")
        return list(members.participants)

    async def _ask(self, method: str, request: Any, idempotency: Idempotency = Idempotency.REPEATABLE) -> Any:
        return await self._calls.call(
            method,
            request,
            purpose=Purpose.READ,
            lane=ConcurrencyDomain.TELEGRAM_FETCH,
            idempotency=idempotency,
            flood_cap_s=_FLOOD_S,
            timeout_s=_TIMEOUT_S,
        )


def is_in(participant: Any) -> bool:
    """Whether the member that `channels.GetParticipant` tells of is in; who may not write is, who was banned is not."""
    if isinstance(participant, _T.ChannelParticipantBanned):
        return not (participant.left or participant.banned_rights.view_messages)
    return participant is not None and not isinstance(participant, _T.ChannelParticipantLeft)


def _input_channel(peer: Any) -> Any:
    if not isinstance(peer, _T.InputPeerChannel):
        raise SourceGoneError("neither a channel nor a group")
    return _T.InputChannel(channel_id=peer.channel_id, access_hash=peer.access_hash)


def _card(chats: Any, peer: Any) -> ChatCard:
    if isinstance(peer, _T.PeerUser):
        raise SourceGoneError("a person, no chat")
    full_id = utils.get_peer_id(peer)
    bare_id = peer.channel_id if isinstance(peer, _T.PeerChannel) else peer.chat_id
    chat = next((chat for chat in chats if chat.id == bare_id), None)
    if not isinstance(chat, _T.Channel | _T.Chat):
        raise SourceGoneError("the bot may not see this chat")
    names = getattr(chat, "usernames", None) or ()
    username = getattr(chat, "username", None) or next((name.username for name in names if name.active), None)
    return ChatCard(full_id, chat.title, username)
