"""Channels and groups of the local Telegram, their members and rights."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.message_box import Body, Event, EventKind, EventLog, History, Message

FULL_ID_BASE = -1_000_000_000_000


class Role(Enum):
    """What somebody is in a channel or group; a person who left has no role at all."""

    MEMBER = "member"
    ADMIN = "admin"
    CREATOR = "creator"
    KICKED = "kicked"


@dataclass(slots=True)
class Member:
    """One account's place in a channel.

    Attributes:
        rights: raw ChatAdminRights of an admin or creator, else None.
        muted: a group member who may not write.
        actor_id: who added, promoted or banned the account.
    """

    role: Role
    date: int
    actor_id: int
    rights: Any = None
    muted: bool = False
    rank: str | None = None


def every_right() -> Any:
    """All rights that an owner has."""
    return raw.types.ChatAdminRights(
        change_info=True,
        post_messages=True,
        edit_messages=True,
        delete_messages=True,
        ban_users=True,
        invite_users=True,
        pin_messages=True,
        add_admins=True,
        manage_call=True,
        other=True,
    )


@dataclass(frozen=True, slots=True)
class Invite:
    """A link that lets people in, at once or after an admin has agreed."""

    hash: str
    admin_id: int
    date: int
    needs_approval: bool = False

    @property
    def link(self) -> str:
        """As people pass it on."""
        return f"https://t.me/+{self.hash}"


@dataclass(slots=True, eq=False)
class Channel:
    """A broadcast channel or a (super)group.

    Attributes:
        id: the bare positive id; `full_id` is the one bots see.
        broadcast: True for a channel where only admins post, False for a group.
        read: highest id read, by account.
        invites: invite links by hash.
        requesters: accounts that asked to be let in, with the hash of the link they followed, in order.
        protected: nobody may forward or save what stands in it.
        gone: deleted by its creator or banned by Telegram; nobody gets in any more.
        migrated_from: id of the basic group that it was; None for one that began as it is.
    """

    id: int
    title: str
    broadcast: bool
    created_at: int
    username: str | None = None
    about: str = ""
    members: dict[int, Member] = field(default_factory=dict)
    history: History = field(default_factory=History)
    log: EventLog = field(default_factory=EventLog)
    read: dict[int, int] = field(default_factory=dict)
    invites: dict[str, Invite] = field(default_factory=dict)
    requesters: dict[int, str] = field(default_factory=dict)
    protected: bool = False
    gone: bool = False
    migrated_from: int | None = None
    next_id: int = 1

    @property
    def full_id(self) -> int:
        """The id with -100 in front, as the Bot API and pyrogram write it."""
        return FULL_ID_BASE - self.id

    def role(self, user_id: int) -> Role | None:
        """The account's role; None when it never joined or left."""
        member = self.members.get(user_id)
        return member.role if member else None

    def is_member(self, user_id: int) -> bool:
        """Whether the account is in and not kicked."""
        return self.role(user_id) not in {None, Role.KICKED}

    def is_admin(self, user_id: int) -> bool:
        """Whether the account is an admin or the creator."""
        return self.role(user_id) in {Role.ADMIN, Role.CREATOR}

    def may(self, user_id: int, right: str) -> bool:
        """Whether an admin has a right, named as in ChatAdminRights; the creator has all."""
        member = self.members.get(user_id)
        if member is None or not self.is_admin(user_id):
            return False
        return member.role is Role.CREATOR or bool(getattr(member.rights, right))

    def active_members(self) -> list[int]:
        """Ids of everybody who is in, in order of joining."""
        return [user_id for user_id, member in self.members.items() if member.role is not Role.KICKED]

    def add_message(self, body: Body, reply_to: int | None = None) -> Event:
        """Store a new message under the next id."""
        message = Message(self.next_id, 0, self.id, body, reply_to)
        self.next_id += 1
        self.history.add(message)
        return self.log.append(EventKind.NEW, message)


class Channels:
    """Channels and groups by bare id, and by invite hash."""

    def __init__(self, log_size: int) -> None:
        self._log_size = log_size
        self._by_id: dict[int, Channel] = {}
        self._by_invite: dict[str, int] = {}
        self._ids = itertools.count(2_000_000_001)

    def add(
        self,
        title: str,
        *,
        broadcast: bool,
        created_at: int,
        channel_id: int | None = None,
        log_size: int | None = None,
    ) -> Channel:
        """Create an empty channel or group; without an id it gets the next free one, without a size the common log.

        Raises:
            ValueError: the id is taken.
        """
        bare = next(self._ids) if channel_id is None else bare_id(channel_id)
        if bare in self._by_id:
            raise ValueError(f"channel {bare} exists")
        channel = Channel(bare, title, broadcast, created_at, log=EventLog(log_size or self._log_size))
        self._by_id[bare] = channel
        return channel

    def get(self, channel_id: int) -> Channel | None:
        """By bare or full id; None when unknown."""
        return self._by_id.get(bare_id(channel_id))

    def __getitem__(self, channel_id: int) -> Channel:
        return self._by_id[bare_id(channel_id)]

    def invite(self, channel: Channel, invite: Invite) -> None:
        """Let the bearer of a link into a channel."""
        channel.invites[invite.hash] = invite
        self._by_invite[invite.hash] = channel.id

    def by_invite(self, invite_hash: str) -> Channel:
        """The channel behind an invite link.

        Raises:
            RpcFailure: INVITE_HASH_EXPIRED when the link is unknown, or its channel is gone.
        """
        channel_id = self._by_invite.get(invite_hash)
        if channel_id is None or self._by_id[channel_id].gone:
            raise RpcFailure(400, "INVITE_HASH_EXPIRED")
        return self._by_id[channel_id]


def bare_id(channel_id: int) -> int:
    """The positive id of a channel, from the bare id or from the full one with -100 in front."""
    return channel_id if channel_id > 0 else FULL_ID_BASE - channel_id
