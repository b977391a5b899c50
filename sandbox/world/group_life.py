"""What happens in basic groups: founding, members, messages, and the way up to a supergroup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.chats import Member, Role
from sandbox.world.delivery import is_addressed
from sandbox.world.posting import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.clock import Clock
    from sandbox.world.accounts import Accounts
    from sandbox.world.basic_groups import BasicGroup, BasicGroups
    from sandbox.world.chats import Channel, Channels
    from sandbox.world.delivery import Delivery
    from sandbox.world.membership import Membership
    from sandbox.world.message_box import Event
    from sandbox.world.posting import Posting
    from sandbox.world.views import Views

T = raw.types


class GroupLife:
    """Changes basic groups; no rights are checked here.

    After each change of the members, the bot concerned and every bot that is an admin get updateChatParticipant, which
    also waits in their second log (qts) while they are away; people get updateChat.
    """

    def __init__(
        self, accounts: Accounts, groups: BasicGroups, views: Views, delivery: Delivery, posting: Posting, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._groups = groups
        self._views = views
        self._delivery = delivery
        self._posting = posting
        self._clock = clock

    def found(self, title: str, creator_id: int, members: Iterable[int] = ()) -> BasicGroup:
        """Create a group with its members; everybody gets the service message about it."""
        group = self._groups.add(title, created_at=self._posting.now())
        self._change(group, creator_id, Member(Role.CREATOR, group.created_at, creator_id), creator_id)
        invited = list(members)
        for user_id in invited:
            self._change(group, user_id, self._member(Role.MEMBER, creator_id), creator_id)
        self._announce(group, creator_id, T.MessageActionChatCreate(title=title, users=[creator_id, *invited]))
        return group

    def add(self, group: BasicGroup, user_id: int, *, actor_id: int) -> None:
        """Make somebody a member; without effect for whoever is in already."""
        if not group.is_member(user_id):
            self._change(group, user_id, self._member(Role.MEMBER, actor_id), actor_id)
            self._announce(group, actor_id, T.MessageActionChatAddUser(users=[user_id]))

    def remove(self, group: BasicGroup, user_id: int, *, actor_id: int) -> None:
        """Take somebody out; the last message that they get says so. Without effect for whoever is not in."""
        if group.is_member(user_id):
            self._announce(group, actor_id, T.MessageActionChatDeleteUser(user_id=user_id))
            self._change(group, user_id, None, actor_id)

    def set_admin(self, group: BasicGroup, user_id: int, *, admin: bool, actor_id: int) -> None:
        """Make a member an admin, or an admin an ordinary member; the creator stays what they are."""
        if group.is_member(user_id) and not group.is_creator(user_id):
            self._change(group, user_id, self._member(Role.ADMIN if admin else Role.MEMBER, actor_id), actor_id)

    def send(self, sender_id: int, group: BasicGroup, draft: Draft, *, tell_sender: bool = False) -> Event:
        """Write one message, a copy for each member that it reaches; returns the sender's event."""
        answered = self._accounts[sender_id].box.get(draft.reply_to) if draft.reply_to else None
        readers = [i for i in group.members if i != sender_id and self._reaches(i, group, sender_id, draft, answered)]
        return self._posting.send_copies(sender_id, readers, -group.id, draft, tell_sender=tell_sender)

    def migrate(self, group: BasicGroup, channels: Channels, membership: Membership, *, actor_id: int) -> Channel:
        """Make a supergroup of the group, with the same title and members; the old group is dead afterwards.

        Members get a service message in either: where the group has gone, and where it came from.

        Raises:
            RpcFailure: CHAT_ID_INVALID for a group that has migrated already.
        """
        if group.migrated_to is not None:
            raise RpcFailure(400, "CHAT_ID_INVALID")
        channel = channels.add(group.title, broadcast=False, created_at=self._posting.now())
        channel.migrated_from = group.id
        for user_id, member in group.members.items():
            if member.role is Role.CREATOR:
                membership.found(channel, user_id)
            elif member.role is Role.ADMIN:
                membership.promote(channel, user_id, actor_id=actor_id)
            else:
                membership.join(channel, user_id, actor_id=actor_id)
        group.migrated_to = channel.id
        self._announce(group, actor_id, T.MessageActionChatMigrateTo(channel_id=channel.id))
        origin = T.MessageActionChannelMigrateFrom(title=group.title, chat_id=group.id)
        self._posting.send_channel(actor_id, channel, Draft(action=origin), tell_sender=True)
        return channel

    def _announce(self, group: BasicGroup, actor_id: int, action: Any) -> None:
        self._posting.send_copies(
            actor_id, [i for i in group.members if i != actor_id], -group.id, Draft(action=action), tell_sender=True
        )

    def _reaches(self, user_id: int, group: BasicGroup, sender_id: int, draft: Draft, answered: Any) -> bool:
        account = self._accounts[user_id]
        if not account.is_bot:
            return True
        if self._accounts[sender_id].is_bot:
            return False
        if account.sees_all_group_messages or group.is_admin(user_id) or draft.via_bot_id == user_id:
            return True
        replies = answered is not None and answered.body.sender_id == user_id
        return replies or is_addressed(draft.text, account.username or "")

    def _member(self, role: Role, actor_id: int) -> Member:
        return Member(role, int(self._clock.unix()), actor_id)

    def _change(self, group: BasicGroup, user_id: int, member: Member | None, actor_id: int) -> None:
        before = group.members.get(user_id)
        if member is None:
            del group.members[user_id]
        else:
            # Whoever is promoted keeps the day of joining.
            group.members[user_id] = replace(member, date=before.date) if before else member
        group.version += 1
        if not self._accounts[user_id].is_bot:
            self._delivery.push(user_id, T.UpdateChat(chat_id=group.id), groups=(group.id,))
        bots = [i for i in group.members if i != user_id and group.is_admin(i) and self._accounts[i].is_bot]
        for bot_id in [*bots, user_id] if self._accounts[user_id].is_bot else bots:
            self._tell_bot(bot_id, group, user_id, before, actor_id)

    def _tell_bot(self, bot_id: int, group: BasicGroup, user_id: int, before: Member | None, actor_id: int) -> None:
        after, date = group.members.get(user_id), int(self._clock.unix())
        update = T.UpdateChatParticipant(
            chat_id=group.id,
            date=date,
            actor_id=actor_id,
            user_id=user_id,
            prev_participant=before and self._views.group_participant(before, user_id),
            new_participant=after and self._views.group_participant(after, user_id),
            qts=0,
        )
        update.qts = self._accounts[bot_id].box.append_qts(date, update)
        named = {member.actor_id for member in (before, after) if member is not None}
        self._delivery.push(bot_id, update, users={user_id, actor_id, *named}, groups=(group.id,))
