"""Storing many files at once: one question which are known, one insert, one update of sources.

Where a file lives is asked of every database at once; one that does not answer stops nothing. A file that it holds may
then be stored a second time elsewhere, which a search shows once and the repair job undoes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from pymongo.errors import BulkWriteError, OperationFailure

from core.database.capacity import WriteLoad, index_bytes
from core.errors import DatabaseUnavailableError, FileFilterError
from repositories.media_arrival import (
    Arrival,
    KnownMedia,
    NewRecord,
    count_words,
    group_arrivals,
    known_updates,
    outcome_of,
    record_of,
)
from repositories.media_document import (
    COLLECTION,
    DEAD,
    EDITED_AT,
    ID,
    SOURCES,
    UNIQUE_ID,
    UNIQUE_INDEX,
    sources_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool
    from core.database.write_routing import WriteRouting
    from core.domain.indexing import BatchOutcome
    from core.domain.media import NewMedia
    from core.domain.media_id import MediaIdSource

_DUPLICATE_KEY = 11000
_BAD_HINT = 2
_TRIES = 5
_SOURCE_BYTES = 45
_PART = 100


@dataclass(slots=True)
class _Insertion:
    """New files on their way into a database.

    Attributes:
        waiting: what is not stored yet, by unique id.
        known: what the batch knows to be stored; grows by what other writers stored meanwhile.
        refused: reasons by unique id.
        pinned: number of the database that the files' channels are pinned to.
    """

    waiting: dict[str, Arrival]
    known: dict[str, KnownMedia]
    refused: dict[str, str]
    pinned: int | None

    def note_stored(self, records: Iterable[NewRecord]) -> None:
        for record in records:
            del self.waiting[record.unique_id]

    def note_known(self, found: Mapping[str, KnownMedia]) -> None:
        for unique_id, media in found.items():
            del self.waiting[unique_id]
            self.known[unique_id] = media

    def note_confirmed(self, found: Mapping[str, KnownMedia]) -> None:
        """Take in what is stored after an insert without a usable answer: with all its posts it counts as inserted."""
        for unique_id, media in found.items():
            arrival = self.waiting.pop(unique_id)
            if not arrival.sources.keys() <= set(media.sources):
                self.known[unique_id] = media

    def refuse(self, unique_id: str, reason: str) -> None:
        del self.waiting[unique_id]
        self.refused[unique_id] = reason


class MediaBatchRepository:
    """Stores batches; storing a batch again changes nothing, so a lost answer is settled by a repetition."""

    def __init__(self, databases: MultiDatabaseManager, routing: WriteRouting, ids: MediaIdSource) -> None:
        self._databases = databases
        self._routing = routing
        self._ids = ids
        self._expects_new = False
        self._log = structlog.get_logger(__name__)

    async def batch_duplicate_check(self, unique_ids: Iterable[str]) -> dict[str, KnownMedia]:
        """The stored ones among Telegram's `file_unique_id`s, by one query a database.

        Raises:
            DatabaseUnavailableError: no database answered.
        """
        wanted = list(dict.fromkeys(unique_ids))
        if not wanted:
            return {}
        answers = await self._databases.ask_all(lambda database: _known_in(database, wanted))
        known: dict[str, KnownMedia] = {}
        for found in answers.by_number.values():
            for unique_id, media in found.items():
                if unique_id not in known or media.id < known[unique_id].id:
                    known[unique_id] = media
        return known

    async def save_batch(
        self,
        items: Sequence[NewMedia],
        pins: Mapping[int, int] | None = None,
        words: Sequence[list[str]] | None = None,
    ) -> BatchOutcome:
        """Store files and sources; a bad file is rejected alone.

        A known file gains the post as a source, up to ten, and keeps its first name and caption, unless the post was
        edited since. The same file twice in a batch is one file. What one database refuses or does not confirm is
        stored in another one, where there is one.

        Args:
            items: posts of any channels.
            pins: by channel, the number of the database that takes its new files while it is healthy and has room.
            words: what `file_words` gives for every item, where that was read before.

        Raises:
            LibraryFullError: new files are left over, and no database has room for them; a part may be stored.
            DatabaseUnavailableError: a part may be stored; save the same batch again.
        """
        await self._routing.prepare()
        arrivals, rejected = group_arrivals(items, words)
        known = {} if self._expects_new else await self.batch_duplicate_check(arrivals)
        fresh = {unique_id: arrival for unique_id, arrival in arrivals.items() if unique_id not in known}
        words_of_new = count_words(fresh.values())  # next to reading them for the records, which has them at hand
        refused: dict[str, str] = {}
        await self._insert_all(
            _Insertion(part, known, refused, pinned)
            for pinned, waiting in _by_pin(fresh, pins or {}).items()
            for part in _parts(waiting)
        )
        if not_new := [arrival for unique_id, arrival in fresh.items() if unique_id in known or unique_id in refused]:
            words_of_new -= count_words(not_new)
        for unique_id, reason in refused.items():
            arrival = arrivals.pop(unique_id)
            rejected.append((arrival.media, reason))
        # The unique index tells what one database knows already; asking first pays where there is much of it.
        self._expects_new = not known and len(self._databases.databases) == 1
        unreached = await self._add_sources(arrivals, known)
        return outcome_of(arrivals, known, words_of_new, rejected, unreached)

    async def _insert_all(self, insertions: Iterable[_Insertion]) -> None:
        """Insert parts of a batch at the same time: while a server stores one, the names of the next are taken apart.

        Every part comes to its end, whatever becomes of the others.
        """
        ends = await asyncio.gather(*map(self._insert, insertions), return_exceptions=True)
        failures = [end for end in ends if end is not None]
        if failures:
            raise next((failure for failure in failures if not isinstance(failure, FileFilterError)), failures[0])

    async def _insert(self, insertion: _Insertion) -> None:
        """Insert what is new; what a database refuses or does not confirm goes to another one."""
        tried: set[int] = set()
        for _ in range(_TRIES + len(self._databases.databases)):
            if not insertion.waiting:
                return
            records = [record_of(arrival, self._ids.next()) for arrival in insertion.waiting.values()]
            load = _load_of(records)
            with self._routing.choose(len(records), load=load, pinned=insertion.pinned, tried=tried) as ticket:
                try:
                    stored = await _insert_into(ticket.database, records, insertion)
                except DatabaseUnavailableError as error:
                    ticket.failed(error)
                    if len(self._databases.databases) == 1:
                        raise
                    tried.add(ticket.database.number)
                    await self._note_confirmed(ticket.database, insertion, error)
                else:
                    ticket.written(load if stored is records else _load_of(stored))
        for unique_id in list(insertion.waiting):
            insertion.refuse(unique_id, "no_free_id")

    async def _note_confirmed(
        self, database: DatabaseConnectionPool, insertion: _Insertion, error: DatabaseUnavailableError
    ) -> None:
        """Look, where an insert had no usable answer, what is stored after all; what nobody can tell goes elsewhere."""
        with suppress(DatabaseUnavailableError):
            insertion.note_confirmed(await _known_in(database, list(insertion.waiting)))
        self._log.warning(
            "batch_goes_elsewhere", database=database.number, files=len(insertion.waiting), detail=str(error)
        )

    async def _add_sources(
        self, arrivals: Mapping[str, Arrival], known: Mapping[str, KnownMedia]
    ) -> list[tuple[int, NewMedia]]:
        """Give known files their posts; returns, by database, the posts that could not be added now."""
        unreached: list[tuple[int, NewMedia]] = []
        by_database: dict[int, list[Arrival]] = {}
        for unique_id, arrival in arrivals.items():
            if unique_id in known:
                by_database.setdefault(known[unique_id].database, []).append(arrival)
        for number, group in by_database.items():
            operations = [
                operation for arrival in group for operation in known_updates(arrival, known[arrival.media.unique_id])
            ]
            if not operations:
                continue
            database = self._databases.database(number)
            try:
                await database.bulk_write(COLLECTION, operations, ordered=False, idempotent=True)
            except DatabaseUnavailableError:
                if len(self._databases.databases) == 1:
                    raise
                unreached += [(number, post) for arrival in group for post in arrival.posts(known)]
            else:
                self._routing.note_growth(number, len(operations) * _SOURCE_BYTES)
        return unreached


async def _insert_into(
    database: DatabaseConnectionPool, records: Sequence[NewRecord], insertion: _Insertion
) -> Sequence[NewRecord]:
    """What was stored. A duplicate that is not stored under its unique id met another file's id: it stays waiting."""
    try:
        await database.insert_many(COLLECTION, [record.encoded for record in records], ordered=False)
    except BulkWriteError as error:
        failed = {failure["index"]: failure["code"] for failure in error.details["writeErrors"]}
    else:
        insertion.note_stored(records)
        return records
    stored = [record for index, record in enumerate(records) if index not in failed]
    insertion.note_stored(stored)
    repeated: list[str] = []
    for index, code in failed.items():
        unique_id = records[index].unique_id
        if code == _DUPLICATE_KEY:
            repeated.append(unique_id)
        else:
            insertion.refuse(unique_id, "database_refused")
    insertion.note_known(await _known_in(database, repeated))
    return stored


async def _known_in(database: DatabaseConnectionPool, unique_ids: Sequence[str]) -> dict[str, KnownMedia]:
    """Those of `unique_ids` that one database holds, by one query; without the unique index it cannot say."""
    if not unique_ids:
        return {}
    try:
        found = await database.find(
            COLLECTION,
            {UNIQUE_ID: {"$in": list(unique_ids)}},
            projection={UNIQUE_ID: 1, SOURCES: 1, EDITED_AT: 1, DEAD: 1},
            hint=UNIQUE_INDEX,
        )
    except OperationFailure as error:
        if error.code == _BAD_HINT:
            raise DatabaseUnavailableError(f"database {database.number} has no unique index yet") from error
        raise
    number = database.number
    return {
        document[UNIQUE_ID]: KnownMedia(
            document[ID], number, sources_of(document), document.get(EDITED_AT, 0), DEAD in document
        )
        for document in found
    }


def _parts(waiting: dict[str, Arrival]) -> Iterator[dict[str, Arrival]]:
    items = list(waiting.items())
    for start in range(0, len(items), _PART):
        yield dict(items[start : start + _PART])


def _by_pin(fresh: Mapping[str, Arrival], pins: Mapping[int, int]) -> dict[int | None, dict[str, Arrival]]:
    if not pins:
        return {None: dict(fresh)}
    groups: dict[int | None, dict[str, Arrival]] = {}
    for unique_id, arrival in fresh.items():
        groups.setdefault(pins.get(arrival.media.source.channel_id), {})[unique_id] = arrival
    return groups


def _load_of(records: Sequence[NewRecord]) -> WriteLoad:
    words = sum(record.words for record in records)
    size = sum(len(record.encoded.raw) for record in records)
    return WriteLoad(len(records), size, index_bytes(len(records), words))
