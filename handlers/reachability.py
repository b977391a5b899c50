"""People who block the bot, and those who take that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.audience import Unreachable
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.services.reachability import Reachability
    from handlers.chat_events import MembershipChanged


class PrivateChatMembership:
    """Takes the news that somebody blocked the bot, or took that back."""

    def __init__(self, reachability: Reachability) -> None:
        self._reachability = reachability

    async def take(self, event: MembershipChanged) -> None:
        """Remember it; may be told again and again. Changes in groups and channels are passed over.

        Raises:
            DatabaseUnavailableError: it could not be stored.
        """
        if event.chat_id != event.user_id:
            return
        if event.is_member:
            stored = await self._reachability.back(event.user_id)
        else:
            stored = await self._reachability.lost(event.user_id, Unreachable.BLOCKED)
        if not stored:
            raise DatabaseUnavailableError("who can be written to is not stored")
