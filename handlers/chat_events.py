"""What happens to chats and accounts without anybody writing: payments, members that change, groups that move.

None of it may be lost: it is handed over at least once, also when it happened while the bot was down, so that whoever
takes it has to bear being told twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog
from pyrogram import raw, utils

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.observability.metrics import Metrics

_T = raw.types


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """Somebody, maybe the bot itself, was added to a chat, left it, or got other rights there.

    Attributes:
        chat_id: full id; the person's own id where they blocked the bot, or took that back.
        actor_id: who did it.
    """

    chat_id: int
    user_id: int
    actor_id: int
    was_member: bool
    is_member: bool
    was_admin: bool = False
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class JoinRequested:
    """Somebody asked to be let into a chat; told where the bot may let people in.

    Attributes:
        chat_id: full id.
        date: unix seconds.
    """

    chat_id: int
    user_id: int
    date: int


@dataclass(frozen=True, slots=True)
class GroupMigrated:
    """A basic group became a supergroup; both ids are full. Told twice, once in each of the two."""

    chat_id: int
    new_id: int


@dataclass(frozen=True, slots=True)
class PaymentReceived:
    """Somebody paid; told by their private chat.

    Attributes:
        charge_id: Telegram's, unique to the payment.
        amount: in the smallest unit of the currency.
        payload: what the invoice was issued with.
    """

    chat_id: int
    charge_id: str
    currency: str
    amount: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class PreCheckout:
    """Somebody is about to pay, which the bot has ten seconds to agree to; fields as in `PaymentReceived`."""

    chat_id: int
    query_id: int
    currency: str
    amount: int
    payload: bytes


ChatEvent = MembershipChanged | JoinRequested | GroupMigrated | PaymentReceived | PreCheckout
_Event = TypeVar("_Event", bound=ChatEvent)


class ChatEventRoutes:
    """Knows who takes which kind of event."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._takers: dict[type, list[Callable[[Any], Awaitable[None]]]] = {}
        self._log = structlog.get_logger(__name__)

    def on(self, kind: type[_Event], take: Callable[[_Event], Awaitable[None]]) -> None:
        """Hand every event of a kind to `take`, after those that were registered before it.

        It may be handed over again, in this process or the next one, and is so after a failure.
        """
        self._takers.setdefault(kind, []).append(take)

    async def handle(self, event: ChatEvent) -> None:
        """Hand an event over; whatever a taker raises ends it."""
        takers = self._takers.get(type(event), ())
        kind = type(event).__name__
        for take in takers:
            await take(event)
        self._metrics.chat_events.labels(kind, "taken" if takers else "unhandled").inc()
        if not takers:
            self._log.info("chat_event_unhandled", kind=kind, chat_id=event.chat_id)


def read_chat_event(update: Any) -> ChatEvent | None:
    """Reduce one raw update; None for everything else."""
    if isinstance(update, _T.UpdateNewMessage | _T.UpdateNewChannelMessage):
        return _read_service_message(update.message)
    read = _READERS.get(type(update))
    return None if read is None else read(update)


def _read_service_message(message: Any) -> ChatEvent | None:
    if not isinstance(message, _T.MessageService):
        return None
    action, chat_id = message.action, utils.get_peer_id(message.peer_id)
    if isinstance(action, _T.MessageActionPaymentSentMe):
        return PaymentReceived(chat_id, action.charge.id, action.currency, action.total_amount, action.payload)
    if isinstance(action, _T.MessageActionChatMigrateTo):
        return GroupMigrated(chat_id, utils.get_channel_id(action.channel_id))
    if isinstance(action, _T.MessageActionChannelMigrateFrom):
        return GroupMigrated(-action.chat_id, chat_id)
    return None


def _read_pre_checkout(update: Any) -> PreCheckout:
    return PreCheckout(update.user_id, update.query_id, update.currency, update.total_amount, update.payload)


def _read_join_request(update: Any) -> JoinRequested:
    return JoinRequested(utils.get_peer_id(update.peer), update.user_id, update.date)


def _read_blocked(update: Any) -> MembershipChanged:
    who = update.user_id
    return MembershipChanged(who, who, who, was_member=update.stopped, is_member=not update.stopped)


def _read_participant(update: Any) -> MembershipChanged:
    is_basic = isinstance(update, _T.UpdateChatParticipant)
    before, after = update.prev_participant, update.new_participant
    return MembershipChanged(
        -update.chat_id if is_basic else cast("int", utils.get_channel_id(update.channel_id)),
        update.user_id,
        update.actor_id,
        was_member=_is_member(before),
        is_member=_is_member(after),
        was_admin=isinstance(before, _ADMINS),
        is_admin=isinstance(after, _ADMINS),
    )


def _is_member(place: Any) -> bool:
    if isinstance(place, _T.ChannelParticipantBanned):
        return not (place.left or place.banned_rights.view_messages)
    return place is not None and not isinstance(place, _T.ChannelParticipantLeft)


_ADMINS = (
    _T.ChannelParticipantAdmin,
    _T.ChannelParticipantCreator,
    _T.ChatParticipantAdmin,
    _T.ChatParticipantCreator,
)
_READERS: dict[type, Callable[[Any], ChatEvent]] = {
    _T.UpdateBotPrecheckoutQuery: _read_pre_checkout,
    _T.UpdateBotStopped: _read_blocked,
    _T.UpdateBotChatInviteRequester: _read_join_request,
    _T.UpdateChatParticipant: _read_participant,
    _T.UpdateChannelParticipant: _read_participant,
}
