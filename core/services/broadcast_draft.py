"""Showing what a broadcast would look like, before anybody else sees it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from core.domain.broadcast import Broadcast, BroadcastState
from core.errors import BadInputError
from core.telegram.broadcast_gateway import NotRepeatableError
from core.telegram.gateway import FileReferenceExpiredError, SendClass, TelegramRefusedError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.broadcast import BroadcastPlan, Snapshot
    from core.telegram.broadcast_gateway import BroadcastTelegram
    from repositories.audience import AudienceRepository
    from repositories.broadcast import BroadcastRepository


class BroadcastDrafts:
    """Takes a message as it is now, and sends it to nobody but who wants it sent."""

    def __init__(
        self,
        broadcasts: BroadcastRepository,
        audience: AudienceRepository,
        telegram: BroadcastTelegram,
        clock: Clock,
    ) -> None:
        self._broadcasts = broadcasts
        self._audience = audience
        self._telegram = telegram
        self._clock = clock

    async def draft(self, owner_id: int, language: str, message_id: int, plan: BroadcastPlan) -> Broadcast:
        """Show the owner what a message of their private chat would look like, and keep it for half an hour.

        Nothing is kept of what Telegram refuses to show.

        Args:
            owner_id: who gets the preview, and alone may confirm it.
            language: tag of the catalogue that the owner reads.
            message_id: of the message, as the bot numbers it.
            plan: to whom it would go, and when.

        Raises:
            BadInputError: the message is gone or of a kind that cannot be repeated, Telegram refuses it, or there is
                nobody to send it to.
            InfrastructureError: ask again later.
        """
        snapshot = await self._take(owner_id, message_id)
        snapshot = replace(snapshot, buttons=plan.buttons or snapshot.buttons)
        total = await self._audience.count(plan.segment)
        if not total:
            raise BadInputError("broadcast-nobody")
        draft = Broadcast(
            id=secrets.token_hex(8),
            owner_id=owner_id,
            language=language,
            segment=plan.segment,
            snapshot=snapshot,
            source_message_id=message_id,
            is_pinned=plan.is_pinned,
            state=BroadcastState.DRAFT,
            due_at=plan.due_at or self._clock.utc_now(),
            total=total,
        )
        await self._preview(draft)
        await self._broadcasts.add(draft)
        return draft

    async def _take(self, owner_id: int, message_id: int) -> Snapshot:
        try:
            snapshot = await self._telegram.snapshot_of(owner_id, message_id)
        except NotRepeatableError as error:
            raise BadInputError("broadcast-unrepeatable") from error
        if snapshot is None:
            raise BadInputError("admin-reply-gone")
        return snapshot

    async def _preview(self, draft: Broadcast) -> None:
        """Send the owner what everybody would get, so that what Telegram refuses is found before it is sent.

        Under a random_id of its own: the owner gets the broadcast later like everybody else.
        """
        random_id = secrets.randbits(63) or 1
        try:
            await self._telegram.send_snapshot(
                draft.owner_id, draft.snapshot, random_id=random_id, send_class=SendClass.ANSWER
            )
        except TelegramRefusedError as error:
            raise BadInputError("broadcast-refused", reason=error.name) from error
        except FileReferenceExpiredError as error:
            raise BadInputError("broadcast-unrepeatable") from error
