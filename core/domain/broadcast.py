"""One message for very many people: what it says, who gets it, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from core.domain.audience import Segment

_RANDOM_ID_BITS = 63


@dataclass(frozen=True, slots=True)
class TextEntity:
    """Formatting of a part of a text.

    Attributes:
        kind: Telegram's name of it, for example "Bold" or "TextUrl".
        offset: in UTF-16 code units, as `length`.
        value: the address, the language, the custom emoji or the person, where the kind has one.
    """

    kind: str
    offset: int
    length: int
    value: str | int | None = None


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button that opens an address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a message said when it was taken, so that edits and deletions of it change nothing.

    Attributes:
        text: the text, or the caption of the file; "" for a file without one.
        file_id: of its file, with a reference that may expire; None for a text.
        buttons: rows of them.
        web_preview: whether links in the text show what they lead to.
        is_spoiler: whether the file is covered until it is tapped.
        text_above: whether the caption stands above the file, or the text below its preview's.
        file_number: Telegram's of the file, whatever reference it is fetched by; 0 where that is not known.
    """

    text: str
    entities: tuple[TextEntity, ...] = ()
    file_id: str | None = None
    buttons: tuple[tuple[LinkButton, ...], ...] = ()
    web_preview: bool = False
    is_spoiler: bool = False
    text_above: bool = False
    file_number: int = 0

    def is_of_same_file(self, other: Snapshot) -> bool:
        """Whether both have one and the same file; one whose number is not known may be any."""
        if self.file_id is None or other.file_id is None:
            return self.file_id is other.file_id
        return 0 in (self.file_number, other.file_number) or self.file_number == other.file_number


class BroadcastState(StrEnum):
    """How far a broadcast is; the values are stored."""

    DRAFT = "draft"
    """Shown to who wants it, and not confirmed."""
    WAITING = "waiting"
    """Confirmed: it begins when it is due and no other one runs."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be sent."""
        return self in (BroadcastState.STOPPED, BroadcastState.DONE)


class BroadcastPause(StrEnum):
    """Why a broadcast stands still; the values are stored, and name the sentence that is shown."""

    ASKED = "asked"
    REFUSED = "refused"
    """Telegram refuses it for everybody."""
    SOURCE_GONE = "source-gone"
    """The file's reference has expired, and the message that it was taken from is gone."""
    FAILED = "failed"
    NOT_ALLOWED = "not-allowed"
    """Before it began, whoever ordered it lost the permission to."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the people who were tried; nobody counts twice.

    Attributes:
        sent: who has the message.
        unreachable: by reason: "blocked", "deactivated", "never_started".
        failed: by the name of Telegram's refusal.
    """

    sent: int = 0
    unreachable: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """People who need no further attempt."""
        return self.sent + sum(self.unreachable.values()) + sum(self.failed.values())


@dataclass(frozen=True, slots=True)
class BroadcastPlan:
    """What somebody wants to have sent.

    Attributes:
        segment: to whom.
        is_pinned: whether it is pinned in every chat.
        due_at: UTC; None for at once.
        buttons: rows of them, below the message; empty to keep those that it has.
    """

    segment: Segment
    is_pinned: bool = False
    due_at: datetime | None = None
    buttons: tuple[tuple[LinkButton, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as stored.

    Attributes:
        id: 16 hex characters.
        owner_id: who started it, and where the progress is shown.
        language: tag of the catalogue that the owner reads.
        source_message_id: the message in the owner's private chat that it was taken from.
        message_id: the message in the owner's private chat that shows the progress; 0 before it is confirmed.
        due_at: UTC; when it may begin.
        total: people in the segment when it was shown.
        cursor: everybody in the segment up to this id was tried, except those in `unsettled`.
        unsettled: ids up to the cursor whose outcome was not known; they are tried again.
        fence: of the lease under which it runs; a write that carries an older one is refused.
        pause: why it is paused; None unless it is.
        ordered_by: who confirmed or resumed it last; 0 before it is confirmed.
        began_at: UTC; None before that, as `ended_at`.
    """

    id: str
    owner_id: int
    language: str
    segment: Segment
    snapshot: Snapshot
    source_message_id: int
    is_pinned: bool
    state: BroadcastState
    due_at: datetime
    total: int
    message_id: int = 0
    cursor: int = 0
    unsettled: tuple[int, ...] = ()
    tally: Tally = Tally()
    fence: int = 0
    pause: BroadcastPause | None = None
    ordered_by: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def left(self) -> int:
        """About how many people have not been tried."""
        return max(0, self.total - self.tally.done)

    def random_id_for(self, user_id: int) -> int:
        """The number under which Telegram knows this message to this person, however often it is sent; 63 bits."""
        digest = blake2b(f"{self.id}:{user_id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) >> (64 - _RANDOM_ID_BITS) or 1


@dataclass(frozen=True, slots=True)
class BroadcastPace:
    """How fast a broadcast goes.

    Attributes:
        per_second: people a second over the last minute; None while that cannot be said.
        left_s: seconds until the end at this pace; None with it.
    """

    per_second: float | None = None
    left_s: int | None = None
