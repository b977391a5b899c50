"""Joining, leaving, promoting, banning and blocking, with the updates that follow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.world.chats import Channel, Member, Role, every_right

if TYPE_CHECKING:
    from core.clock import Clock
    from sandbox.world.accounts import Accounts
    from sandbox.world.delivery import Delivery
    from sandbox.world.views import Views

T = raw.types


class Membership:
    """Changes who is in a channel; no rights are checked here.

    After each change the person concerned gets updateChannel; the bot concerned and every bot that is an admin get
    updateChannelParticipant, which also waits in their second log (qts) while they are away.
    """

    def __init__(self, accounts: Accounts, views: Views, delivery: Delivery, clock: Clock) -> None:
        self._accounts = accounts
        self._views = views
        self._delivery = delivery
        self._clock = clock

    def join(self, channel: Channel, user_id: int, *, actor_id: int | None = None) -> None:
        """Make somebody a member; without effect for whoever is in already."""
        if not channel.is_member(user_id):
            self._change(channel, user_id, self._member(Role.MEMBER, actor_id or user_id), actor_id or user_id)

    def leave(self, channel: Channel, user_id: int, *, actor_id: int | None = None) -> None:
        """Take somebody out without a ban; also lifts a ban."""
        if user_id in channel.members:
            self._change(channel, user_id, None, actor_id or user_id)

    def promote(
        self,
        channel: Channel,
        user_id: int,
        *,
        rights: Any = None,
        actor_id: int | None = None,
        rank: str | None = None,
    ) -> None:
        """Make somebody an admin with these raw ChatAdminRights, None for all but naming other admins."""
        granted = rights if rights is not None else every_right_but_admins()
        member = self._member(Role.ADMIN, actor_id or user_id)
        self._change(channel, user_id, replace(member, rights=granted, rank=rank or None), actor_id or user_id)

    def demote(self, channel: Channel, user_id: int, *, actor_id: int | None = None) -> None:
        """Make an admin an ordinary member."""
        self._change(channel, user_id, self._member(Role.MEMBER, actor_id or user_id), actor_id or user_id)

    def found(self, channel: Channel, user_id: int) -> None:
        """Make somebody the creator."""
        member = replace(self._member(Role.CREATOR, user_id), rights=every_right())
        self._change(channel, user_id, member, user_id)

    def kick(self, channel: Channel, user_id: int, *, actor_id: int | None = None) -> None:
        """Ban somebody: out, and not able to come back."""
        self._change(channel, user_id, self._member(Role.KICKED, actor_id or user_id), actor_id or user_id)

    def mute(self, channel: Channel, user_id: int, *, actor_id: int | None = None) -> None:
        """Let a group member read only."""
        member = replace(self._member(Role.MEMBER, actor_id or user_id), muted=True)
        self._change(channel, user_id, member, actor_id or user_id)

    def dismiss(self, channel: Channel, user_id: int, *, actor_id: int | None = None) -> None:
        """Take an admin's rights: people and bots of groups stay as members, a bot of a channel is out."""
        if channel.broadcast and self._accounts[user_id].is_bot:
            self.leave(channel, user_id, actor_id=actor_id)
        else:
            self.demote(channel, user_id, actor_id=actor_id)

    def close(self, channel: Channel) -> None:
        """Delete a channel or group for everybody, as its creator or Telegram can; it cannot be read any more."""
        channel.gone = True
        for user_id in channel.active_members():
            self._accounts[user_id].channels.discard(channel.id)
        self.tell_changed(channel)

    def tell_changed(self, channel: Channel) -> None:
        """Show every member the channel as it is now: its title, its username, whether it is still there."""
        for user_id in channel.active_members():
            self._delivery.push(user_id, T.UpdateChannel(channel_id=channel.id), channels=(channel.id,))

    def block(self, user_id: int, other_id: int) -> None:
        """Let an account block another; a bot is told that it was stopped."""
        blocked = self._accounts[user_id].blocked
        if other_id not in blocked:
            blocked.add(other_id)
            self._tell_blocked(user_id, other_id, stopped=True)

    def unblock(self, user_id: int, other_id: int) -> None:
        """Undo `block`."""
        blocked = self._accounts[user_id].blocked
        if other_id in blocked:
            blocked.remove(other_id)
            self._tell_blocked(user_id, other_id, stopped=False)

    def _tell_blocked(self, user_id: int, bot_id: int, *, stopped: bool) -> None:
        bot = self._accounts[bot_id]
        if bot.is_bot:
            date = int(self._clock.unix())
            update = T.UpdateBotStopped(user_id=user_id, date=date, stopped=stopped, qts=0)
            update.qts = bot.box.append_qts(date, update)
            self._delivery.push(bot_id, update, users=(user_id,))

    def _member(self, role: Role, actor_id: int) -> Member:
        return Member(role, int(self._clock.unix()), actor_id)

    def _change(self, channel: Channel, user_id: int, member: Member | None, actor_id: int) -> None:
        before = channel.members.get(user_id)
        account = self._accounts[user_id]
        if member is None:
            del channel.members[user_id]
        else:
            channel.members[user_id] = member
        if channel.is_member(user_id):
            account.channels.add(channel.id)
            channel.read.setdefault(user_id, channel.history.top_id)
        else:
            account.channels.discard(channel.id)
        if not account.is_bot:
            self._delivery.push(user_id, T.UpdateChannel(channel_id=channel.id), channels=(channel.id,))
        for bot_id in self._bots_to_tell(channel, user_id):
            self._tell_bot(bot_id, channel, user_id, before, member, actor_id)

    def _bots_to_tell(self, channel: Channel, user_id: int) -> list[int]:
        bots = [i for i in channel.members if i != user_id and channel.is_admin(i) and self._accounts[i].is_bot]
        return [*bots, user_id] if self._accounts[user_id].is_bot else bots

    def _tell_bot(
        self, bot_id: int, channel: Channel, user_id: int, before: Member | None, after: Member | None, actor_id: int
    ) -> None:
        date = int(self._clock.unix())
        update = T.UpdateChannelParticipant(
            channel_id=channel.id,
            date=date,
            actor_id=actor_id,
            user_id=user_id,
            prev_participant=before and self._views.participant_of(before, user_id, bot_id),
            new_participant=after and self._views.participant_of(after, user_id, bot_id),
            qts=0,
        )
        update.qts = self._accounts[bot_id].box.append_qts(date, update)
        named = {member.actor_id for member in (before, after) if member is not None}
        self._delivery.push(bot_id, update, users={user_id, actor_id, *named}, channels=(channel.id,))


def every_right_but_admins() -> Any:
    """The rights a client ticks by default for a new admin."""
    rights = every_right()
    rights.add_admins = None
    return rights
