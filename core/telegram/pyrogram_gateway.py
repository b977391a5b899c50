"""The gateway over a pyrogram client: raw functions only, every one through `TelegramApi.call_api`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.domain.auto_delete import MESSAGES_PER_CALL
from core.telegram.channel_answers import channel_changes_from_raw, channel_info_from_raw, posts_from_raw
from core.telegram.gateway import (
    ChannelChanges,
    ChannelInfo,
    InlineArticle,
    InlineFile,
    InlineHint,
    Keyboard,
    SendClass,
    SentMedia,
    SourceGoneError,
    TelegramRefusedError,
)
from core.telegram.group_rights import is_admin, is_basic_admin
from core.telegram.inline_results import inline_answer
from core.telegram.raw_calls import RawCalls
from core.telegram.raw_requests import (
    MAX_CAPTION_LENGTH,
    MAX_TEXT_LENGTH,
    formatted,
    inline_keyboard,
    input_media,
    new_random_id,
    sent_media,
    sent_message_id,
)
from core.telegram.refusals import Purpose
from core.telegram.retry_policy import Idempotency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrogram import Client

    from core.domain.media import NewMedia
    from core.telegram.send_budget import SendBudget, SendPermit
    from core.telegram.telegram_api import TelegramApi

_MAX_POSTS_PER_CALL = 200
_DIFFERENCE = "updates.GetChannelDifference"
_DIFFERENCE_PAGE = 200  # some 15 ms of reading; a page of a thousand holds the event loop up
_MAX_CALLBACK_TEXT = 200
_NOTHING_TO_ANSWER = frozenset({"REPLY_MESSAGE_ID_INVALID", "MSG_ID_INVALID"})
_NO_MEMBER = frozenset({"USER_NOT_PARTICIPANT", "USER_ID_INVALID", "PARTICIPANT_ID_INVALID"})


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How patient each kind of call is.

    Attributes:
        timeout_s: how long one attempt waits for its answer.
        answer_flood_s: most seconds an answer, an edit or a look-up on a person's behalf waits when Telegram asks.
        media_flood_s: the same for a file, and for messages that nobody has just asked for.
        fetch_flood_s: the same for background reading of channels.
    """

    timeout_s: float = 10.0
    answer_flood_s: float = 5.0
    media_flood_s: float = 30.0
    fetch_flood_s: float = 60.0


class PyrogramGateway:
    """Implements `TelegramGateway`; needs no peer to be known, so it works right after a restart.

    Args:
        client: a started bot client.
        api: the way out for that client.
        limits: timeouts and flood wait caps.
        budget: gives every message its turn; None sends at once, which only a local Telegram bears.
    """

    def __init__(
        self,
        client: Client,
        api: TelegramApi,
        limits: CallLimits | None = None,
        budget: SendBudget | None = None,
    ) -> None:
        self._client = client
        self._calls = RawCalls(client, api)
        self._limits = limits or CallLimits()
        self._budget = budget

    @property
    def username(self) -> str:
        """The bot's own; see `TelegramGateway.username`."""
        me = self._client.me
        return (me.username or "") if me else ""

    async def is_group_admin(self, chat_id: int, user_id: int) -> bool:
        """Whether a person administers a group; see `TelegramGateway.is_group_admin`."""
        group = await self._calls.peer(chat_id)
        if isinstance(group, raw.types.InputPeerChat):
            full = raw.functions.messages.GetFullChat(chat_id=group.chat_id)
            return is_basic_admin(await self._ask("messages.GetFullChat", full), user_id)
        request = raw.functions.channels.GetParticipant(
            channel=await self._channel(chat_id), participant=await self._calls.peer(user_id)
        )
        try:
            return is_admin(await self._ask("channels.GetParticipant", request))
        except TelegramRefusedError as refused:
            if refused.name not in _NO_MEMBER:
                raise
            return False

    async def send_text(
        self,
        chat_id: int,
        html: str,
        keyboard: Keyboard | None = None,
        *,
        reply_to: int | None = None,
        send_class: SendClass = SendClass.ANSWER,
        random_id: int | None = None,
    ) -> int:
        """Send a message; see `TelegramGateway.send_text`."""
        text, entities = formatted(html, MAX_TEXT_LENGTH)
        request = raw.functions.messages.SendMessage(
            peer=await self._calls.peer(chat_id),
            message=text,
            random_id=random_id or new_random_id(),
            no_webpage=True,
            reply_to=raw.types.InputReplyToMessage(reply_to_msg_id=reply_to) if reply_to else None,
            reply_markup=inline_keyboard(keyboard),
            entities=entities,
        )
        try:
            answer = await self._write("messages.SendMessage", request, chat_id, send_class)
        except TelegramRefusedError as refused:
            if reply_to is None or refused.name not in _NOTHING_TO_ANSWER:
                raise
            return await self.send_text(chat_id, html, keyboard, send_class=send_class)
        return sent_message_id(answer)

    async def edit_text(self, chat_id: int, message_id: int, html: str, keyboard: Keyboard | None = None) -> None:
        """Replace a message's text and keyboard; see `TelegramGateway.edit_text`."""
        text, entities = formatted(html, MAX_TEXT_LENGTH)
        if not message_id:
            return
        request = raw.functions.messages.EditMessage(
            peer=await self._calls.peer(chat_id),
            id=message_id,
            no_webpage=True,
            message=text,
            reply_markup=inline_keyboard(keyboard),
            entities=entities,
        )
        await self._change("messages.EditMessage", request, Purpose.EDIT)

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """Delete messages for everybody; see `TelegramGateway.delete_messages`."""
        if len(message_ids) > MESSAGES_PER_CALL:
            raise ValueError(f"{len(message_ids)} messages to delete, Telegram takes {MESSAGES_PER_CALL}")
        peer, ids = await self._calls.peer(chat_id), list(message_ids)
        if isinstance(peer, raw.types.InputPeerChannel):
            channel = raw.types.InputChannel(channel_id=peer.channel_id, access_hash=peer.access_hash)
            request = raw.functions.channels.DeleteMessages(channel=channel, id=ids)
            await self._change("channels.DeleteMessages", request, Purpose.DELETE)
        else:  # ids outside of channels are numbered for the whole account
            request = raw.functions.messages.DeleteMessages(id=ids, revoke=True)
            await self._change("messages.DeleteMessages", request, Purpose.DELETE)

    async def send_media(self, chat_id: int, file_id: str, caption_html: str, *, protect: bool = False) -> SentMedia:
        """Send a stored file by reference; see `TelegramGateway.send_media`."""
        text, entities = formatted(caption_html, MAX_CAPTION_LENGTH)
        request = raw.functions.messages.SendMedia(
            peer=await self._calls.peer(chat_id),
            media=input_media(file_id),
            message=text,
            random_id=new_random_id(),
            noforwards=protect or None,
            entities=entities,
        )
        answer = await self._write("messages.SendMedia", request, chat_id, SendClass.DELIVERY)
        return sent_media(answer, file_id)

    async def answer_callback(
        self, query_id: str, text: str | None = None, *, alert: bool = False, url: str | None = None
    ) -> None:
        """Answer a button press; see `TelegramGateway.answer_callback`."""
        if text is not None and len(text) > _MAX_CALLBACK_TEXT:
            raise ValueError(f"the answer has {len(text)} characters, Telegram takes {_MAX_CALLBACK_TEXT}")
        request = raw.functions.messages.SetBotCallbackAnswer(
            query_id=int(query_id), cache_time=0, alert=alert or None, message=text or None, url=url
        )
        await self._change("messages.SetBotCallbackAnswer", request, Purpose.CALLBACK)

    async def answer_inline(
        self,
        query_id: str,
        results: Sequence[InlineFile | InlineArticle],
        *,
        cache_s: int,
        personal: bool = True,
        next_offset: str = "",
        hint: InlineHint | None = None,
    ) -> None:
        """Answer an inline query; see `TelegramGateway.answer_inline`."""
        request = inline_answer(
            query_id, results, cache_s=cache_s, personal=personal, next_offset=next_offset, hint=hint
        )
        await self._change("messages.SetInlineBotResults", request, Purpose.INLINE)

    async def fetch_posts(self, channel_id: int, message_ids: Sequence[int]) -> list[NewMedia]:
        """Read the files of up to 200 posts by id; see `TelegramGateway.fetch_posts`.

        Raises:
            SourceGoneError: the bot may not see the channel.
        """
        if len(message_ids) > _MAX_POSTS_PER_CALL:
            raise ValueError(f"{len(message_ids)} posts asked for, Telegram gives {_MAX_POSTS_PER_CALL}")
        if not message_ids:
            return []
        request = raw.functions.channels.GetMessages(
            channel=await self._channel(channel_id),
            id=[raw.types.InputMessageID(id=message_id) for message_id in message_ids],
        )
        return posts_from_raw(await self._read("channels.GetMessages", request), channel_id)

    async def get_channel(self, channel: int | str) -> ChannelInfo:
        """Look a channel up; see `TelegramGateway.get_channel`."""
        target = await (self._resolve_username(channel) if isinstance(channel, str) else self._channel(channel))
        answer = await self._read("channels.GetFullChannel", raw.functions.channels.GetFullChannel(channel=target))
        return channel_info_from_raw(answer)

    async def channel_changes(self, channel_id: int, pts: int) -> ChannelChanges:
        """One page of what happened since `pts`; see `TelegramGateway.channel_changes`.

        A `pts` that Telegram does not accept counts as too long ago.
        """
        answer = await self._difference(channel_id, max(1, pts))
        if answer is None:
            return await self._too_long_ago(channel_id)
        return channel_changes_from_raw(answer, channel_id)

    async def set_commands(self, commands: Sequence[tuple[str, str]], *, person_id: int | None = None) -> None:
        """Publish the command menu; see `TelegramGateway.set_commands`."""
        scope = raw.types.BotCommandScopeDefault()
        if person_id is not None:
            scope = raw.types.BotCommandScopePeer(peer=await self._calls.peer(person_id))
            if not commands:
                await self._read(
                    "bots.ResetBotCommands", raw.functions.bots.ResetBotCommands(scope=scope, lang_code="")
                )
                return
        request = raw.functions.bots.SetBotCommands(
            scope=scope,
            lang_code="",
            commands=[raw.types.BotCommand(command=name, description=text) for name, text in commands],
        )
        await self._read("bots.SetBotCommands", request)

    async def _too_long_ago(self, channel_id: int) -> ChannelChanges:
        """What a counter that Telegram does not accept amounts to: every id up to the newest has to be walked."""
        pts, top, final = 1, 0, False
        while not final:
            answer = await self._difference(channel_id, pts)
            if answer is None:
                raise TelegramRefusedError(_DIFFERENCE, "PERSISTENT_TIMESTAMP_INVALID")
            page = channel_changes_from_raw(answer, channel_id)
            pts, top, final = page.pts, max(top, page.top_message_id), page.final
        return ChannelChanges(pts, final=True, too_long=True, top_message_id=top)

    async def _difference(self, channel_id: int, pts: int) -> Any:
        """Telegram's answer; None when it does not accept the counter."""
        request = raw.functions.updates.GetChannelDifference(
            channel=await self._channel(channel_id),
            filter=raw.types.ChannelMessagesFilterEmpty(),
            pts=pts,
            limit=_DIFFERENCE_PAGE,
        )
        return await self._read(_DIFFERENCE, request, Purpose.DIFFERENCE)

    async def _resolve_username(self, name: str) -> Any:
        username = name.strip().removeprefix("https://t.me/").removeprefix("@")
        request = raw.functions.contacts.ResolveUsername(username=username)
        answer = await self._read("contacts.ResolveUsername", request)
        if not isinstance(answer.peer, raw.types.PeerChannel):
            raise SourceGoneError(f"{name} is no channel")
        found = next((chat for chat in answer.chats if chat.id == answer.peer.channel_id), None)
        return raw.types.InputChannel(
            channel_id=answer.peer.channel_id, access_hash=getattr(found, "access_hash", None) or 0
        )

    async def _channel(self, channel_id: int) -> Any:
        peer = await self._calls.peer(channel_id)
        if not isinstance(peer, raw.types.InputPeerChannel):
            raise SourceGoneError(f"{channel_id} is no channel")
        return raw.types.InputChannel(channel_id=peer.channel_id, access_hash=peer.access_hash)

    async def _write(self, method: str, request: Any, chat_id: int, send_class: SendClass) -> Any:
        """Create a message, in its turn."""
        limits = self._limits
        return await self._call(
            method,
            request,
            purpose=Purpose.WRITE,
            lane=ConcurrencyDomain.TELEGRAM_SEND,
            idempotency=Idempotency.RANDOM_ID,
            flood_cap_s=limits.answer_flood_s if send_class is SendClass.ANSWER else limits.media_flood_s,
            permit=self._budget.permit(chat_id, send_class) if self._budget else None,
        )

    async def _change(self, method: str, request: Any, purpose: Purpose) -> None:
        """Do what may be repeated on a person's behalf."""
        await self._call(
            method,
            request,
            purpose=purpose,
            lane=ConcurrencyDomain.TELEGRAM_SEND,
            idempotency=Idempotency.REPEATABLE,
            flood_cap_s=self._limits.answer_flood_s,
        )

    async def _ask(self, method: str, request: Any) -> Any:
        """Look something up while a person waits for the answer."""
        return await self._call(
            method,
            request,
            purpose=Purpose.READ,
            lane=ConcurrencyDomain.TELEGRAM_FETCH,
            idempotency=Idempotency.REPEATABLE,
            flood_cap_s=self._limits.answer_flood_s,
        )

    async def _read(self, method: str, request: Any, purpose: Purpose = Purpose.READ) -> Any:
        return await self._call(
            method,
            request,
            purpose=purpose,
            lane=ConcurrencyDomain.TELEGRAM_FETCH,
            idempotency=Idempotency.REPEATABLE,
            flood_cap_s=self._limits.fetch_flood_s,
        )

    async def _call(
        self,
        method: str,
        request: Any,
        *,
        purpose: Purpose,
        lane: ConcurrencyDomain,
        idempotency: Idempotency,
        flood_cap_s: float,
        permit: SendPermit | None = None,
    ) -> Any:
        """Make the call; returns None where a refusal means that there was nothing to do."""
        return await self._calls.call(
            method,
            request,
            purpose=purpose,
            lane=lane,
            idempotency=idempotency,
            flood_cap_s=flood_cap_s,
            timeout_s=self._limits.timeout_s,
            permit=permit,
        )
