"""Storing many files at once: one question which are known, one insert, one update of sources.

Where a file lives is asked of every database at once; one that does not answer stops nothing. A file that it holds may
then be stored a second time elsewhere, which a search shows once and the repair job undoes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bson
import structlog
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from core.database.capacity import WriteLoad, index_bytes
from core.domain.indexing import BatchOutcome
from core.errors import DatabaseUnavailableError, FileFilterError
from core.search.words import TITLE_MARK, file_words
from repositories.media_document import (
    COLLECTION,
    DEAD,
    EDITED_AT,
    ID,
    LAST_SOURCE_SLOT,
    MAX_SOURCES,
    SOURCES,
    UNIQUE_ID,
    UNIQUE_INDEX,
    WORDS,
    UnstorableMediaError,
    check_storable,
    content_fields,
    edit_update,
    older_than,
    source_document,
    sources_of,
    to_document,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool, Document
    from core.database.write_routing import WriteRouting
    from core.domain.media import MediaSource, NewMedia
    from core.domain.media_id import MediaIdSource

_DUPLICATE_KEY = 11000
_BAD_HINT = 2
_TRIES = 5
_SOURCE_BYTES = 45
_PART = 50


@dataclass(frozen=True, slots=True)
class KnownMedia:
    """What a batch has to know of a stored file.

    Attributes:
        id: as in `MediaFile`.
        database: number of the one that holds it; of two, the one with the older record.
        edited_at: unix seconds of the newest edit applied, 0 for none.
        is_dead: it was given up; a new post brings it back.
    """

    id: int
    database: int
    sources: tuple[MediaSource, ...]
    edited_at: int
    is_dead: bool


@dataclass(slots=True)
class _Arrival:
    """The posts of one file within a batch; `media` is the one that names it."""

    media: NewMedia
    sources: dict[MediaSource, None]
    repeats: int = 0
    _words: list[str] | None = None

    @property
    def words(self) -> list[str]:
        """What the file is found under; taken apart once."""
        if self._words is None:
            self._words = file_words(self.media.name, self.media.caption)
        return self._words

    def join(self, other: NewMedia) -> None:
        """Add a later post of the same file; only an edit of a post that is already here changes the name."""
        self.repeats += 1
        if other.source in self.sources and other.edited_at > self.media.edited_at:
            self.media, self._words = other, None
        self.sources[other.source] = None

    def posts(self, known: Mapping[str, KnownMedia]) -> list[NewMedia]:
        """One post for each source, as `MediaRepository.apply_edit` takes it; only a known post may rename the file."""
        stored = known[self.media.unique_id].sources
        return [
            replace(self.media, source=source, edited_at=self.media.edited_at if source in stored else 0)
            for source in self.sources
        ]


@dataclass(slots=True)
class _Insertion:
    """New files on their way into a database.

    Attributes:
        waiting: what is not stored yet, by unique id.
        known: what the batch knows to be stored; grows by what other writers stored meanwhile.
        refused: reasons by unique id.
        pinned: number of the database that the files' channels are pinned to.
    """

    waiting: dict[str, _Arrival]
    known: dict[str, KnownMedia]
    refused: dict[str, str]
    pinned: int | None

    def note_stored(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self.waiting.pop(document[UNIQUE_ID])

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

    async def save_batch(self, items: Sequence[NewMedia], pins: Mapping[int, int] | None = None) -> BatchOutcome:
        """Store files and sources; a bad file is rejected alone.

        A known file gains the post as a source, up to ten, and keeps its first name and caption, unless the post was
        edited since. The same file twice in a batch is one file. What one database refuses or does not confirm is
        stored in another one, where there is one.

        Args:
            items: posts of any channels.
            pins: by channel, the number of the database that takes its new files while it is healthy and has room.

        Raises:
            LibraryFullError: new files are left over, and no database has room for them.
            DatabaseUnavailableError: a part may be stored; save the same batch again.
        """
        await self._routing.prepare()
        arrivals, rejected = _group(items)
        known = await self.batch_duplicate_check(arrivals)
        fresh = {unique_id: arrival for unique_id, arrival in arrivals.items() if unique_id not in known}
        refused: dict[str, str] = {}
        await self._insert_all(
            _Insertion(part, known, refused, pinned)
            for pinned, waiting in _by_pin(fresh, pins or {}).items()
            for part in _parts(waiting)
        )
        for unique_id, reason in refused.items():
            arrival = arrivals.pop(unique_id)
            rejected.append((arrival.media, reason))
        unreached = await self._add_sources(arrivals, known)
        return _outcome(arrivals, known, rejected, unreached)

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
            documents = [_document(arrival, self._ids.next()) for arrival in insertion.waiting.values()]
            with self._routing.choose(
                len(documents), load=_load_of(documents), pinned=insertion.pinned, tried=tried
            ) as ticket:
                try:
                    stored = await _insert_into(ticket.database, documents, insertion)
                except DatabaseUnavailableError as error:
                    ticket.failed(error)
                    if len(self._databases.databases) == 1:
                        raise
                    tried.add(ticket.database.number)
                    await self._note_confirmed(ticket.database, insertion, error)
                else:
                    ticket.written(_load_of(stored))
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
        self, arrivals: Mapping[str, _Arrival], known: Mapping[str, KnownMedia]
    ) -> list[tuple[int, NewMedia]]:
        """Give known files their posts; returns, by database, the posts that could not be added now."""
        unreached: list[tuple[int, NewMedia]] = []
        by_database: dict[int, list[_Arrival]] = {}
        for unique_id, arrival in arrivals.items():
            if unique_id in known:
                by_database.setdefault(known[unique_id].database, []).append(arrival)
        for number, group in by_database.items():
            operations = [
                operation for arrival in group for operation in _known_updates(arrival, known[arrival.media.unique_id])
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
    database: DatabaseConnectionPool, documents: Sequence[Document], insertion: _Insertion
) -> Sequence[Document]:
    """What was stored. A duplicate that is not stored under its unique id met another file's id: it stays waiting."""
    try:
        await database.insert_many(COLLECTION, documents, ordered=False)
    except BulkWriteError as error:
        failed = {failure["index"]: failure["code"] for failure in error.details["writeErrors"]}
    else:
        insertion.note_stored(documents)
        return documents
    stored = [document for index, document in enumerate(documents) if index not in failed]
    insertion.note_stored(stored)
    repeated: list[str] = []
    for index, code in failed.items():
        unique_id = documents[index][UNIQUE_ID]
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


def _parts(waiting: dict[str, _Arrival]) -> Iterator[dict[str, _Arrival]]:
    items = list(waiting.items())
    for start in range(0, len(items), _PART):
        yield dict(items[start : start + _PART])


def _outcome(
    arrivals: Mapping[str, _Arrival],
    known: Mapping[str, KnownMedia],
    rejected: Sequence[tuple[NewMedia, str]],
    unreached: Sequence[tuple[int, NewMedia]],
) -> BatchOutcome:
    new = [arrival for unique_id, arrival in arrivals.items() if unique_id not in known]
    renamed = [a.media for unique_id, a in arrivals.items() if unique_id in known and _renames(a, known[unique_id])]
    words = Counter(word for arrival in new for word in arrival.words if not word.startswith(TITLE_MARK))
    repeats = sum(arrival.repeats for arrival in arrivals.values())
    return BatchOutcome(
        len(new),
        len(arrivals) - len(new) + repeats,
        tuple(rejected),
        tuple(unreached),
        words,
        [(media.unique_id, media.name) for media in (*(arrival.media for arrival in new), *renamed)],
    )


def _renames(arrival: _Arrival, known: KnownMedia) -> bool:
    """Whether the file may have another name now."""
    return known.is_dead or (arrival.media.source in known.sources and arrival.media.edited_at > known.edited_at)


def _by_pin(fresh: Mapping[str, _Arrival], pins: Mapping[int, int]) -> dict[int | None, dict[str, _Arrival]]:
    groups: dict[int | None, dict[str, _Arrival]] = {}
    for unique_id, arrival in fresh.items():
        groups.setdefault(pins.get(arrival.media.source.channel_id), {})[unique_id] = arrival
    return groups


def _load_of(documents: Sequence[Document]) -> WriteLoad:
    words = sum(len(document[WORDS]) for document in documents)
    size = sum(len(bson.encode(document)) for document in documents)
    return WriteLoad(len(documents), size, index_bytes(len(documents), words))


def _group(items: Sequence[NewMedia]) -> tuple[dict[str, _Arrival], list[tuple[NewMedia, str]]]:
    arrivals: dict[str, _Arrival] = {}
    rejected: list[tuple[NewMedia, str]] = []
    for item in items:
        try:
            check_storable(item)
        except UnstorableMediaError as error:
            rejected.append((item, str(error)))
            continue
        if item.unique_id in arrivals:
            arrivals[item.unique_id].join(item)
        else:
            arrivals[item.unique_id] = _Arrival(item, {item.source: None})
    return arrivals, rejected


def _document(arrival: _Arrival, media_id: int) -> Document:
    document = to_document(arrival.media, media_id, arrival.words)
    document[SOURCES] = [source_document(source) for source in list(arrival.sources)[:MAX_SOURCES]]
    return document


def _known_updates(arrival: _Arrival, known: KnownMedia) -> list[UpdateOne]:
    unique_id, sources = arrival.media.unique_id, list(arrival.sources)[:MAX_SOURCES]
    if known.is_dead:
        revived = {**content_fields(arrival.media), SOURCES: [source_document(source) for source in sources]}
        return [UpdateOne({UNIQUE_ID: unique_id, DEAD: 1}, {"$set": revived, "$unset": {DEAD: ""}})]
    updates = [
        UpdateOne(
            {UNIQUE_ID: unique_id, LAST_SOURCE_SLOT: {"$exists": False}},
            {"$addToSet": {SOURCES: source_document(source)}},
        )
        for source in sources
        if source not in known.sources
    ]
    media = arrival.media
    if media.source in known.sources and media.edited_at > known.edited_at:
        updates.append(UpdateOne({UNIQUE_ID: unique_id, **older_than(media.edited_at)}, edit_update(media)))
    return updates
