"""Whose message is sent next, and when: one bot's rate, each chat's, classes with ageing. Pure; time is handed in.

Every waiting send has a rank, the moment it came plus the head start of the earlier classes; the lowest rank goes
first. So an answer overtakes a broadcast, yet nothing overtakes a send that has waited longer than its head start:
once that is over, only what was there before it goes first. A chat takes part with one send at a time, and the next
one counts as come when that has gone and the chat may be written to again: a chat with a long queue is one of many.

A broadcast fills every turn there is, for minutes. It leaves one that the others may use at any time, so that somebody
who asks meanwhile does not even wait for the turn after the one that has just been given.

What Telegram allows is counted when a message arrives there, which is some time between its turn and its answer. So a
send counts from its turn until a window after its answer (see `send_meters`); only the even pace counts turns alone.

Source: ranks are earliest deadline first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.telegram.gateway import RetryLaterError, SendClass
from core.telegram.keyed_heap import KeyedHeap
from core.telegram.send_meters import Bucket, Window

if TYPE_CHECKING:
    from collections.abc import Mapping

_SWEEP_FROM = 256


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """What one class of sends has to put up with.

    Attributes:
        head_start_s: how much later than this an answer may come and still go first.
        patience_s: the longest wait for a turn; a send that cannot get one in time is refused.
        most_waiting: how many may wait at once.
        leaves: how many of the turns that may be used at once it leaves to others; less than `bot_burst`.
    """

    head_start_s: float
    patience_s: float
    most_waiting: int
    leaves: int = 0


CLASS_LIMITS: Mapping[SendClass, ClassLimits] = MappingProxyType(
    {
        SendClass.ANSWER: ClassLimits(head_start_s=0.0, patience_s=30.0, most_waiting=2_000),
        SendClass.DELIVERY: ClassLimits(head_start_s=2.0, patience_s=120.0, most_waiting=2_000),
        SendClass.NOTICE: ClassLimits(head_start_s=10.0, patience_s=300.0, most_waiting=500),
        SendClass.BULK: ClassLimits(head_start_s=30.0, patience_s=300.0, most_waiting=200, leaves=1),
    }
)


@dataclass(frozen=True, slots=True)
class SendLimits:
    """What Telegram lets a bot send; the defaults are its published figures, with a little room.

    Attributes:
        bot_rate: messages a second to all chats together, in the long run and evenly.
        bot_burst: how many may go at once after a pause, or to catch up when turns were given late.
        bot_sends: how many may arrive in any window of `bot_window_s`, which is the limit itself: Telegram's second,
            and a hundredth for clocks that differ.
        chat_interval_s: seconds between two messages to a chat in the long run.
        chat_burst: how many may go to a chat at once after a pause.
        group_sends: how many messages a group or channel takes in any window of `group_window_s`.
        longest_way_s: a send counts as answered after so long, if nobody says so; longer than an attempt
            takes, with its wait for a place in its lane.
        classes: one entry for every class.
    """

    bot_rate: float = 27.9
    bot_burst: int = 4
    bot_sends: int = 30
    bot_window_s: float = 1.01
    chat_interval_s: float = 1.05
    chat_burst: int = 5
    group_sends: int = 20
    group_window_s: float = 61.0
    longest_way_s: float = 60.0
    classes: Mapping[SendClass, ClassLimits] = field(default_factory=lambda: CLASS_LIMITS)


@dataclass(slots=True, eq=False)
class Ticket:
    """One send that waits for its turn, is under way, or is over.

    Attributes:
        since: when it came.
        deadline: when its patience ends.
        rank: see the module.
        granted_at: when its turn came; None while it waits.
    """

    chat: Chat
    send_class: SendClass
    since: float
    deadline: float
    rank: float
    granted_at: float | None = None


class Chat:
    """What one chat was sent lately and what waits for it."""

    __slots__ = ("_bucket", "_window", "held_until", "id", "sent_at", "waiting")

    def __init__(self, chat_id: int, limits: SendLimits) -> None:
        self.id = chat_id
        self.waiting: KeyedHeap[Ticket] = KeyedHeap()
        self.held_until = self.sent_at = -math.inf
        self._bucket = Bucket(limits.chat_interval_s, limits.chat_burst)
        self._window = Window(limits.group_sends, limits.group_window_s) if chat_id < 0 else None

    @property
    def free_at(self) -> float:
        """When the next message may go; infinity while that depends on an answer."""
        window_free_at = -math.inf if self._window is None else self._window.free_at()
        return max(self._bucket.free_at(), self.held_until, window_free_at)

    def free_after(self, now: float) -> float:
        """When the next message may go if all that are under way are answered now."""
        window_free_at = -math.inf if self._window is None else self._window.free_after(now)
        return max(self._bucket.free_after(now), self.held_until, window_free_at)

    def begin(self, now: float) -> None:
        """Note a message that goes now."""
        self.sent_at = now
        self._bucket.begin()
        if self._window is not None:
            self._window.begin()

    def end(self, now: float) -> None:
        """Note that one of those that went is answered."""
        self._bucket.end(now)
        if self._window is not None:
            self._window.end(now)

    def is_idle(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        if len(self.waiting) or self._bucket.under_way:
            return False
        empty_at = -math.inf if self._window is None else self._window.empty_at
        return max(self._bucket.full_at, self.held_until, empty_at) <= now


class SendSchedule:
    """Orders the sends of one bot. All times are seconds of one monotonic clock, never going back from call to call."""

    def __init__(self, limits: SendLimits) -> None:
        self._limits = limits
        self._bot = Bucket(1 / limits.bot_rate, limits.bot_burst)
        self._bot_window = Window(limits.bot_sends, limits.bot_window_s)
        self._under_way: dict[Ticket, None] = {}  # in the order of their turns
        self._chats: dict[int, Chat] = {}
        self._ready: KeyedHeap[Chat] = KeyedHeap()
        self._blocked: KeyedHeap[Chat] = KeyedHeap()
        self._deadlines: KeyedHeap[Ticket] = KeyedHeap()
        self._waiting = dict.fromkeys(SendClass, 0)
        self._sweep_at = _SWEEP_FROM

    @property
    def waiting(self) -> Mapping[SendClass, int]:
        """How many sends of each class wait."""
        return self._waiting

    @property
    def chats(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    @property
    def under_way(self) -> int:
        """How many sends have had their turn and are not over."""
        return len(self._under_way)

    def held(self, now: float) -> int:
        """How many chats Telegram has put off."""
        return sum(chat.held_until > now for chat in self._chats.values())

    def add(self, chat_id: int, send_class: SendClass, now: float) -> Ticket:
        """Let a send wait for its turn, which may come in the same moment.

        Raises:
            RetryLaterError: too many of its class wait, or its turn cannot come before its patience ends.
        """
        limits = self._limits.classes[send_class]
        if self._waiting[send_class] >= limits.most_waiting:
            raise RetryLaterError(_whole(self._waiting[send_class] / self._limits.bot_rate))
        chat = self._chat(chat_id, now)
        rank = now + limits.head_start_s
        before = sum(other.rank <= rank for other in chat.waiting)
        turn_at = chat.free_after(now) + self._limits.chat_interval_s * before
        if turn_at > now + limits.patience_s:
            raise RetryLaterError(_whole(turn_at - now))
        ticket = Ticket(chat, send_class, now, now + limits.patience_s, rank)
        chat.waiting.put(ticket, rank)
        self._deadlines.put(ticket, ticket.deadline)
        self._waiting[send_class] += 1
        self._place(chat, now)
        return ticket

    def withdraw(self, ticket: Ticket, now: float) -> None:
        """Give up the place of a send; without effect when it no longer waits."""
        if ticket not in ticket.chat.waiting:
            return
        self._remove(ticket)
        self._place(ticket.chat, now)

    def settled(self, ticket: Ticket, now: float) -> None:
        """Let a send that had its turn be over, whatever became of it; without effect when it waits, or is over."""
        if ticket not in self._under_way:
            return
        del self._under_way[ticket]
        self._bot_window.end(now)
        ticket.chat.end(now)
        self._place(ticket.chat, now)

    def next_turn(self, now: float) -> Ticket | None:
        """The send that may go now; it is under way until `settled`. None when none may."""
        while (oldest := self._way_ends_at()) is not None and oldest <= now:
            self.settled(next(iter(self._under_way)), now)
        while (entry := self._blocked.first()) is not None and entry[0] <= now:
            self._place(entry[1], now)
        first = self._ready.first()
        if first is None or self._turn_at(first[1]) > now:
            return None
        chat = first[1]
        ticket = chat.waiting.lowest()
        self._remove(ticket)
        ticket.granted_at = now
        self._under_way[ticket] = None
        self._bot.begin()
        self._bot.end(now)
        self._bot_window.begin()
        chat.begin(now)
        self._place(chat, now)
        return ticket

    def overdue(self, now: float) -> list[Ticket]:
        """Sends whose patience has ended or cannot last; they wait no longer."""
        found = []
        while (entry := self._deadlines.first()) is not None and entry[0] <= now:
            ticket = entry[1]
            self._remove(ticket)
            self._place(ticket.chat, now)
            found.append(ticket)
        return found

    def retry_after(self, ticket: Ticket, now: float) -> int:
        """Whole seconds until trying again makes sense, at least 1."""
        return _whole(ticket.chat.free_after(now) - now)

    def hold(self, chat_id: int, seconds: float, now: float) -> None:
        """Send nothing to a chat for so long, because Telegram says so; what cannot wait that long is overdue."""
        chat = self._chat(chat_id, now)
        chat.held_until = max(chat.held_until, now + seconds)
        for ticket in chat.waiting:
            if ticket.deadline < chat.held_until:
                self._deadlines.put(ticket, now)
        self._place(chat, now)

    def wake_at(self) -> float | None:
        """The next moment to ask for turns and overdue sends, unless one is settled before; None when nothing waits."""
        deadline = self._deadlines.first()
        if deadline is None:
            return None
        ready, blocked = self._ready.first(), self._blocked.first()
        ready_at = math.inf if ready is None else self._turn_at(ready[1])
        unblocked_at = math.inf if blocked is None else max(blocked[0], self._free_at())
        way_ends_at = self._way_ends_at()
        return min(deadline[0], ready_at, unblocked_at, math.inf if way_ends_at is None else way_ends_at)

    def _way_ends_at(self) -> float | None:
        """When the send that has been under way longest counts as answered; None when none is."""
        oldest = next(iter(self._under_way), None)
        granted_at = None if oldest is None else oldest.granted_at
        return None if granted_at is None else granted_at + self._limits.longest_way_s

    def _turn_at(self, chat: Chat) -> float:
        """When the bot may send the first message that waits in a chat."""
        return self._free_at(self._limits.classes[chat.waiting.lowest().send_class].leaves)

    def _free_at(self, leaving: int = 0) -> float:
        return max(self._bot.free_at(leaving), self._bot_window.free_at(leaving))

    def _chat(self, chat_id: int, now: float) -> Chat:
        chat = self._chats.get(chat_id)
        if chat is None:
            if len(self._chats) >= self._sweep_at:
                self._chats = {of: other for of, other in self._chats.items() if not other.is_idle(now)}
                self._sweep_at = max(_SWEEP_FROM, 2 * len(self._chats))
            chat = self._chats[chat_id] = Chat(chat_id, self._limits)
        return chat

    def _remove(self, ticket: Ticket) -> None:
        ticket.chat.waiting.drop(ticket)
        self._deadlines.drop(ticket)
        self._waiting[ticket.send_class] -= 1

    def _place(self, chat: Chat, now: float) -> None:
        """Put a chat where it belongs after a change."""
        self._ready.drop(chat)
        self._blocked.drop(chat)
        if not len(chat.waiting):
            return
        if chat.free_at > now:
            self._blocked.put(chat, chat.free_at)
            return
        head = chat.waiting.lowest()
        head_start_s = self._limits.classes[head.send_class].head_start_s
        self._ready.put(chat, max(head.since, chat.free_at, chat.sent_at) + head_start_s)


def _whole(seconds: float) -> int:
    return math.ceil(max(1.0, seconds))
