"""Routes, and what every handler shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.domain.user import User
    from core.services.rate_limiter import Action
    from core.text.catalog import Texts
    from handlers.callback_data import CallbackData


@dataclass(frozen=True, slots=True)
class Reader:
    """The admitted sender of an update: the stored user and the catalogue in their language."""

    user: User
    texts: Texts


@dataclass(frozen=True, slots=True)
class Command:
    """Matches `/name` and `/name@bot`, with or without arguments.

    Attributes:
        description_key: catalogue key for the command menu; None keeps the command out of it.
    """

    name: str
    description_key: str | None = None


@dataclass(frozen=True, slots=True)
class StartLink:
    """Matches `/start payload` in a private chat: somebody opened a link of the bot."""


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """Matches a command no other route takes, in private chats."""


@dataclass(frozen=True, slots=True)
class PrivateText:
    """Matches a private message whose text is not a command."""


@dataclass(frozen=True, slots=True)
class PrivateMedia:
    """Matches a private message without text."""


@dataclass(frozen=True, slots=True)
class Press:
    """Matches a press on a button that carries this kind of data."""

    data: type[CallbackData]


@dataclass(frozen=True, slots=True)
class Inline:
    """Matches an inline query, whatever its text."""


Trigger = Command | StartLink | UnknownCommand | PrivateText | PrivateMedia | Press | Inline


@dataclass(frozen=True, slots=True)
class Route:
    """What starts a handler, and the policy around it.

    Attributes:
        handle: called with (event, reader); the event is an IncomingMessage, a CallbackQuery for a Press, or an
            InlineQuery for Inline.
        action: the rate limit that applies.
    """

    name: str
    trigger: Trigger
    handle: Callable[[Any, Reader], Awaitable[None]]
    action: Action


class BaseHandler:
    """A group of routes over the services it was given; parses, calls, replies."""

    def routes(self) -> Sequence[Route]:
        """Everything this handler answers to."""
        raise TypeError(f"{type(self).__name__} declares no routes")
