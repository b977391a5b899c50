"""Storing many files at once: one question which are known, one insert, one update of sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from core.domain.indexing import BatchOutcome
from repositories.media_document import (
    COLLECTION,
    DEAD,
    EDITED_AT,
    ID,
    LAST_SOURCE_SLOT,
    MAX_SOURCES,
    SOURCES,
    UNIQUE_ID,
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
    from collections.abc import Iterable, Mapping, Sequence

    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.media import MediaSource, NewMedia
    from core.domain.media_id import MediaIdSource

_DUPLICATE_KEY = 11000
_TRIES = 5


@dataclass(frozen=True, slots=True)
class KnownMedia:
    """What a batch has to know of a stored file.

    Attributes:
        edited_at: unix seconds of the newest edit applied, 0 for none.
        is_dead: it was given up; a new post brings it back.
    """

    sources: tuple[MediaSource, ...]
    edited_at: int
    is_dead: bool


@dataclass(slots=True)
class _Arrival:
    """The posts of one file within a batch; `media` is the one that names it."""

    media: NewMedia
    sources: dict[MediaSource, None]
    repeats: int = 0

    def join(self, other: NewMedia) -> None:
        """Add a later post of the same file; only an edit of a post that is already here changes the name."""
        self.repeats += 1
        if other.source in self.sources and other.edited_at > self.media.edited_at:
            self.media = other
        self.sources[other.source] = None


class MediaBatchRepository:
    """Stores batches; storing a batch again changes nothing, so a lost answer is settled by a repetition."""

    def __init__(self, pool: DatabaseConnectionPool, ids: MediaIdSource) -> None:
        self._pool = pool
        self._ids = ids

    async def batch_duplicate_check(self, unique_ids: Iterable[str]) -> dict[str, KnownMedia]:
        """The stored ones among Telegram's `file_unique_id`s, by one query.

        Raises:
            DatabaseUnavailableError: the database did not answer.
        """
        wanted = list(dict.fromkeys(unique_ids))
        if not wanted:
            return {}
        found = await self._pool.find(
            COLLECTION,
            {UNIQUE_ID: {"$in": wanted}},
            projection={UNIQUE_ID: 1, SOURCES: 1, EDITED_AT: 1, DEAD: 1, ID: 0},
        )
        return {
            document[UNIQUE_ID]: KnownMedia(sources_of(document), document.get(EDITED_AT, 0), DEAD in document)
            for document in found
        }

    async def save_batch(self, items: Sequence[NewMedia]) -> BatchOutcome:
        """Store files and sources; a bad file is rejected alone.

        A known file gains the post as a source, up to ten, and keeps its first name and caption, unless the post was
        edited since. The same file twice in a batch is one file.

        Raises:
            DatabaseUnavailableError: a part may be stored; save the same batch again.
        """
        arrivals, rejected = _group(items)
        known = await self.batch_duplicate_check(arrivals)
        fresh = {unique_id: arrival for unique_id, arrival in arrivals.items() if unique_id not in known}
        refused = await self._insert(fresh, known)
        for unique_id, reason in refused.items():
            arrival = arrivals.pop(unique_id)
            rejected.append((arrival.media, reason))
        await self._add_sources(arrivals, known)
        new = sum(unique_id not in known for unique_id in arrivals)
        repeats = sum(arrival.repeats for arrival in arrivals.values())
        return BatchOutcome(new=new, known=len(arrivals) - new + repeats, rejected=tuple(rejected))

    async def _insert(self, fresh: Mapping[str, _Arrival], known: dict[str, KnownMedia]) -> dict[str, str]:
        """Insert what is new; what another writer stored meanwhile moves to `known`.

        Returns:
            The unique ids the database refused, with reasons.
        """
        refused: dict[str, str] = {}
        waiting = dict(fresh)
        for _ in range(_TRIES):
            if not waiting:
                return refused
            documents = [_document(arrival, self._ids.next()) for arrival in waiting.values()]
            repeated = await self._insert_documents(documents, refused)
            found = await self.batch_duplicate_check(repeated)
            known.update(found)
            # A duplicate that is not stored under its unique id met the id of another file: it takes the next one.
            waiting = {unique_id: fresh[unique_id] for unique_id in repeated if unique_id not in found}
        refused.update(dict.fromkeys(waiting, "no_free_id"))
        return refused

    async def _insert_documents(self, documents: Sequence[Document], refused: dict[str, str]) -> list[str]:
        """Returns the unique ids that met a duplicate key; notes other refusals in `refused`."""
        try:
            await self._pool.insert_many(COLLECTION, documents, ordered=False)
        except BulkWriteError as error:
            repeated: list[str] = []
            for failure in error.details["writeErrors"]:
                unique_id = documents[failure["index"]][UNIQUE_ID]
                if failure["code"] == _DUPLICATE_KEY:
                    repeated.append(unique_id)
                else:
                    refused[unique_id] = "database_refused"
            return repeated
        return []

    async def _add_sources(self, arrivals: Mapping[str, _Arrival], known: Mapping[str, KnownMedia]) -> None:
        operations = [
            operation
            for unique_id, arrival in arrivals.items()
            if unique_id in known
            for operation in _known_updates(arrival, known[unique_id])
        ]
        if operations:
            await self._pool.bulk_write(COLLECTION, operations, ordered=False, idempotent=True)


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
    document = to_document(arrival.media, media_id)
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
