"""Raw requests of a client: whom they are for, and what their refusals mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyrogram import errors

from core.telegram.raw_requests import peer_without_hash
from core.telegram.refusals import refusal
from core.telegram.telegram_api import error_name

if TYPE_CHECKING:
    from pyrogram import Client

    from core.concurrency.semaphore_manager import ConcurrencyDomain
    from core.telegram.refusals import Purpose
    from core.telegram.retry_policy import Idempotency
    from core.telegram.send_budget import SendPermit
    from core.telegram.telegram_api import TelegramApi


@dataclass(frozen=True, slots=True)
class RawCalls:
    """What every port over a pyrogram client is made of.

    Attributes:
        client: a started bot client.
        api: the way out for that client.
    """

    client: Client
    api: TelegramApi

    async def peer(self, chat_id: int) -> Any:
        """The input peer of a person or chat, also of one that the client has not met since it was started."""
        try:
            return await self.client.storage.get_peer_by_id(chat_id)
        except KeyError:
            return peer_without_hash(chat_id)

    async def call(
        self,
        method: str,
        request: Any,
        *,
        purpose: Purpose,
        lane: ConcurrencyDomain,
        idempotency: Idempotency,
        flood_cap_s: float,
        timeout_s: float,
        permit: SendPermit | None = None,
    ) -> Any:
        """Make one call by `TelegramApi.call_api`, which explains what is handed on to it.

        A repetition sends the same `request`; `purpose` decides what a refusal means, see `core.telegram.refusals`.

        Returns:
            Telegram's answer; None where a refusal means that there was nothing to do.

        Raises:
            FileReferenceExpiredError, RecipientUnreachableError, SourceGoneError, TelegramRefusedError: it is refused.
            InfrastructureError: see `TelegramApi.call_api`.
        """
        try:
            return await self.api.call_api(
                method,
                lambda: request,
                lane=lane,
                idempotency=idempotency,
                flood_cap_s=flood_cap_s,
                timeout_s=timeout_s,
                permit=permit,
            )
        except errors.RPCError as error:
            translated = refusal(method, error_name(error), abs(error.CODE or 0), purpose)
            if translated is None:
                return None
            raise translated from error
