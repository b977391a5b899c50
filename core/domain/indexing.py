"""What happens in channels, and what storing it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.domain.media import NewMedia


@dataclass(frozen=True, slots=True)
class ChannelPost:
    """A new message in a channel or supergroup.

    Attributes:
        channel_id: the full -100… id.
        media: its file; None for a text, a service message, a sticker and the like.
        pts: the channel's event counter after this event.
        pts_count: events this one stands for; a counter before it other than `pts - pts_count` means a gap.
    """

    channel_id: int
    message_id: int
    media: NewMedia | None
    pts: int
    pts_count: int


@dataclass(frozen=True, slots=True)
class ChannelEdit:
    """A message that changed; the attributes are those of `ChannelPost`, `media` is the file as it is now."""

    channel_id: int
    message_id: int
    media: NewMedia | None
    pts: int
    pts_count: int


@dataclass(frozen=True, slots=True)
class ChannelDelete:
    """Messages that are gone; `channel_id`, `pts` and `pts_count` are those of `ChannelPost`."""

    channel_id: int
    message_ids: tuple[int, ...]
    pts: int
    pts_count: int


@dataclass(frozen=True, slots=True)
class ChannelTooLong:
    """More happened than Telegram pushes, or who may read it changed: the difference has to be asked for."""

    channel_id: int


StorableEvent = ChannelPost | ChannelEdit | ChannelDelete
ChannelEvent = StorableEvent | ChannelTooLong


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """A channel event waiting to be stored.

    Attributes:
        in_order: everything before it was queued too, so that storing it may advance the channel's durable pts.
    """

    event: StorableEvent
    in_order: bool


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What storing a batch of files did.

    Attributes:
        new: files stored for the first time.
        known: files that were there; they gained a source.
        rejected: (file, reason) of every file that could not be stored.
        unreached: (number of the database, post) of every post of a known file that its database did not take.
        words: how many of the new files have each searchable word; whole-title words are left out.
        named: (unique id, name) of every new file, and of every known one that an edit renamed.
    """

    new: int
    known: int
    rejected: Sequence[tuple[NewMedia, str]] = field(default=())
    unreached: Sequence[tuple[int, NewMedia]] = field(default=())
    words: Mapping[str, int] = field(default_factory=dict)
    named: Sequence[tuple[str, str]] = field(default=())
