"""What admins see of the cache, and what they may have it forget."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from core.cache.key_walk import KeyWalk
from core.cache.keys import KEY_FAMILIES, NAMESPACE
from core.domain.cache import CacheCensus, CacheCleaning, KindCount
from core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.key_walk import KeyLook
    from core.cache.keys import KeyFamily
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.domain.cache import CacheServer
    from core.observability.metrics import Metrics
    from core.services.audit_log import AuditLog

_SIZED_OF_A_KIND = 100
_LIFE_OF_ENDLESS_S = 86_400
_PREFIXES = frozenset(family.prefix for family in KEY_FAMILIES)


class OwnReads(NamedTuple):
    """What this process found in the cache since it started, and what it did not."""

    hits: int
    misses: int


class CacheAdminService:
    """Looks at the bot's own keys alone, and forgets only copies of what stands elsewhere.

    Every method but `own_reads` raises CacheUnavailableError when Redis does not answer.
    """

    def __init__(self, cache: RedisCache, metrics: Metrics, audit: AuditLog, clock: Clock) -> None:
        self._cache = cache
        self._metrics = metrics
        self._audit = audit
        self._clock = clock

    def own_reads(self) -> OwnReads:
        """How well the cache served this process."""
        found: Counter[str] = Counter()
        for family in self._metrics.cache_operations.collect():
            for sample in family.samples:
                if sample.name.endswith("_total") and sample.labels["op"] == "get":
                    found[sample.labels["outcome"]] += int(sample.value)
        return OwnReads(found["hit"], found["miss"])

    async def server(self) -> CacheServer:
        """What the server tells of itself."""
        return await KeyWalk(self._cache, self._clock).server()

    async def census(self) -> CacheCensus:
        """Count the bot's keys by kind, for five seconds at most."""
        walk, tally = KeyWalk(self._cache, self._clock), _Tally()
        async for names in walk.names(f"{NAMESPACE}:*"):
            tally.add(await walk.look(names, tally.to_be_sized(names)))
        return CacheCensus(tally.kinds(), walk.is_complete)

    @property
    def cleanable(self) -> list[str]:
        """The kinds that may be forgotten."""
        return [family.prefix for family in KEY_FAMILIES if family.is_copy]

    async def clean(self, admin_id: int, kind: str | None) -> CacheCleaning:
        """Forget copies of one kind, None for all of them, and give endless keys a day to live; audited.

        Raises:
            BadInputError: there is no such kind, or what it holds stands nowhere else.
        """
        families = self._families(kind)
        walk, forgotten, is_complete = KeyWalk(self._cache, self._clock), 0, True
        for family in families:
            async for names in walk.names(family.key("*").name):
                forgotten += await walk.delete(names)
            is_complete &= walk.is_complete
        ended = await self._end_endless(walk)
        is_complete &= walk.is_complete
        await self._audit.add(admin_id, "cache_cleaned", kind=kind or "", forgotten=forgotten, ended=ended)
        return CacheCleaning(forgotten, ended, is_complete)

    def _families(self, kind: str | None) -> list[KeyFamily]:
        if kind is not None and kind not in self.cleanable:
            raise BadInputError("cache-cleanup-kind", kinds=", ".join(self.cleanable))
        return [family for family in KEY_FAMILIES if family.is_copy and kind in (None, family.prefix)]

    async def _end_endless(self, walk: KeyWalk) -> int:
        """Whatever the bot stores ends by itself; a key that does not is from a defect and fills the memory."""
        ended = 0
        async for names in walk.names(f"{NAMESPACE}:*"):
            endless = [look.name for look in await walk.look(names, ()) if look.is_endless]
            if endless:
                await walk.end_in(endless, _LIFE_OF_ENDLESS_S)
                ended += len(endless)
        return ended


class _Tally:
    """Counts keys by kind."""

    def __init__(self) -> None:
        self._keys: Counter[str] = Counter()
        self._endless: Counter[str] = Counter()
        self._sized: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def to_be_sized(self, names: Sequence[bytes]) -> list[bytes]:
        """Those of the names whose sizes are worth asking for: the first hundred of each kind."""
        asked, chosen = Counter(self._sized), []
        for name in names:
            kind = _kind_of(name)
            if asked[kind] < _SIZED_OF_A_KIND:
                asked[kind] += 1
                chosen.append(name)
        return chosen

    def add(self, looks: Sequence[KeyLook]) -> None:
        """Count keys."""
        for look in looks:
            kind = _kind_of(look.name)
            self._keys[kind] += 1
            self._endless[kind] += look.is_endless
            if look.value_bytes is not None:
                self._sized[kind] += 1
                self._bytes[kind] += look.value_bytes

    def kinds(self) -> tuple[KindCount, ...]:
        """Most keys first."""
        return tuple(
            KindCount(kind, keys, self._bytes[kind] * keys // max(1, self._sized[kind]), self._endless[kind])
            for kind, keys in self._keys.most_common()
        )


def _kind_of(name: bytes) -> str:
    _, prefix, *_ = *name.decode(errors="replace").split(":", 2), ""
    return prefix if prefix in _PREFIXES else ""
