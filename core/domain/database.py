"""What is known and wanted of a database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a circuit breaker opens and how it closes again.

    Attributes:
        max_failures: failures in a row that open it.
        recovery_timeout_s: how long it stays open when nothing tells that the database is back.
        half_open_calls: calls let through to find out, until one of them is answered.
    """

    max_failures: int = 5
    recovery_timeout_s: float = 300.0
    half_open_calls: int = 3


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """Which database may take new files.

    Attributes:
        size_limit_bytes: data and indexes of one database together.
        auto_switch: leave a database that is full or failing by itself.
        preferred: number of the database an admin chose; 0 for none.
    """

    size_limit_bytes: int
    auto_switch: bool = True
    preferred: int = 0


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """One measurement of a database.

    Attributes:
        data_bytes: documents, uncompressed; exact at the moment of asking.
        index_bytes: indexes on disk; lags by up to a minute, until the server's next checkpoint.
        files: documents of `media_files`, approximately.
        index_free_bytes: the part of `index_bytes` that is empty and will be written to again.
    """

    data_bytes: int
    index_bytes: int
    files: int
    index_free_bytes: int = 0

    @classmethod
    def from_statistics(cls, found: Mapping[str, Any], files: int) -> DatabaseSize:
        """What a server's dbStats says; one that does not tell the free part counts as half empty, as one in use is."""
        index_bytes = int(found["indexSize"])
        free = int(found.get("indexFreeStorageSize", index_bytes // 2))
        return cls(int(found["dataSize"]), index_bytes, files, free)


class FilesRole(StrEnum):
    """Whether a database takes new files, and why; the values are parts of keys of the catalogue."""

    ONLY = "only"
    """It does: there is no other."""
    CHOSEN = "chosen"
    """It does: an admin chose it."""
    CURRENT = "current"
    """It does, and goes on as long as it has room."""
    STANDS_IN = "stands-in"
    """It does in the place of the one that an admin chose."""
    DOWN = "down"
    """It does not answer."""
    UNMEASURED = "unmeasured"
    """Its size is not known yet, or its unique index is not built."""
    RESTING = "resting"
    """It refused, failed or came back a moment ago, and another one will do."""
    FULL = "full"
    """It has no room."""
    SPARE = "spare"
    """It could, and another one does."""

    @property
    def takes_files(self) -> bool:
        """Whether new files go there."""
        return self in _TAKING


_TAKING = frozenset({FilesRole.ONLY, FilesRole.CHOSEN, FilesRole.CURRENT, FilesRole.STANDS_IN})


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """One database, for an admin; no address, which may hold a password.

    Attributes:
        breaker: "closed" (it is asked), "half_open" or "open".
        steady_s: seconds since the breaker last changed.
        answer_s: seconds its last answer took; None when not known.
        used_bytes: measured plus estimated; None before the first measurement.
        limit_bytes: None for no limit.
        files: approximately.
        measured_s_ago: None before the first measurement.
        waiting: edits and deletions that it could not take yet; None when not known.
    """

    number: int
    name: str
    breaker: str
    steady_s: float
    answer_s: float | None
    used_bytes: int | None
    limit_bytes: int | None
    files: int
    measured_s_ago: float | None
    role: FilesRole
    waiting: int | None = None

    @property
    def is_answering(self) -> bool:
        """Whether it is asked as usual."""
        return self.breaker == "closed"

    @property
    def room_bytes(self) -> int | None:
        """What is left below the limit, never negative; None without a limit or a measurement."""
        if self.used_bytes is None or self.limit_bytes is None:
            return None
        return max(0, self.limit_bytes - self.used_bytes)
