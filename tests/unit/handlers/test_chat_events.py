"""What raw updates say of payments, members and groups that move."""

from __future__ import annotations

from typing import Any

import pytest
from pyrogram import raw

from core.observability.metrics import Metrics
from handlers.chat_events import (
    ChatEventRoutes,
    GroupMigrated,
    MembershipChanged,
    PaymentReceived,
    PreCheckout,
    read_chat_event,
)

T = raw.types
GROUP, SUPERGROUP, BOT, ANN = 55, 77, 1, 2
FULL_SUPERGROUP = -1_000_000_000_077
RIGHTS = T.ChatAdminRights()
MEMBER = T.ChannelParticipant(user_id=ANN, date=0)
ADMIN = T.ChannelParticipantAdmin(user_id=ANN, promoted_by=BOT, date=0, admin_rights=RIGHTS)


def banned(*, left: bool, sees: bool = True) -> Any:
    rights = T.ChatBannedRights(until_date=0, view_messages=not sees)
    peer = T.PeerUser(user_id=ANN)
    return T.ChannelParticipantBanned(peer=peer, kicked_by=BOT, date=0, banned_rights=rights, left=left)


def service(action: Any, peer: Any) -> Any:
    message = T.MessageService(id=9, peer_id=peer, date=0, action=action)
    return T.UpdateNewMessage(message=message, pts=1, pts_count=1)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, MEMBER, (False, True, False, False)),
        (MEMBER, ADMIN, (True, True, False, True)),
        (ADMIN, MEMBER, (True, True, True, False)),
        (MEMBER, None, (True, False, False, False)),
        (MEMBER, T.ChannelParticipantLeft(peer=T.PeerUser(user_id=ANN)), (True, False, False, False)),
        (ADMIN, banned(left=True), (True, False, True, False)),
        (banned(left=True), banned(left=False), (False, True, False, False)),
        (MEMBER, banned(left=False, sees=False), (True, False, False, False)),
    ],
)
def test_what_became_of_a_member(before: Any, after: Any, expected: tuple[bool, bool, bool, bool]) -> None:
    """Membership and rights before and after, of people and of the bot alike; who is only restricted is in."""
    update = T.UpdateChannelParticipant(
        channel_id=SUPERGROUP, date=0, actor_id=BOT, user_id=ANN, qts=3, prev_participant=before, new_participant=after
    )

    event = read_chat_event(update)

    assert isinstance(event, MembershipChanged)
    assert (event.chat_id, event.user_id, event.actor_id) == (FULL_SUPERGROUP, ANN, BOT)
    assert (event.was_member, event.is_member, event.was_admin, event.is_admin) == expected


def test_members_of_basic_groups_and_blocks() -> None:
    """A basic group is told by its negative id, a block by the person's own."""
    joined = T.UpdateChatParticipant(
        chat_id=GROUP,
        date=0,
        actor_id=ANN,
        user_id=BOT,
        qts=1,
        new_participant=T.ChatParticipant(user_id=BOT, inviter_id=ANN, date=0),
    )
    blocked = T.UpdateBotStopped(user_id=ANN, date=0, stopped=True, qts=2)

    assert read_chat_event(joined) == MembershipChanged(-GROUP, BOT, ANN, was_member=False, is_member=True)
    assert read_chat_event(blocked) == MembershipChanged(ANN, ANN, ANN, was_member=True, is_member=False)


def test_a_move_is_read_from_either_side() -> None:
    """Scenario 102: the old group and the new one tell the same."""
    gone = service(T.MessageActionChatMigrateTo(channel_id=SUPERGROUP), T.PeerChat(chat_id=GROUP))
    come = service(T.MessageActionChannelMigrateFrom(title="x", chat_id=GROUP), T.PeerChannel(channel_id=SUPERGROUP))

    assert read_chat_event(gone) == read_chat_event(come) == GroupMigrated(-GROUP, FULL_SUPERGROUP)


def test_payments() -> None:
    """Both steps of a payment carry what the invoice was issued with."""
    charge = T.PaymentCharge(id="charge", provider_charge_id="other")
    action = T.MessageActionPaymentSentMe(currency="XTR", total_amount=5, payload=b"p", charge=charge)
    asking = T.UpdateBotPrecheckoutQuery(query_id=7, user_id=ANN, payload=b"p", currency="XTR", total_amount=5)

    assert read_chat_event(service(action, T.PeerUser(user_id=ANN))) == PaymentReceived(ANN, "charge", "XTR", 5, b"p")
    assert read_chat_event(asking) == PreCheckout(ANN, 7, "XTR", 5, b"p")


@pytest.mark.parametrize(
    "update",
    [
        service(T.MessageActionPinMessage(), T.PeerUser(user_id=ANN)),
        T.UpdateDeleteMessages(messages=[1], pts=1, pts_count=1),
        T.UpdateNewMessage(
            message=T.Message(id=1, peer_id=T.PeerUser(user_id=ANN), date=0, message="hello"), pts=1, pts_count=1
        ),
    ],
)
def test_everything_else_is_no_event(update: Any) -> None:
    """Words are for the other handlers, and most updates for nobody."""
    assert read_chat_event(update) is None


async def test_an_event_goes_to_everybody_who_takes_its_kind() -> None:
    """In the order of their registration, and to nobody else; all are counted."""
    metrics, taken = Metrics(), []
    routes = ChatEventRoutes(metrics)
    move, block = GroupMigrated(-1, -2), MembershipChanged(ANN, ANN, ANN, was_member=True, is_member=False)

    async def first(event: GroupMigrated) -> None:
        taken.append((1, event))

    async def second(event: GroupMigrated) -> None:
        taken.append((2, event))

    routes.on(GroupMigrated, first)
    routes.on(GroupMigrated, second)
    await routes.handle(move)
    await routes.handle(block)

    assert taken == [(1, move), (2, move)]
    for kind, outcome in (("GroupMigrated", "taken"), ("MembershipChanged", "unhandled")):
        labels = {"kind": kind, "outcome": outcome}
        assert metrics.registry.get_sample_value("file_filter_chat_events_total", labels) == 1
