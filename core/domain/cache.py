"""What is known of the cache's server and of what it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CacheServer:
    """The server, as it tells.

    Attributes:
        keys: in its whole database, also those of others.
        used_bytes: of memory; None where the server does not tell, and so the rest.
        limit_bytes: None for no limit.
        policy: what it drops when it is full; "" when not told.
        hits, misses: reads of all its clients since it started.
        evicted: keys that it dropped for want of memory since then.
    """

    keys: int
    used_bytes: int | None = None
    limit_bytes: int | None = None
    policy: str = ""
    hits: int = 0
    misses: int = 0
    evicted: int = 0


@dataclass(frozen=True, slots=True)
class KindCount:
    """The keys of one kind.

    Attributes:
        prefix: of its row in the table of keys; "" for names of the bot's that no row knows.
        value_bytes: of their values, estimated from some of them.
        endless: of them, those that would stay for ever.
    """

    prefix: str
    keys: int
    value_bytes: int
    endless: int


@dataclass(frozen=True, slots=True)
class CacheCensus:
    """What was found.

    Attributes:
        kinds: most keys first; kinds without keys are left out.
        is_complete: everything was looked at; False when it was too much for one time.
    """

    kinds: tuple[KindCount, ...]
    is_complete: bool

    @property
    def keys(self) -> int:
        """Of all kinds."""
        return sum(kind.keys for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class CacheCleaning:
    """What was done.

    Attributes:
        forgotten: copies that were deleted.
        ended: endless keys that were given a day.
        is_complete: nothing is left to do; False when it was too much for one time.
    """

    forgotten: int
    ended: int
    is_complete: bool
