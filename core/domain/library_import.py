"""Taking over the collection of another bot: what one record says, and what came of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import FileFilterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.domain.media import MediaKind


class DumpEntry(NamedTuple):
    """One record of a dump.

    Attributes:
        number: from 1, of the line or the record.
        position: reading can go on behind this entry from here; what it is, the reader of the dump knows.
        fields: None when the entry cannot be read.
    """

    number: int
    position: str
    fields: Mapping[str, Any] | None


class FileIdentity(NamedTuple):
    """What a file_id tells.

    Attributes:
        unique_id: Telegram's file_unique_id, as in `NewMedia`.
        file_id: as this bot writes it, its reference included.
    """

    unique_id: str
    file_id: str
    kind: MediaKind


class UnusableRecordError(FileFilterError):
    """A record no file can be made of; the message is its short reason, one of a few."""


class UnusableDumpError(FileFilterError):
    """Nothing at the beginning of a dump is a file, so that it is taken for something else; nothing was stored."""


@dataclass(slots=True)
class ImportTally:
    """What became of the records so far; `refused` counts by reason."""

    read: int = 0
    new: int = 0
    known: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        """One more record is left out."""
        self.refused[reason] = self.refused.get(reason, 0) + 1
