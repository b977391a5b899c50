"""Invite links, and requests to be let in that wait for an admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.chats import Invite, Role

if TYPE_CHECKING:
    from core.clock import Clock
    from sandbox.world.access import Access
    from sandbox.world.accounts import Accounts
    from sandbox.world.chats import Channel, Channels
    from sandbox.world.delivery import Delivery
    from sandbox.world.membership import Membership

T = raw.types


class Joining:
    """Lets people in by links; no rights of the admin are checked here.

    A request that needs approval reaches every bot that is an admin with the right to invite, as
    updateBotChatInviteRequester, which also waits in its second log (qts) while it is away.
    """

    def __init__(
        self,
        accounts: Accounts,
        channels: Channels,
        membership: Membership,
        delivery: Delivery,
        access: Access,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._channels = channels
        self._membership = membership
        self._delivery = delivery
        self._access = access
        self._clock = clock

    def new_link(self, channel: Channel, admin_id: int, *, needs_approval: bool = False) -> Invite:
        """Make a link."""
        invite_hash = self._access.invite_hash(channel.id, admin_id, len(channel.invites))
        invite = Invite(invite_hash, admin_id, int(self._clock.unix()), needs_approval)
        self._channels.invite(channel, invite)
        return invite

    def follow(self, user_id: int, invite_hash: str) -> Channel:
        """Enter by a link.

        Raises:
            RpcFailure: INVITE_HASH_EXPIRED for an unknown link, and for whoever was banned; USER_ALREADY_PARTICIPANT;
                INVITE_REQUEST_SENT where an admin has to agree first, for each repetition again.
        """
        channel = self._channels.by_invite(invite_hash)
        if channel.is_member(user_id):
            raise RpcFailure(400, "USER_ALREADY_PARTICIPANT")
        if channel.role(user_id) is Role.KICKED:
            raise RpcFailure(400, "INVITE_HASH_EXPIRED")
        invite = channel.invites[invite_hash]
        if not invite.needs_approval:
            self._membership.join(channel, user_id)
            return channel
        if user_id not in channel.requesters:
            channel.requesters[user_id] = invite_hash
            self._tell_admins(channel, user_id, invite)
        raise RpcFailure(400, "INVITE_REQUEST_SENT")

    def decide(self, channel: Channel, user_id: int, *, approved: bool, actor_id: int) -> None:
        """Let somebody in who asked, or drop the request.

        Raises:
            RpcFailure: USER_ALREADY_PARTICIPANT, or HIDE_REQUESTER_MISSING when nobody of that id asked.
        """
        if channel.is_member(user_id):
            raise RpcFailure(400, "USER_ALREADY_PARTICIPANT")
        if channel.requesters.pop(user_id, None) is None:
            raise RpcFailure(400, "HIDE_REQUESTER_MISSING")
        if approved:
            self._membership.join(channel, user_id, actor_id=actor_id)
        self._tell_people(channel)

    def _tell_admins(self, channel: Channel, user_id: int, invite: Invite) -> None:
        self._tell_people(channel)
        for admin_id in self._inviters(channel, bots=True):
            date = int(self._clock.unix())
            update = T.UpdateBotChatInviteRequester(
                peer=T.PeerChannel(channel_id=channel.id),
                date=date,
                user_id=user_id,
                about="",
                invite=raw_invite(invite),
                qts=0,
            )
            update.qts = self._accounts[admin_id].box.append_qts(date, update)
            self._delivery.push(admin_id, update, users=(user_id, invite.admin_id), channels=(channel.id,))

    def _tell_people(self, channel: Channel) -> None:
        newest = list(channel.requesters)[::-1][:3]
        update = T.UpdatePendingJoinRequests(
            peer=T.PeerChannel(channel_id=channel.id),
            requests_pending=len(channel.requesters),
            recent_requesters=newest,
        )
        for admin_id in self._inviters(channel, bots=False):
            self._delivery.push(admin_id, update, users=newest, channels=(channel.id,))

    def _inviters(self, channel: Channel, *, bots: bool) -> list[int]:
        return [
            user_id
            for user_id in channel.active_members()
            if channel.may(user_id, "invite_users") and self._accounts[user_id].is_bot is bots
        ]


def raw_invite(invite: Invite) -> Any:
    """A raw ChatInviteExported."""
    return T.ChatInviteExported(
        link=invite.link,
        admin_id=invite.admin_id,
        date=invite.date,
        permanent=True,
        request_needed=invite.needs_approval or None,
    )
