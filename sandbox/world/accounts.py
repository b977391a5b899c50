"""People and bots of the local Telegram."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.message_box import MessageBox

TEST_PHONE = re.compile(r"99966[1-3]\d{4}")
USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,30}[A-Za-z0-9]")


@dataclass(slots=True, eq=False)
class Account:
    """One person or bot.

    Attributes:
        box: every private message of the account, with its event log.
        channels: ids of channels and groups where the account is a member.
        blocked: ids of accounts that this one has blocked.
        started: for a bot, the people it may write to; people are added when they write to it.
        met: for a bot, users and channels it has seen; it may name them with access hash 0.
        commands: a bot's command lists by (scope, language); language "" is the default list.
        inline_placeholder: for a bot, what people see before they type an inline query; None: no inline mode.
        inline_feedback: a bot is told which inline result was sent; off unless its owner asks for it.
        hides_in_forwards: forwards of the person's messages show the name alone.
        sees_all_group_messages: False is Telegram's privacy mode: only commands, mentions and replies reach the bot.
    """

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    phone: str | None = None
    token: str | None = None
    language: str = "en"
    deactivated: bool = False
    sees_all_group_messages: bool = True
    inline_placeholder: str | None = None
    inline_feedback: bool = False
    hides_in_forwards: bool = False
    box: MessageBox = field(default_factory=MessageBox)
    channels: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    started: set[int] = field(default_factory=set)
    met: set[int] = field(default_factory=set)
    commands: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    @property
    def is_bot(self) -> bool:
        """Whether the account logs in with a token instead of a phone."""
        return self.token is not None


class Accounts:
    """Accounts by id, phone, token; usernames are in `Usernames`, shared with channels."""

    def __init__(self, log_size: int) -> None:
        self._log_size = log_size
        self._by_id: dict[int, Account] = {}
        self._by_phone: dict[str, int] = {}
        self._by_token: dict[str, int] = {}
        self._ids = itertools.count(5_100_000_001)

    def add(self, account: Account) -> Account:
        """Register a new account with an empty box.

        Raises:
            ValueError: the id, the phone or the token is taken.
        """
        if account.id in self._by_id or account.phone in self._by_phone or account.token in self._by_token:
            raise ValueError(f"account {account.id} clashes with one that exists")
        account.box = MessageBox(self._log_size)
        self._by_id[account.id] = account
        if account.phone is not None:
            self._by_phone[account.phone] = account.id
        if account.token is not None:
            self._by_token[account.token] = account.id
        return account

    def new_id(self) -> int:
        """An id no account has; above 32 bits, as ids of new Telegram accounts are."""
        return next(candidate for candidate in self._ids if candidate not in self._by_id)

    def get(self, user_id: int) -> Account | None:
        """The account, or None when nobody has this id."""
        return self._by_id.get(user_id)

    def __getitem__(self, user_id: int) -> Account:
        return self._by_id[user_id]

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def by_phone(self, phone: str) -> Account | None:
        """The person with this phone, digits only."""
        user_id = self._by_phone.get(phone)
        return None if user_id is None else self._by_id[user_id]

    def by_token(self, token: str) -> Account | None:
        """The bot with this token."""
        user_id = self._by_token.get(token)
        return None if user_id is None else self._by_id[user_id]


class Usernames:
    """The one namespace of usernames; case does not matter."""

    def __init__(self) -> None:
        self._owners: dict[str, tuple[str, int]] = {}

    def claim(self, username: str, kind: str, owner_id: int) -> None:
        """Give a free name to an owner; kind is "user" or "channel".

        Raises:
            RpcFailure: USERNAME_INVALID or USERNAME_OCCUPIED.
        """
        if not USERNAME.fullmatch(username):
            raise RpcFailure(400, "USERNAME_INVALID")
        if self._owners.setdefault(username.lower(), (kind, owner_id)) != (kind, owner_id):
            raise RpcFailure(400, "USERNAME_OCCUPIED")

    def release(self, username: str | None) -> None:
        """Free a name; None and unknown names are fine."""
        if username:
            self._owners.pop(username.lower(), None)

    def owner(self, username: str) -> tuple[str, int] | None:
        """("user" or "channel", id) of the owner, or None when the name is free."""
        return self._owners.get(username.lower())


def phone_digits(phone: str) -> str:
    """A phone as it is stored: digits only."""
    return re.sub(r"\D", "", phone)
