"""Looking things up over a pyrogram client, for admins who wait for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw, utils

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.telegram.gateway import SourceGoneError, TelegramRefusedError
from core.telegram.incoming import new_media_from_raw
from core.telegram.lookups import BotTraits, OwnPlace, RepliedMessage
from core.telegram.raw_calls import RawCalls
from core.telegram.refusals import Purpose
from core.telegram.retry_policy import Idempotency

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyrogram import Client

    from core.telegram.telegram_api import TelegramApi

_T = raw.types
_ADMINS = (_T.ChannelParticipantAdmin, _T.ChannelParticipantCreator)
_MEMBERS = (*_ADMINS, _T.ChannelParticipant, _T.ChannelParticipantSelf)
_NO_MEMBER = frozenset({"USER_NOT_PARTICIPANT", "PARTICIPANT_ID_INVALID"})
_FLOOD_S, _TIMEOUT_S = 5.0, 10.0


class PyrogramLookups:
    """Implements `TelegramLookups` by raw functions only, every one through `TelegramApi.call_api`."""

    def __init__(self, client: Client, api: TelegramApi) -> None:
        self._calls = RawCalls(client, api)

    async def own_place(self, channel_id: int) -> OwnPlace:
        """What the bot is in a channel; see `TelegramLookups.own_place`."""
        channel = await self._calls.peer(channel_id)
        if not isinstance(channel, _T.InputPeerChannel):
            raise SourceGoneError(f"{channel_id} is no channel")
        target = _T.InputChannel(channel_id=channel.channel_id, access_hash=channel.access_hash)
        request = raw.functions.channels.GetParticipant(channel=target, participant=_T.InputPeerSelf())
        answer = await self._ask("channels.GetParticipant", request)
        chat = next((chat for chat in answer.chats if chat.id == channel.channel_id), None)
        member = answer.participant
        if not isinstance(member, _MEMBERS):
            raise SourceGoneError(f"the bot is not in {channel_id}")
        is_broadcast = bool(getattr(chat, "broadcast", False))
        rights = getattr(member, "admin_rights", None)
        may_post = not is_broadcast or bool(rights and rights.post_messages)
        return OwnPlace(isinstance(member, _ADMINS), is_broadcast, may_post)

    async def bot_traits(self) -> BotTraits:
        """What was set up for the bot; see `TelegramLookups.bot_traits`."""
        [me] = await self._ask("users.GetUsers", raw.functions.users.GetUsers(id=[_T.InputUserSelf()]))
        return BotTraits(reads_groups=bool(me.bot_chat_history), has_inline=me.bot_inline_placeholder is not None)

    async def get_replied(self, chat_id: int, message_id: int) -> RepliedMessage | None:
        """A message of a chat; see `TelegramLookups.get_replied`."""
        peer, ids = await self._calls.peer(chat_id), [_T.InputMessageID(id=message_id)]
        if isinstance(peer, _T.InputPeerChannel):
            channel = _T.InputChannel(channel_id=peer.channel_id, access_hash=peer.access_hash)
            name, request = "channels.GetMessages", raw.functions.channels.GetMessages(channel=channel, id=ids)
        else:
            name, request = "messages.GetMessages", raw.functions.messages.GetMessages(id=ids)
        answer = await self._ask(name, request)
        message = next((found for found in answer.messages if isinstance(found, _T.Message)), None)
        if message is None:
            return None
        origin = getattr(message.fwd_from, "from_id", None)
        channel_id = utils.get_peer_id(origin) if isinstance(origin, _T.PeerChannel) else None
        people = {user.id for user in answer.users if isinstance(user, _T.User) and not user.bot}
        sender = message.from_id or (None if message.out else message.peer_id)
        return RepliedMessage(
            new_media_from_raw(message, chat_id), channel_id, _person(sender, people), _person(origin, people)
        )

    async def find_person(self, username: str) -> int | None:
        """Whom a name belongs to; see `TelegramLookups.find_person`."""
        request = raw.functions.contacts.ResolveUsername(username=username)
        try:
            answer = await self._ask("contacts.ResolveUsername", request)
        except SourceGoneError:
            return None
        return _person(answer.peer, {user.id for user in answer.users if not user.bot})

    async def _ask(self, method: str, request: Any) -> Any:
        try:
            return await self._calls.call(
                method,
                request,
                purpose=Purpose.READ,
                lane=ConcurrencyDomain.TELEGRAM_FETCH,
                idempotency=Idempotency.REPEATABLE,
                flood_cap_s=_FLOOD_S,
                timeout_s=_TIMEOUT_S,
            )
        except TelegramRefusedError as refused:
            if refused.name not in _NO_MEMBER:
                raise
            raise SourceGoneError(f"{method}: {refused.name}") from refused


def _person(peer: Any, people: Collection[int]) -> int | None:
    """The id of a peer that is one of these people."""
    return peer.user_id if isinstance(peer, _T.PeerUser) and peer.user_id in people else None
