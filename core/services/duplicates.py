"""Making one record of a file that was stored twice, because a database was away when the second post came."""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError
from repositories.media_duplicate import UniqueIndexMissingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from core.clock import Clock
    from repositories.media_duplicate import MediaCopy, MediaDuplicateRepository

_PAGE = 1_000
_PAUSE_S = 0.02
_TRIES = 20
_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair found.

    Attributes:
        duplicates: files that were stored more than once.
        removed: records that are gone for it.
        left: files that could not be put right now; the next repair finds them again.
        missing: numbers of the databases that were not looked through.
    """

    duplicates: int
    removed: int
    left: int
    missing: tuple[int, ...]


@dataclass(slots=True)
class _Tally:
    duplicates: int = 0
    removed: int = 0
    left: int = 0
    missing: set[int] = field(default_factory=set)


class DuplicateRepair:
    """Keeps the oldest record of a file, gives it the sources of the others, up to ten, and deletes them.

    May be interrupted, repeated and run beside writers and other repairs. It reads the unique indexes of all databases
    once, a page at a time with pauses, and nothing else of files that are stored once.
    """

    def __init__(self, duplicates: MediaDuplicateRepository, clock: Clock) -> None:
        self._duplicates = duplicates
        self._clock = clock
        self._alone = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    async def run(self) -> RepairReport:
        """Repair within databases that have no unique index yet, and across all others; never raises for an outage."""
        async with self._alone:
            tally = _Tally()
            walked: list[int] = []
            for number in self._duplicates.numbers:
                try:
                    await self._duplicates.unique_ids_after(number, "", 1)
                    walked.append(number)
                except UniqueIndexMissingError:
                    await self._repair_within(number, tally)
                except DatabaseUnavailableError:
                    tally.missing.add(number)
            if len(walked) > 1:
                await self._repair_across(walked, tally)
        report = RepairReport(tally.duplicates, tally.removed, tally.left, tuple(sorted(tally.missing)))
        self._log.info("duplicates_repaired", removed=report.removed, left=report.left, missing=report.missing)
        return report

    async def _repair_across(self, numbers: list[int], tally: _Tally) -> None:
        """Merge the ordered unique ids of all databases; one that fails in the middle is left out from there on."""
        pages: dict[int, deque[str]] = {number: deque() for number in numbers}
        after = dict.fromkeys(numbers, "")
        while len(pages) > 1:
            for number in [number for number, page in pages.items() if not page]:
                try:
                    pages[number].extend(await self._duplicates.unique_ids_after(number, after[number], _PAGE))
                except DatabaseUnavailableError:
                    tally.missing.add(number)
                if pages[number]:
                    after[number] = pages[number][-1]
                else:
                    del pages[number]
            for unique_id, holders in _merged(pages):
                await self._repair(partial(self._duplicates.copies, unique_id, holders), tally)
            await self._clock.sleep(_PAUSE_S)

    async def _repair_within(self, number: int, tally: _Tally) -> None:
        """Find what stands twice in one database by hashes, eight bytes a file, and then by the ids themselves."""
        try:
            suspects = await self._suspects(number)
            ids: dict[str, list[int]] = {}
            if suspects:
                async for media_id, unique_id in self._files(number):
                    if hash(unique_id) in suspects:
                        ids.setdefault(unique_id, []).append(media_id)
        except DatabaseUnavailableError:
            tally.missing.add(number)
            return
        for same in ids.values():
            if len(same) > 1:
                await self._repair(partial(self._duplicates.copies_with_ids, number, same), tally)

    async def _suspects(self, number: int) -> set[int]:
        """Hashes of unique ids that two records of a database share."""
        buckets = [array("q") for _ in range(_BUCKETS)]
        async for _, unique_id in self._files(number):
            digest = hash(unique_id)
            buckets[digest % _BUCKETS].append(digest)
        suspects: set[int] = set()
        for bucket in buckets:
            in_order = sorted(bucket)
            suspects.update(one for one, next_one in pairwise(in_order) if one == next_one)
            await self._clock.sleep(0)
        return suspects

    async def _files(self, number: int) -> AsyncIterator[tuple[int, str]]:
        after_id = 0
        while page := await self._duplicates.files_after(number, after_id, _PAGE):
            for found in page:
                yield found
            after_id = page[-1][0]
            await self._clock.sleep(_PAUSE_S)

    async def _repair(self, read: Callable[[], Awaitable[list[MediaCopy]]], tally: _Tally) -> None:
        """Make one record of one file; tried again when a writer comes in between."""
        removed = 0
        try:
            for _ in range(_TRIES):
                copies = await read()
                if len(copies) < 2:
                    break
                kept = next((copy for copy in copies if not copy.is_dead), copies[0])
                other = next(copy for copy in copies if copy is not kept)
                removed += await self._duplicates.absorb(kept, other)
            else:
                tally.left += 1
        except DatabaseUnavailableError:
            tally.left += 1
        tally.duplicates += 1
        tally.removed += removed


def _merged(pages: Mapping[int, deque[str]]) -> Iterator[tuple[str, list[int]]]:
    """Take ids off the pages, lowest first, until one is empty; yields those that several databases hold."""
    while len(pages) > 1 and all(pages.values()):
        lowest = min(page[0] for page in pages.values())
        holders = [number for number, page in pages.items() if page[0] == lowest]
        for number in holders:
            pages[number].popleft()
        if len(holders) > 1:
            yield lowest, holders
