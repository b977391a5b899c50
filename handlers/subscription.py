"""Going on after a refusal, and what Telegram tells of the chats that people have to be in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.errors import NotPermittedError, NotSubscribedError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Press, Reader, Route
from handlers.buttons import TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.services.memberships import Memberships
    from core.services.subscription_admin import SubscriptionAdminService
    from core.services.subscription_watch import SubscriptionWatch
    from handlers.chat_events import GroupMigrated, JoinRequested, MembershipChanged
    from handlers.incoming import CallbackQuery
    from handlers.resumption import Resumption


class SubscriptionHandler(BaseHandler):
    """The button under the message that asks to join."""

    def __init__(self, resumption: Resumption) -> None:
        self._resumption = resumption

    def routes(self) -> Sequence[Route]:
        """The button."""
        return (Route("try_again", Press(TryAgain), self.handle_again_callback, Action.CALLBACK, gated=False),)

    async def handle_again_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Go on with what was interrupted, or say in an alert what is still missing."""
        try:
            await self._resumption.resume(TryAgain.unpack(query.data).token, query, reader)
        except NotSubscribedError as refusal:
            missing = refusal.missing
            key = "subscription-unchecked-still" if missing.unchecked else "subscription-needed-still"
            raise NotPermittedError(key, chats=missing.titles) from refusal


class SubscriptionEvents:
    """Takes who came, went, asked to be let in, and where the bot got other rights.

    Args:
        own_id: the bot's; asked when there is news.
    """

    def __init__(
        self,
        memberships: Memberships,
        lists: SubscriptionAdminService,
        watch: SubscriptionWatch,
        own_id: Callable[[], int],
    ) -> None:
        self._memberships = memberships
        self._lists = lists
        self._watch = watch
        self._own_id = own_id

    async def take_member(self, event: MembershipChanged) -> None:
        """Somebody came into a chat or left it; may be told again and again.

        Raises:
            DatabaseUnavailableError: not everything about it is known to be stored.
        """
        if event.chat_id == event.user_id:
            return  # a private chat with the bot
        if event.user_id == self._own_id():
            self._memberships.rights_changed(event.chat_id)
            if await self._lists.is_required(event.chat_id):
                await self._watch.look_at(event.chat_id)
            return
        await self._memberships.changed(event.chat_id, event.user_id, is_member=event.is_member)

    async def take_request(self, event: JoinRequested) -> None:
        """Somebody asked to be let into a chat; may be told again and again.

        Raises:
            DatabaseUnavailableError: it is not known whether it is stored.
        """
        asked_at = datetime.fromtimestamp(event.date, UTC)
        await self._memberships.requested(event.chat_id, event.user_id, asked_at)

    async def take_move(self, event: GroupMigrated) -> None:
        """A group of a list has another id now; may be told again and again.

        Raises:
            DatabaseUnavailableError: not every list is known to have it.
        """
        await self._lists.move(event.chat_id, event.new_id)
