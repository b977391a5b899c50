"""Broadcasts over a pyrogram client: raw functions only, every one through `TelegramApi.call_api`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.telegram.broadcast_gateway import NotRepeatableError
from core.telegram.message_snapshot import request_from, snapshot_from_raw
from core.telegram.raw_calls import RawCalls
from core.telegram.raw_requests import sent_message_id
from core.telegram.refusals import Purpose
from core.telegram.retry_policy import Idempotency

if TYPE_CHECKING:
    from pyrogram import Client

    from core.domain.broadcast import Snapshot
    from core.telegram.gateway import SendClass
    from core.telegram.send_budget import SendBudget, SendPermit
    from core.telegram.telegram_api import TelegramApi

_FLOOD_S, _TIMEOUT_S = 30.0, 10.0


class PyrogramBroadcasts:
    """Implements `BroadcastTelegram`; needs no peer to be known.

    Args:
        client: a started bot client.
        api: the way out for that client.
        budget: gives every message its turn; None sends at once, which only a local Telegram bears.
    """

    def __init__(self, client: Client, api: TelegramApi, budget: SendBudget | None = None) -> None:
        self._calls = RawCalls(client, api)
        self._budget = budget

    async def snapshot_of(self, chat_id: int, message_id: int) -> Snapshot | None:
        """What a message of a private chat says now; see `BroadcastTelegram.snapshot_of`."""
        request = raw.functions.messages.GetMessages(id=[raw.types.InputMessageID(id=message_id)])
        answer = await self._call("messages.GetMessages", request, Purpose.READ)
        found = next(iter(answer.messages), None)
        if isinstance(found, raw.types.MessageService):
            raise NotRepeatableError("a service message")
        is_there = isinstance(found, raw.types.Message) and getattr(found.peer_id, "user_id", None) == chat_id
        return snapshot_from_raw(found) if is_there else None

    async def send_snapshot(self, chat_id: int, snapshot: Snapshot, *, random_id: int, send_class: SendClass) -> int:
        """Send it in its turn; see `BroadcastTelegram.send_snapshot`."""
        method, request = request_from(snapshot, await self._calls.peer(chat_id), random_id)
        permit = self._budget.permit(chat_id, send_class) if self._budget else None
        return sent_message_id(await self._call(method, request, Purpose.WRITE, permit))

    async def pin(self, chat_id: int, message_id: int) -> None:
        """Pin a message in a private chat; see `BroadcastTelegram.pin`."""
        request = raw.functions.messages.UpdatePinnedMessage(
            peer=await self._calls.peer(chat_id), id=message_id, silent=True
        )
        await self._call("messages.UpdatePinnedMessage", request, Purpose.EDIT)

    async def _call(self, method: str, request: Any, purpose: Purpose, permit: SendPermit | None = None) -> Any:
        """Make the call; returns None where a refusal means that there was nothing to do."""
        is_write = purpose is Purpose.WRITE
        return await self._calls.call(
            method,
            request,
            purpose=purpose,
            lane=ConcurrencyDomain.BROADCAST,
            idempotency=Idempotency.RANDOM_ID if is_write else Idempotency.REPEATABLE,
            flood_cap_s=_FLOOD_S,
            timeout_s=_TIMEOUT_S,
            permit=permit,
        )
