"""Messages as stored, and the numbered log of what happened to them."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.world.files import File

DEFAULT_LOG_SIZE = 20_000


@dataclass(frozen=True, slots=True)
class Forward:
    """Where a forwarded message came from; exactly one of the two ids or the name is set.

    Attributes:
        user_name: of a person who does not want to be found by forwards.
    """

    date: int
    user_id: int | None = None
    channel_id: int | None = None
    channel_post: int | None = None
    user_name: str | None = None


@dataclass(slots=True, eq=False)
class Body:
    """What a message says; both copies of a private message share one body.

    Attributes:
        date: unix seconds.
        entities: pyrogram.raw entities; offsets in UTF-16 code units.
        markup: a pyrogram.raw reply markup, or None.
        via_bot_id: the bot whose inline result the sender chose, or None.
        sent_as: bare id of the channel or group that readers see as the sender, or None for the sender itself.
        grouped_id: the album that the message belongs to, or None.
        protected: nobody may forward or save it.
        action: a pyrogram.raw MessageAction of a service message, or None for what people write.
        copies: everybody's copy of a message of a basic group; empty elsewhere.
        edited_at: unix seconds of the last edit, or None.
        edit_count: edits so far.
    """

    sender_id: int
    date: int
    text: str = ""
    entities: list[Any] = field(default_factory=list)
    file: File | None = None
    markup: Any = None
    forward: Forward | None = None
    via_bot_id: int | None = None
    sent_as: int | None = None
    grouped_id: int | None = None
    protected: bool = False
    action: Any = None
    copies: tuple[Message, ...] = ()
    edited_at: int | None = None
    edit_count: int = 0


@dataclass(slots=True, eq=False)
class Message:
    """One copy of a message.

    Attributes:
        owner_id: the account whose copy this is; 0 for a channel or group, which has one copy for all.
        peer_id: the other account of a private chat, the channel, or a basic group as its negative id.
        reply_to: id of the message answered to, as this copy's owner numbers it.
        twin: the other side's copy of a private message; None for channels and once the link is gone.
        deleted: True once it was taken out; logs may still hold it.
        pinned: it stands above the chat.
    """

    id: int
    owner_id: int
    peer_id: int
    body: Body
    reply_to: int | None = None
    twin: Message | None = None
    deleted: bool = False
    pinned: bool = False

    @property
    def in_channel(self) -> bool:
        """Whether the message belongs to a channel or supergroup."""
        return self.owner_id == 0

    @property
    def others(self) -> list[Message]:
        """What other owners hold of the same message, without the copies that they deleted."""
        copies = self.body.copies or ((self.twin,) if self.twin is not None else ())
        return [copy for copy in copies if copy is not self and not copy.deleted]


class EventKind(Enum):
    """What can happen to a message."""

    NEW = "new"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a log.

    Attributes:
        pts: the counter after the event.
        count: how far the event moved it: 1, or the number of deleted messages.
        message: None for deletions.
        ids: the deleted ids; empty otherwise.
    """

    pts: int
    count: int
    kind: EventKind
    message: Message | None = None
    ids: tuple[int, ...] = ()


class EventLog:
    """Events numbered by pts, the newest `size` of them kept."""

    def __init__(self, size: int = DEFAULT_LOG_SIZE) -> None:
        self.pts = 1
        self._events: deque[Event] = deque(maxlen=size)

    def append(self, kind: EventKind, message: Message | None = None, ids: tuple[int, ...] = ()) -> Event:
        """Number and keep an event."""
        count = max(1, len(ids))
        self.pts += count
        event = Event(self.pts, count, kind, message, ids)
        self._events.append(event)
        return event

    def since(self, pts: int) -> list[Event] | None:
        """Events after `pts`, oldest first; None when some of them are no longer kept."""
        if pts >= self.pts:
            return []
        oldest = self._events[0]
        if oldest.pts - oldest.count > pts:
            return None
        found = []
        for event in reversed(self._events):
            if event.pts <= pts:
                break
            found.append(event)
        found.reverse()
        return found


class History:
    """Messages of one chat by id, in order of ids."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self._ids: list[int] = []

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Message]:
        return (self._messages[message_id] for message_id in self._ids)

    def add(self, message: Message) -> None:
        """Keep a message whose id is higher than every id so far."""
        self._messages[message.id] = message
        self._ids.append(message.id)

    def get(self, message_id: int) -> Message | None:
        """The message, or None when there is none or it was deleted."""
        return self._messages.get(message_id)

    def remove(self, message_id: int) -> Message | None:
        """Take a message out and return it; None when there is none."""
        message = self._messages.pop(message_id, None)
        if message is not None:
            self._ids.pop(bisect_left(self._ids, message_id))
            message.deleted = True
        return message

    @property
    def top_id(self) -> int:
        """The newest id, 0 when the chat is empty."""
        return self._ids[-1] if self._ids else 0

    def count_after(self, message_id: int) -> int:
        """How many messages have a higher id."""
        return len(self._ids) - bisect_left(self._ids, message_id + 1)

    def page(self, *, offset_id: int, add_offset: int, limit: int, min_id: int = 0, max_id: int = 0) -> list[Message]:
        """Newest first, as messages.getHistory cuts pages.

        Args:
            offset_id: the page starts below this id; 0 starts at the newest.
            add_offset: moves the start by so many messages; negative towards newer ones.
            limit: at most so many.
            min_id: only ids above it.
            max_id: only ids below it; 0 means no limit.
        """
        end = bisect_left(self._ids, offset_id) if offset_id else len(self._ids)
        end = min(max(end - add_offset, 0), len(self._ids))
        ids: Iterable[int] = reversed(self._ids[max(end - limit, 0) : end])
        return [self._messages[i] for i in ids if i > min_id and (not max_id or i < max_id)]


@dataclass(slots=True)
class Dialog:
    """A private chat as one side sees it.

    Attributes:
        read_inbox: highest id this side has read.
        read_outbox: highest id of this side's own messages that the other side has read.
        unread: incoming messages above `read_inbox`.
    """

    history: History = field(default_factory=History)
    read_inbox: int = 0
    read_outbox: int = 0
    unread: int = 0


class MessageBox:
    """Every private message of one account; ids run through all its chats."""

    def __init__(self, log_size: int = DEFAULT_LOG_SIZE) -> None:
        self.log = EventLog(log_size)
        self.dialogs: dict[int, Dialog] = {}
        self._messages: dict[int, Message] = {}
        self._next_id = 1
        self.qts_log: deque[tuple[int, int, Any]] = deque(maxlen=log_size)
        self.qts = 0

    def dialog(self, peer_id: int) -> Dialog:
        """The chat with an account, empty when new."""
        dialog = self.dialogs.get(peer_id)
        if dialog is None:
            dialog = self.dialogs[peer_id] = Dialog()
        return dialog

    def add(self, owner_id: int, peer_id: int, body: Body, reply_to: int | None = None) -> Event:
        """Store a new copy under the next id."""
        message = Message(self._next_id, owner_id, peer_id, body, reply_to)
        self._next_id += 1
        self._messages[message.id] = message
        dialog = self.dialog(peer_id)
        dialog.history.add(message)
        if body.sender_id != owner_id:
            dialog.unread += 1
        return self.log.append(EventKind.NEW, message)

    def get(self, message_id: int) -> Message | None:
        """The copy with this id, or None."""
        return self._messages.get(message_id)

    def remove(self, message_ids: Iterable[int]) -> Event | None:
        """Delete copies; None when none of them existed."""
        gone = []
        for message_id in message_ids:
            message = self._messages.pop(message_id, None)
            if message is not None:
                self.dialog(message.peer_id).history.remove(message_id)
                gone.append(message_id)
        return self.log.append(EventKind.DELETE, ids=tuple(gone)) if gone else None

    def append_qts(self, date: int, update: Any) -> int:
        """Number an update of the second sequence (members, blocks); returns its qts."""
        self.qts += 1
        self.qts_log.append((self.qts, date, update))
        return self.qts
