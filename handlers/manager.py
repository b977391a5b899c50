"""From raw updates to routes: one entry, registered once before the client starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram.handlers import RawUpdateHandler

from core.domain.permission import PERMISSIONS, Role
from core.domain.post_link import parse_post_link
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.base import (
    Answer,
    BaseHandler,
    Command,
    ForwardedPost,
    GroupText,
    Inline,
    PostAddress,
    Press,
    PrivateMedia,
    PrivateText,
    Reader,
    Route,
    StartLink,
    UnknownCommand,
)
from handlers.incoming import CallbackQuery, Incoming, IncomingMessage, InlineQuery

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from core.concurrency.task_registry import TaskRegistry
    from core.text.catalog import Texts
    from core.wiring_updates import Receiving
    from handlers.command_menu import CommandMenu
    from handlers.intake import FindRoute, UpdateIntake
    from handlers.late_presses import LatePresses


class HandlerManager:
    """Finds the route of each update, and is what the client and the process know of the handlers.

    Args:
        build_intake: takes the updates; given what finds the route of one.
        stop_patience_s: how long the end of the process waits for what is being handled.
        admits: whether this process may handle an update that has just arrived; returns at once, except where nobody
            knows for a moment.
    """

    def __init__(
        self,
        handlers: Sequence[BaseHandler],
        build_intake: Callable[[FindRoute], UpdateIntake],
        receiving: Receiving,
        late_presses: LatePresses,
        command_menu: CommandMenu,
        tasks: TaskRegistry,
        *,
        stop_patience_s: float,
        admits: Callable[[], Awaitable[bool]],
    ) -> None:
        self._intake = build_intake(self.find_route)
        self._missed = receiving.missed
        self._late_presses = late_presses
        self._command_menu = command_menu
        self._tasks = tasks
        self._stop_patience_s = stop_patience_s
        self._admits = admits
        self._bot_username = ""
        self.commands: dict[str, Route] = {}
        self.presses: dict[str, Route] = {}
        self.answers: dict[str, Route] = {}
        self._fallbacks: dict[type, Route] = {}
        self._unknown_press = Route("unknown_button", UnknownCommand(), _refuse_press, Action.CALLBACK, gated=False)
        for handler in handlers:
            for route in handler.routes():
                self._add(route)

    def register(self, client: Any) -> None:
        """Hang the single entry into the client; call before the client starts.

        The dispatcher's parsers are emptied: every update is read from its raw form (see `handlers.incoming`).
        """
        client.dispatcher.update_parsers.clear()
        client.add_handler(RawUpdateHandler(self._on_raw_update))
        self._missed.listen()

    def introduce(self, username: str) -> None:
        """Learn the bot's own username after the login, ask for what was missed, and publish the commands.

        A command addressed to another bot (`/help@other_bot`) is not ours.
        """
        self._bot_username = username.lower()
        take, begin = self._intake.take_missed, self._intake.begin
        self._tasks.supervise(lambda: self._missed.run(take, begin), name="missed_updates")
        self._tasks.supervise(self._late_presses.run, name="late_presses")
        self.create_background_task(self._command_menu.publish(self.menu), name="command_menu")

    def show_menu(self, person_id: int, role: Role) -> None:
        """Show somebody whose role has changed the commands of the new one; returns at once."""
        self.create_background_task(self._command_menu.show(self.menu, person_id, role), name="command_menu")

    def menu(self, texts: Texts, role: Role = Role.READER) -> list[tuple[str, str]]:
        """(command, description) of every command of a role that has a description.

        Those for everybody come first, then those that need a permission, both in the order of the routes.
        """
        allowed = PERMISSIONS[role]
        everybody = [route for route in self.commands.values() if route.permission is None]
        further = [route for route in self.commands.values() if route.permission in allowed]
        triggers = (route.trigger for route in (*everybody, *further))
        return [
            (trigger.name, texts.plain(trigger.description_key))
            for trigger in triggers
            if isinstance(trigger, Command) and trigger.description_key is not None
        ]

    def create_background_task(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run work outside the update that started it, in the process's task registry."""
        return self._tasks.spawn(work, name=name)

    async def cleanup(self) -> None:
        """Refuse new updates, and wait a while for what is being handled."""
        await self._intake.close(self._stop_patience_s)

    def find_route(self, event: Incoming) -> Route | None:
        """The route for an update; None when the bot stays silent on purpose."""
        route = self._find_route(event)
        if route is None or route.serves_chats or route.permission or not event.sender.is_chat:
            return route
        return None

    def _find_route(self, event: Incoming) -> Route | None:
        if isinstance(event, CallbackQuery):
            prefix, _, _ = event.data.partition(b":")
            return self.presses.get(prefix.decode("ascii", "replace"), self._unknown_press)
        if isinstance(event, InlineQuery):
            return self._fallbacks[Inline]
        if event.text.startswith("/") and not _is_forwarded_post(event):
            is_talk = event.is_forwarded and not event.is_private  # what somebody else wrote is no command of an admin
            return None if is_talk else self._find_command(event)
        if not event.is_private:
            return self._fallbacks.get(GroupText) if event.text.strip() else None
        return self._fallbacks[_private_kind(event)]

    def _find_command(self, message: IncomingMessage) -> Route | None:
        head, *arguments = message.text.split(maxsplit=1)
        name, _, addressee = head[1:].partition("@")
        if addressee and addressee.lower() != self._bot_username:
            return None
        if arguments and message.is_private and name.lower() == "start":
            return self._fallbacks[StartLink]
        route = self.commands.get(name.lower(), self._fallbacks[UnknownCommand] if message.is_private else None)
        if route is not None and route.permission and not (message.is_private or addressee):
            return None  # in a group it may be meant for any bot
        return route

    def _add(self, route: Route) -> None:
        match route.trigger:
            case Command(name):
                self._add_once(self.commands, name, route)
            case Press(data):
                self._add_once(self.presses, data.prefix, route)
            case Answer(topic):
                self._add_once(self.answers, topic, route)
            case trigger:
                self._add_once(self._fallbacks, type(trigger), route)

    @staticmethod
    def _add_once(routes: dict[Any, Route], key: object, route: Route) -> None:
        if key in routes:
            raise ValueError(f"{routes[key].name} and {route.name} answer to the same thing: {key}")
        routes[key] = route

    async def _on_raw_update(self, _client: Any, update: Any, users: dict[int, Any], _chats: dict[int, Any]) -> None:
        if await self._admits():
            self._intake.take(
                update, users
            )  # never waits, so that pyrogram's own queue, which has no bound, stays empty


def _is_forwarded_post(message: IncomingMessage) -> bool:
    return message.is_private and message.forward is not None


def _private_kind(message: IncomingMessage) -> type:
    """The trigger of a private message that is no command."""
    if _is_forwarded_post(message):
        return ForwardedPost
    if parse_post_link(message.text) is not None:
        return PostAddress
    return PrivateText if message.text.strip() or not message.has_media else PrivateMedia


async def _refuse_press(_query: CallbackQuery, _reader: Reader) -> None:
    raise BadInputError("error-bad-button")
