"""Updates that a refusal stopped: kept in a form that can be gone on with, and handled as if they came now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.interruption import InterruptedMessage, InterruptedPress
from core.errors import BadInputError, ExpiredError, NotSubscribedError
from core.search.filter_values import split_kind
from core.search.group_talk import without_mention
from core.telegram.gateway import SourceGoneError, TelegramRefusedError
from handlers.buttons import FetchFile, SendAll, SendNarrowed
from handlers.incoming import CallbackQuery, ForwardOrigin, IncomingMessage, InlineQuery

if TYPE_CHECKING:
    from core.domain.interruption import Interruption
    from core.services.interruptions import Interruptions, KeptInterruption
    from core.services.rate_limiter import RateLimiter
    from core.services.subscription import SubscriptionService
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from handlers.base import Reader, Route
    from handlers.incoming import Incoming, Sender
    from handlers.intake import FindRoute

_DELIVERIES = (FetchFile, SendAll, SendNarrowed)
_NO_QUERY = "0"  # an answer to it goes nowhere


class Resumption:
    """Goes on with what a person was doing, once they are subscribed; given is what was carried out to its end."""

    def __init__(
        self,
        interruptions: Interruptions,
        subscriptions: SubscriptionService,
        limiter: RateLimiter,
        telegram: TelegramGateway,
        lookups: TelegramLookups,
    ) -> None:
        self._interruptions = interruptions
        self._subscriptions = subscriptions
        self._limiter = limiter
        self._telegram = telegram
        self._lookups = lookups
        self._find_route: FindRoute = _no_route

    def find_routes_by(self, find_route: FindRoute) -> None:
        """Learn who knows the routes; before that, nothing can be gone on with."""
        self._find_route = find_route

    def is_token(self, payload: str) -> bool:
        """Whether what a link carries is something to go on with."""
        return self._interruptions.is_token(payload)

    async def resume(self, token: str, event: IncomingMessage | CallbackQuery, reader: Reader) -> None:
        """Go on with what `token` stands for, for the person whom it was kept for.

        Raises:
            NotSubscribedError: something is still to be joined; nothing was lost.
            ExpiredError: they went on with it already, or it is too old.
            NotYoursError: another person's.
            FileFilterError: whatever the work itself raises; it can be gone on with again.
        """
        user = reader.user
        kept = await self._interruptions.find(token, user.id)
        if kept.given:
            raise ExpiredError("subscription-resume-given")
        missing = await self._subscriptions.missing(user, kept.group_id, fresh=True)
        if missing is not None:
            raise NotSubscribedError(missing, token)
        await self._carry_out(kept, event, reader)
        await self._interruptions.settle(token, user.id, kept)

    async def _carry_out(self, kept: KeptInterruption, event: IncomingMessage | CallbackQuery, reader: Reader) -> None:
        again = revived(await self._where_it_is_seen(kept.work, event.sender), event)
        route = self._find_route(again)
        if route is None or not is_resumable(route):
            raise BadInputError("error-bad-button")
        await self._limiter.check(reader.user.id, route.action)
        try:
            await route.handle(again, reader)
        finally:
            if isinstance(event, CallbackQuery) and isinstance(again, CallbackQuery):
                event.answered = again.answered
        if isinstance(again, CallbackQuery) and not again.is_private:
            await self._telegram.send_text(reader.user.id, reader.texts.html("subscription-resumed-in-group"))

    async def _where_it_is_seen(self, work: Interruption, sender: Sender) -> Interruption:
        """A press that changes a message which is gone by now is made without one, in the private chat."""
        if not isinstance(work, InterruptedPress) or _is_delivery(work) or not work.message_id:
            return work
        try:
            found = await self._lookups.get_replied(work.chat_id, work.message_id)
        except (SourceGoneError, TelegramRefusedError):
            found = None
        return work if found is not None else InterruptedPress(sender.id, 0, work.data)


def is_resumable(route: Route) -> bool:
    """Whether a route may be stopped by the gate, and so be gone on with; one with a permission never is."""
    return route.gated and route.permission is None


def interruption_of(event: Incoming, bot_username: str) -> Interruption:
    """What is to be kept of an update; words in a group or inline become a search in the private chat."""
    if isinstance(event, CallbackQuery):
        return InterruptedPress(event.chat_id, event.message_id, event.data)
    if isinstance(event, InlineQuery):
        words, kind = split_kind(event.text)
        of_kind = f"{words.strip()} type:{kind.name.lower()}" if kind and words.strip() else words.strip()
        return InterruptedMessage(0, of_kind or "/help")
    if not event.is_private:
        return InterruptedMessage(0, without_mention(event.text, bot_username) or "/help")
    origin = event.forward
    forward = None if origin is None else (origin.channel_id, origin.message_id, origin.album or 0)
    return InterruptedMessage(event.message_id, event.text, event.has_media, event.reply_to, forward)


def revived(work: Interruption, event: IncomingMessage | CallbackQuery) -> Incoming:
    """The interrupted update as if its person had made it now, in the private chat.

    A page of a group is turned where it stands; what is sent goes to the private chat.
    """
    sender = event.sender
    if isinstance(work, InterruptedMessage):
        return _revived_message(work, sender, event)
    query_id = event.id if isinstance(event, CallbackQuery) else _NO_QUERY
    if work.chat_id != sender.id and _is_delivery(work):
        return CallbackQuery(sender, query_id, sender.id, 0, work.data)
    return CallbackQuery(sender, query_id, work.chat_id, work.message_id, work.data)


def _is_delivery(press: InterruptedPress) -> bool:
    return any(kind.matches(press.data) for kind in _DELIVERIES)


def _revived_message(
    work: InterruptedMessage, sender: Sender, event: IncomingMessage | CallbackQuery
) -> IncomingMessage:
    origin = None if work.forward is None else ForwardOrigin(work.forward[0], work.forward[1], work.forward[2] or None)
    return IncomingMessage(
        sender,
        sender.id,
        work.message_id or event.message_id,
        work.text,
        is_private=True,
        has_media=work.has_media,
        reply_to=work.reply_to,
        is_forwarded=origin is not None,
        forward=origin,
    )


def _no_route(_event: Incoming) -> None:
    return None
