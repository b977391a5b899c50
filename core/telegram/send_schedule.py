"""Whose message is sent next, and when: one bot's rate, each chat's, classes with ageing. Pure; time is handed in.

Every waiting send has a rank, the moment it came plus the head start of the earlier classes; the lowest rank goes
first. So an answer overtakes a broadcast, yet nothing overtakes a send that has waited longer than its head start:
once that is over, only what was there before it goes first. A chat takes part with one send at a time, and the next
one counts as come when that has gone and the chat may be written to again: a chat with a long queue is one of many.

A broadcast fills every turn there is, for minutes. It leaves one that the others may use at any time, so that somebody
who asks meanwhile does not even wait for the turn after the one that has just been given.

Source: the buckets are the generic cell rate algorithm, ITU-T I.371; ranks are earliest deadline first.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.telegram.gateway import RetryLaterError, SendClass
from core.telegram.keyed_heap import KeyedHeap

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
    """What Telegram lets a bot send; the defaults are its published figures, with a little room for uneven ways there.

    Attributes:
        bot_rate: messages a second to all chats together, in the long run and evenly.
        bot_burst: how many may go at once after a pause, or to catch up when turns were given late.
        bot_sends: how many may go in any window of `bot_window_s`, which is the limit itself: a little longer than
            Telegram's second, because some ways there take longer than others.
        chat_interval_s: seconds between two messages to a chat in the long run.
        chat_burst: how many may go to a chat at once after a pause.
        group_sends: how many messages a group or channel takes in any window of `group_window_s`.
        classes: one entry for every class.
    """

    bot_rate: float = 27.9
    bot_burst: int = 4
    bot_sends: int = 30
    bot_window_s: float = 1.03
    chat_interval_s: float = 1.05
    chat_burst: int = 5
    group_sends: int = 20
    group_window_s: float = 61.0
    classes: Mapping[SendClass, ClassLimits] = field(default_factory=lambda: CLASS_LIMITS)


class _Bucket:
    """Lets one through every `interval_s`, and `burst` at once after a pause."""

    __slots__ = ("_burst", "_interval_s", "full_at")

    def __init__(self, interval_s: float, burst: int) -> None:
        self._interval_s = interval_s
        self._burst = burst
        self.full_at = -math.inf

    def free_at(self, leaving: int = 0) -> float:
        """When one may go that leaves so many."""
        return self.full_at - (self._burst - 1 - leaving) * self._interval_s

    def take(self, now: float) -> None:
        self.full_at = max(self.full_at, now) + self._interval_s


class _Window:
    """Lets so many through in any span of `window_s`."""

    __slots__ = ("_most", "_sent", "_window_s")

    def __init__(self, most: int, window_s: float) -> None:
        self._most = most
        self._window_s = window_s
        self._sent: deque[float] = deque(maxlen=most)

    @property
    def settled_at(self) -> float:
        return self._sent[-1] + self._window_s if self._sent else -math.inf

    def free_at(self, leaving: int = 0) -> float:
        """When one may go that leaves so many."""
        crowd = self._most - leaving
        return self._sent[-crowd] + self._window_s if len(self._sent) >= crowd else -math.inf

    def take(self, now: float) -> None:
        self._sent.append(now)


@dataclass(slots=True, eq=False)
class Ticket:
    """One send that waits, or waited, for its turn.

    Attributes:
        since: when it came.
        deadline: when its patience ends.
        rank: see the module.
        granted: its turn has come.
    """

    chat: Chat
    send_class: SendClass
    since: float
    deadline: float
    rank: float
    granted: bool = False


class Chat:
    """What one chat was sent lately and what waits for it."""

    __slots__ = ("_bucket", "_window", "held_until", "id", "sent_at", "waiting")

    def __init__(self, chat_id: int, limits: SendLimits) -> None:
        self.id = chat_id
        self.waiting: KeyedHeap[Ticket] = KeyedHeap()
        self.held_until = self.sent_at = -math.inf
        self._bucket = _Bucket(limits.chat_interval_s, limits.chat_burst)
        self._window = _Window(limits.group_sends, limits.group_window_s) if chat_id < 0 else None

    @property
    def free_at(self) -> float:
        """When the next message may go."""
        window_free_at = -math.inf if self._window is None else self._window.free_at()
        return max(self._bucket.free_at(), self.held_until, window_free_at)

    def take(self, now: float) -> None:
        """Note a message that goes now."""
        self.sent_at = now
        self._bucket.take(now)
        if self._window is not None:
            self._window.take(now)

    def is_idle(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        settled_at = -math.inf if self._window is None else self._window.settled_at
        return not len(self.waiting) and max(self._bucket.full_at, self.held_until, settled_at) <= now


class SendSchedule:
    """Orders the sends of one bot. All times are seconds of one monotonic clock, never going back from call to call."""

    def __init__(self, limits: SendLimits) -> None:
        self._limits = limits
        self._bot = _Bucket(1 / limits.bot_rate, limits.bot_burst)
        self._bot_window = _Window(limits.bot_sends, limits.bot_window_s)
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
        turn_at = chat.free_at + self._limits.chat_interval_s * sum(other.rank <= rank for other in chat.waiting)
        if turn_at > now + limits.patience_s:
            raise RetryLaterError(_whole(turn_at - now))
        ticket = Ticket(chat, send_class, now, now + limits.patience_s, rank)
        chat.waiting.put(ticket, rank)
        self._deadlines.put(ticket, ticket.deadline)
        self._waiting[send_class] += 1
        self._place(chat, now)
        return ticket

    def withdraw(self, ticket: Ticket, now: float) -> None:
        """Give up the place of a send; without effect when it no longer waits. A turn that has come is lost."""
        if ticket not in ticket.chat.waiting:
            return
        self._remove(ticket)
        self._place(ticket.chat, now)

    def next_turn(self, now: float) -> Ticket | None:
        """The send that may go now and counts as gone; None when none may."""
        while (entry := self._blocked.first()) is not None and entry[0] <= now:
            self._place(entry[1], now)
        first = self._ready.first()
        if first is None or self._turn_at(first[1]) > now:
            return None
        chat = first[1]
        ticket = chat.waiting.lowest()
        self._remove(ticket)
        ticket.granted = True
        self._bot.take(now)
        self._bot_window.take(now)
        chat.take(now)
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
        return _whole(ticket.chat.free_at - now)

    def hold(self, chat_id: int, seconds: float, now: float) -> None:
        """Send nothing to a chat for so long, because Telegram says so; what cannot wait that long is overdue."""
        chat = self._chat(chat_id, now)
        chat.held_until = max(chat.held_until, now + seconds)
        for ticket in chat.waiting:
            if ticket.deadline < chat.held_until:
                self._deadlines.put(ticket, now)
        self._place(chat, now)

    def wake_at(self) -> float | None:
        """The next moment to ask for turns and overdue sends; None when nothing waits."""
        deadline = self._deadlines.first()
        if deadline is None:
            return None
        ready, blocked = self._ready.first(), self._blocked.first()
        ready_at = math.inf if ready is None else self._turn_at(ready[1])
        unblocked_at = math.inf if blocked is None else max(blocked[0], self._free_at())
        return min(deadline[0], ready_at, unblocked_at)

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
