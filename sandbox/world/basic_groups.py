"""Basic groups: up to 200 people, no log of their own; every member keeps its own copy of every message."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.chats import Role

if TYPE_CHECKING:
    from sandbox.world.chats import Member


@dataclass(slots=True, eq=False)
class BasicGroup:
    """A basic group.

    Attributes:
        id: positive; `full_id` is the one bots see.
        members: never kicked ones: whoever is taken out of a basic group is simply gone.
        version: counts the changes of its members.
        migrated_to: bare id of the supergroup that it became; nobody writes here from then on.
    """

    id: int
    title: str
    created_at: int
    members: dict[int, Member] = field(default_factory=dict)
    version: int = 1
    migrated_to: int | None = None

    @property
    def full_id(self) -> int:
        """The negative id, as the Bot API and pyrogram write it."""
        return -self.id

    def is_member(self, user_id: int) -> bool:
        """Whether the account is in."""
        return user_id in self.members

    def is_admin(self, user_id: int) -> bool:
        """Whether the account is an admin or the creator."""
        member = self.members.get(user_id)
        return member is not None and member.role in {Role.ADMIN, Role.CREATOR}

    def is_creator(self, user_id: int) -> bool:
        """Whether the account founded the group."""
        member = self.members.get(user_id)
        return member is not None and member.role is Role.CREATOR


class BasicGroups:
    """Basic groups by id."""

    def __init__(self) -> None:
        self._by_id: dict[int, BasicGroup] = {}
        self._ids = itertools.count(800_000_001)

    def add(self, title: str, *, created_at: int) -> BasicGroup:
        """Create an empty group."""
        group = BasicGroup(next(self._ids), title, created_at)
        self._by_id[group.id] = group
        return group

    def get(self, group_id: int) -> BasicGroup | None:
        """By positive or full id; None when unknown."""
        return self._by_id.get(abs(group_id))

    def __getitem__(self, group_id: int) -> BasicGroup:
        return self._by_id[abs(group_id)]

    def known(self, group_id: int) -> BasicGroup:
        """By positive or full id.

        Raises:
            RpcFailure: PEER_ID_INVALID when there is no such group.
        """
        group = self.get(group_id)
        if group is None:
            raise RpcFailure(400, "PEER_ID_INVALID")
        return group
