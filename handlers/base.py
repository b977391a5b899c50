"""Routes, and what every handler shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.domain.permission import Permission
    from core.domain.user import User
    from core.services.rate_limiter import Action
    from core.text.catalog import Texts
    from handlers.callback_data import CallbackData
    from handlers.incoming import Incoming, IncomingMessage


@dataclass(frozen=True, slots=True)
class Reader:
    """The admitted sender of an update: the stored user and the catalogue in their language.

    For a message in the name of a chat the user is that chat, which is stored nowhere.
    """

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
class ForwardedPost:
    """Matches a channel's post, with or without text, that was forwarded into a private chat."""


@dataclass(frozen=True, slots=True)
class PostAddress:
    """Matches a private message that is the link of a post and nothing else."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Matches the private text with which somebody answers a question of the bot about this topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class GroupText:
    """Matches text in a group that is not a command."""


@dataclass(frozen=True, slots=True)
class Press:
    """Matches a press on a button that carries this kind of data."""

    data: type[CallbackData]


@dataclass(frozen=True, slots=True)
class Inline:
    """Matches an inline query, whatever its text."""


Trigger = (
    Command
    | StartLink
    | UnknownCommand
    | PrivateText
    | PrivateMedia
    | ForwardedPost
    | PostAddress
    | Answer
    | GroupText
    | Press
    | Inline
)


class Attention(Protocol):
    """What decides, before the person is looked up, whether the bot listens, and then what it says aloud."""

    async def wants(self, message: IncomingMessage) -> bool:
        """Whether the message is for the bot; False passes it over, unlogged.

        Raises:
            UserFacingError, InfrastructureError: it is for the bot, which refuses or cannot.
        """
        ...

    async def tells(self, message: IncomingMessage, error: Exception) -> bool:
        """Whether a refusal or a fault is told in the chat; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """What starts a handler, and the policy around it.

    Attributes:
        handle: called with (event, reader); the event is an IncomingMessage, a CallbackQuery for a Press, or an
            InlineQuery for Inline.
        action: the rate limit that applies.
        attention: None listens to everything and tells everything.
        serves_chats: whether it also takes messages in the name of a group (its anonymous admins) or a channel.
        permission: what its sender must be allowed to do; None for nothing. Its command is in the menu of the roles
            that have it, and in no other; it is served in private chats alone.
        anywhere: whether a route with a permission is served outside of private chats, too.
        gated: whether people have to be where readers have to be; False for greetings, help and the like.
    """

    name: str
    trigger: Trigger
    handle: Callable[[Any, Reader], Awaitable[None]]
    action: Action
    attention: Attention | None = None
    serves_chats: bool = False
    permission: Permission | None = None
    anywhere: bool = False
    gated: bool = True


class Gate(Protocol):
    """What else may stand between an admitted person and a route."""

    async def check(self, route: Route, event: Incoming, user: User) -> None:
        """Return when the route is open to the person.

        Raises:
            UserFacingError: it is not; may be told by a teller of its own (see `RefusalTellers`).
            InfrastructureError: nobody can tell.
        """
        ...


class BaseHandler:
    """A group of routes over the services it was given; parses, calls, replies."""

    def routes(self) -> Sequence[Route]:
        """Everything this handler answers to."""
        raise TypeError(f"{type(self).__name__} declares no routes")
