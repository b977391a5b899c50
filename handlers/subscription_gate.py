"""The gate before the routes: who has to join a chat first is stopped, and what they were doing is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import HELP_PAYLOAD
from core.errors import NotSubscribedError
from handlers.base import StartLink
from handlers.incoming import IncomingMessage, InlineQuery
from handlers.resumption import interruption_of, is_resumable

if TYPE_CHECKING:
    from core.domain.user import User
    from core.services.interruptions import Interruptions
    from core.services.rate_limiter import RateLimiter
    from core.services.subscription import SubscriptionService
    from core.telegram.gateway import TelegramGateway
    from handlers.base import Route
    from handlers.incoming import Incoming


class SubscriptionGate:
    """Implements `Gate`. Open are the work of people with a role, and routes that say so: greeting, help, payments."""

    def __init__(
        self,
        subscriptions: SubscriptionService,
        interruptions: Interruptions,
        limiter: RateLimiter,
        telegram: TelegramGateway,
    ) -> None:
        self._subscriptions = subscriptions
        self._interruptions = interruptions
        self._limiter = limiter
        self._telegram = telegram

    async def check(self, route: Route, event: Incoming, user: User) -> None:
        """Return when there is nothing to join; see `Gate.check`.

        Raises:
            NotSubscribedError: there is; it carries a token of what was interrupted.
            RateLimitedError: so, and too often.
            DatabaseUnavailableError: a group's list cannot be read.
        """
        if not is_resumable(route) or self._is_open_link(route, event):
            return
        group_id = None if isinstance(event, InlineQuery) or event.is_private else event.chat_id
        missing = await self._subscriptions.missing(user, group_id)
        if missing is None:
            return
        await self._limiter.check(user.id, route.action)
        refusal = NotSubscribedError(missing)
        if route.attention is None or not isinstance(event, IncomingMessage):
            is_told = True
        else:
            is_told = await route.attention.tells(event, refusal)
        if is_told:
            work = interruption_of(event, self._telegram.username)
            refusal.resume = await self._interruptions.keep(user.id, work, group_id)
        raise refusal

    def _is_open_link(self, route: Route, event: Incoming) -> bool:
        """Whether it is a link to the help, or one to go on with what was interrupted, which asks by itself."""
        if not isinstance(route.trigger, StartLink) or not isinstance(event, IncomingMessage):
            return False
        payload = event.text.split(maxsplit=1)[1].strip()
        return payload == HELP_PAYLOAD or self._interruptions.is_token(payload)
