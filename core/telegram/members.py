"""What the bot may ask Telegram about who is in a chat, and how people get in: a port without pyrogram types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ChatCard:
    """A channel or group, basic groups included, as people see it; `id` is full."""

    id: int
    title: str
    username: str | None


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the bot may do in a chat.

    Attributes:
        is_admin: whether it is told who is in, comes and goes.
        may_invite: whether it may make links, and is told who asks to be let in.
        is_broadcast: a channel, where nobody but admins may ask who is in; in groups members mostly may.
    """

    is_admin: bool
    may_invite: bool
    is_broadcast: bool = False


class TelegramMembers(Protocol):
    """The port; every method raises what `TelegramGateway`'s raise for a flood wait, an outage and a refusal.

    Every method raises `SourceGoneError` where the chat does not exist, or the bot may not look.
    """

    async def is_member(self, chat_id: int, user_id: int) -> bool:
        """Whether a person is in a chat, as Telegram says now; one who may only read there is."""
        ...

    async def chat_card(self, chat: int | str) -> ChatCard:
        """Look a chat up by full id, or a channel or supergroup by its name without @."""
        ...

    async def own_rights(self, chat_id: int) -> OwnRights:
        """What the bot may do in a chat that it is in."""
        ...

    async def new_link(self, chat_id: int, *, needs_approval: bool = False) -> str:
        """Make a lasting link that lets people in, at once or when an admin has agreed."""
        ...
