"""What is known and wanted of a database."""

from __future__ import annotations

from dataclasses import dataclass
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
