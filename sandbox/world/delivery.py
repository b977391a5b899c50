"""Who is told what: pushes to connected clients, and calls to observers inside the process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.world.validation import mentioned_names

if TYPE_CHECKING:
    from core.clock import Clock
    from sandbox.world.accounts import Accounts
    from sandbox.world.chats import Channel
    from sandbox.world.message_box import Event, EventKind, Message
    from sandbox.world.views import Views


class UpdateSink(Protocol):
    """Where updates go: the data centre, or nothing in a pure test."""

    def push(self, user_id: int, updates: Any) -> int:
        """Send raw Updates to every client of an account; returns how many sessions took it."""
        ...


@dataclass(frozen=True, slots=True)
class Happening:
    """What an observer of an account is told.

    Attributes:
        message: the account's copy; None for deletions.
        ids: the deleted ids.
        channel_id: bare id of the channel or group; 0 in a private chat.
    """

    kind: EventKind
    message: Message | None
    ids: tuple[int, ...]
    channel_id: int


Observer = Callable[[Happening], None]


class Delivery:
    """Hands events to everybody they concern."""

    def __init__(self, accounts: Accounts, views: Views, clock: Clock) -> None:
        self._accounts = accounts
        self._views = views
        self._clock = clock
        self._sink: UpdateSink | None = None
        self._observers: dict[int, list[Observer]] = defaultdict(list)
        self.push_channel_deletions_to_bots = False

    def attach(self, sink: UpdateSink | None) -> None:
        """Push to this sink from now on; None stops pushing."""
        self._sink = sink

    def observe(self, user_id: int, observer: Observer) -> Callable[[], None]:
        """Call `observer` with everything that happens to the account's messages, at once and in order.

        That is what the account receives, and what its own clients do, which is pushed to no client. Returns the way to
        stop it.
        """
        self._observers[user_id].append(observer)

        def stop() -> None:
            self._observers[user_id].remove(observer)

        return stop

    def private(self, user_id: int, event: Event) -> None:
        """Tell one account of an event in its own box."""
        messages = () if event.message is None else (event.message,)
        if self._sink is not None:
            self.push(user_id, self._views.update(event, None, user_id), messages)
        self._notify(user_id, event, 0)

    def own(self, user_id: int, event: Event) -> None:
        """Tell the observers of an account, and nobody else, what a client of it has done in its own box."""
        self._notify(user_id, event, 0)

    def channel(
        self, channel: Channel, event: Event, *, but: int | None = None, push_deletion_to_bots: bool | None = None
    ) -> None:
        """Tell every member of a channel; nothing is pushed to the account that gets the event as its own answer.

        `push_deletion_to_bots` overrides `push_channel_deletions_to_bots` for this event.
        """
        deletions = self.push_channel_deletions_to_bots if push_deletion_to_bots is None else push_deletion_to_bots
        for user_id in channel.active_members():
            if not self._concerns(user_id, channel, event, deletions=deletions):
                continue
            if self._sink is not None and user_id != but:
                messages = () if event.message is None else (event.message,)
                update = self._views.update(event, channel, user_id)
                self.push(user_id, update, messages, channels=(channel.id,))
            self._notify(user_id, event, channel.id)

    def push(
        self,
        user_id: int,
        update: Any,
        messages: Iterable[Message] = (),
        *,
        users: Iterable[int] = (),
        channels: Iterable[int] = (),
        groups: Iterable[int] = (),
    ) -> int:
        """Send one raw update with its users and chats; 0 when nobody listens."""
        if self._sink is None:
            return 0
        date = int(self._clock.unix())
        updates = self._views.updates(
            [update], user_id, date=date, messages=messages, users=users, channels=channels, groups=groups
        )
        return self._sink.push(user_id, updates)

    def _notify(self, user_id: int, event: Event, channel_id: int) -> None:
        observers = self._observers.get(user_id)
        if observers:
            happening = Happening(event.kind, event.message, event.ids, channel_id)
            for observer in tuple(observers):
                observer(happening)

    def _concerns(self, user_id: int, channel: Channel, event: Event, *, deletions: bool) -> bool:
        account = self._accounts[user_id]
        if not account.is_bot:
            return True
        if event.message is None:
            return deletions
        if channel.broadcast:
            return True
        return group_message_reaches_bot(self._accounts, channel, event.message, user_id)


def group_message_reaches_bot(accounts: Accounts, channel: Channel, message: Message, bot_id: int) -> bool:
    """Whether a bot in a group gets a message: never another bot's; in privacy mode only what is meant for it."""
    bot, body = accounts[bot_id], message.body
    if body.sender_id != bot_id and accounts[body.sender_id].is_bot:
        return False
    if bot.sees_all_group_messages or channel.is_admin(bot_id) or body.via_bot_id == bot_id:
        return True
    answered = channel.history.get(message.reply_to or 0)
    return is_addressed(body.text, bot.username or "") or (answered is not None and answered.body.sender_id == bot_id)


def is_addressed(text: str, username: str) -> bool:
    """Whether a text mentions the bot, or is a command that does not name another one."""
    if text.startswith("/"):
        named = text.split(maxsplit=1)[0].partition("@")[2].lower()
        return named in {"", username.lower()}
    return username.lower() in mentioned_names(text)
