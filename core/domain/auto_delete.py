"""Messages that the bot deletes after a while."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MESSAGES_PER_CALL = 100
"""How many messages of one chat Telegram deletes at once."""

LONGEST_S = 47 * 3600
"""The longest time that may be set: Telegram lets a bot delete a message for 48 hours."""


class DeletionKind(StrEnum):
    """What is deleted; the values are stored, and labels of a metric."""

    FILES = "files"
    """Delivered files."""
    RESULTS = "results"
    """A page of results, and the words that asked for it in a private chat."""
    MENU = "menu"
    """Buttons that have had their use."""


@dataclass(frozen=True, slots=True)
class NewDeletion:
    """Messages to delete; those of one `key` are one entry, which grows, and is due when its last part is.

    Attributes:
        key: of the entry; random where somebody may ask for its files again.
        chat_id: full id of the chat, in which all of the messages are.
        since: UTC; when the first of these messages was sent.
        due: UTC; when they are to be deleted.
        media_ids: files to send again when asked to; none for other messages.
        language: of the person who is told; "" where nobody is.
    """

    key: str
    chat_id: int
    message_ids: tuple[int, ...]
    kind: DeletionKind
    since: datetime
    due: datetime
    media_ids: tuple[int, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class DueDeletion:
    """An entry that a sweep has claimed.

    Attributes:
        key, chat_id, message_ids, kind, media_ids, language: as in `NewDeletion`.
        since: UTC; when the oldest of the messages was sent.
        wanted: UTC; when they should have been deleted.
        tries: how often a sweep has claimed it, this time included.
        notice_id: the message that told of the deletion; None when none did.
    """

    key: str
    chat_id: int
    message_ids: tuple[int, ...]
    kind: DeletionKind
    since: datetime
    wanted: datetime
    tries: int
    media_ids: tuple[int, ...] = ()
    language: str = ""
    notice_id: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryNotice:
    """What the owner of delivered files is told.

    Attributes:
        key: of the entry.
        owner_id: of the private chat.
        language: as in `NewDeletion`.
        count: how many files it is about.
        seconds: until they are deleted.
        is_protected: they cannot be saved or forwarded.
    """

    key: str
    owner_id: int
    language: str
    count: int
    seconds: int
    is_protected: bool


@dataclass(frozen=True, slots=True)
class DeletedFiles:
    """Files that may be asked for again.

    Attributes:
        owner_id: whose private chat they were sent into.
        media_ids: in the order in which they were sent.
    """

    owner_id: int
    media_ids: tuple[int, ...]
