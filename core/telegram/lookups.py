"""What the bot may ask Telegram about itself, and about messages that are answered: a port without pyrogram types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.domain.media import NewMedia


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """What the bot is in a channel or supergroup.

    Attributes:
        is_admin: whether it gets to see every post.
        is_broadcast: whether it is a channel rather than a supergroup.
        may_post: whether it may write there.
    """

    is_admin: bool
    is_broadcast: bool
    may_post: bool


@dataclass(frozen=True, slots=True)
class BotTraits:
    """What the owner set up at BotFather, as far as a bot can see it.

    Attributes:
        reads_groups: group privacy is off: every message of a group reaches the bot.
        has_inline: inline mode is on.
    """

    reads_groups: bool
    has_inline: bool


@dataclass(frozen=True, slots=True)
class RepliedMessage:
    """A message that another one answers.

    Attributes:
        file: what is attached and can be sent again by reference; None for anything else.
        channel_id: the channel that it was forwarded from, full id; None when it was not.
        sender_id: the person who sent it; None for the bot itself, a chat, or another bot's.
        origin_id: the person whom it was forwarded from; None when it was not, or when that person hides.
    """

    file: NewMedia | None
    channel_id: int | None
    sender_id: int | None = None
    origin_id: int | None = None


class TelegramLookups(Protocol):
    """The port; every method raises what `TelegramGateway`'s raise for a flood wait, an outage and a refusal."""

    async def own_place(self, channel_id: int) -> OwnPlace:
        """What the bot is in a channel or supergroup.

        Raises:
            SourceGoneError: it is not in it, or it does not exist.
        """
        ...

    async def bot_traits(self) -> BotTraits:
        """What was set up for the bot."""
        ...

    async def get_replied(self, chat_id: int, message_id: int) -> RepliedMessage | None:
        """A message of a chat that the bot may read; None when it is gone."""
        ...

    async def find_person(self, username: str) -> int | None:
        """The id of whom a name belongs to now, without the @; None when nobody has it, or no person."""
        ...
