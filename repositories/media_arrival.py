"""The posts of one file within a batch, and what they mean for its record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne

from core.domain.indexing import BatchOutcome
from core.domain.media import NO_POST
from core.search.words import TITLE_MARK, file_words
from repositories.media_document import (
    DEAD,
    LAST_SOURCE_SLOT,
    LENT,
    MAX_SOURCES,
    METADATA,
    SOURCES,
    UNIQUE_ID,
    UnstorableMediaError,
    check_storable,
    content_fields,
    edit_update,
    older_than,
    source_document,
    to_document,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.domain.media import MediaSource, NewMedia


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
class Arrival:
    """The posts of one file within a batch, none where it is only imported; `media` is the one that names it."""

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
        self.sources |= _posts_of(other)

    def posts(self, known: Mapping[str, KnownMedia]) -> list[NewMedia]:
        """One post for each source, as `MediaRepository.apply_edit` takes it; only a known post may rename the file."""
        stored = known[self.media.unique_id].sources
        return [
            replace(self.media, source=source, edited_at=self.media.edited_at if source in stored else 0)
            for source in self.sources
        ]


def group_arrivals(
    items: Sequence[NewMedia], words: Sequence[list[str]] | None = None
) -> tuple[dict[str, Arrival], list[tuple[NewMedia, str]]]:
    """(the posts by unique id, what no record can hold and why)."""
    arrivals: dict[str, Arrival] = {}
    rejected: list[tuple[NewMedia, str]] = []
    for number, item in enumerate(items):
        try:
            check_storable(item)
        except UnstorableMediaError as error:
            rejected.append((item, str(error)))
            continue
        if item.unique_id in arrivals:
            arrivals[item.unique_id].join(item)
        else:
            known_words = None if words is None else words[number]
            arrivals[item.unique_id] = Arrival(item, _posts_of(item), 0, known_words)
    return arrivals, rejected


def _posts_of(item: NewMedia) -> dict[MediaSource, None]:
    return {} if item.source == NO_POST else {item.source: None}


def count_words(arrivals: Iterable[Arrival]) -> Counter[str]:
    """How many of the files have each word, whole titles left out."""
    words = Counter(chain.from_iterable(arrival.words for arrival in arrivals))
    for title in [word for word in words if word[0] == TITLE_MARK]:
        del words[title]
    return words


def outcome_of(
    arrivals: Mapping[str, Arrival],
    known: Mapping[str, KnownMedia],
    words: Mapping[str, int],
    rejected: Sequence[tuple[NewMedia, str]],
    unreached: Sequence[tuple[int, NewMedia]],
) -> BatchOutcome:
    """What became of the posts, once all that are not `known` are stored; `words` are those of the new files."""
    new = [arrival for unique_id, arrival in arrivals.items() if unique_id not in known]
    renamed = [a.media for unique_id, a in arrivals.items() if unique_id in known and _renames(a, known[unique_id])]
    repeats = sum(arrival.repeats for arrival in arrivals.values())
    return BatchOutcome(
        len(new),
        len(arrivals) - len(new) + repeats,
        tuple(rejected),
        tuple(unreached),
        words,
        [(media.unique_id, media.name) for media in (*(arrival.media for arrival in new), *renamed)],
    )


def _renames(arrival: Arrival, known: KnownMedia) -> bool:
    """Whether the file may have another name now."""
    renamed = arrival.media.source in known.sources and arrival.media.edited_at > known.edited_at
    return renamed or (known.is_dead and bool(arrival.sources))


class NewRecord(NamedTuple):
    """A new file as it is sent to a database: encoded once, so that its size is known and the driver only copies it.

    Attributes:
        unique_id: Telegram's.
        encoded: the whole record.
        words: how many it is found under.
    """

    unique_id: str
    encoded: RawBSONDocument
    words: int


def record_of(arrival: Arrival, media_id: int) -> NewRecord:
    """The record of a new file with all its posts."""
    media, words = arrival.media, arrival.words
    document = to_document(media, media_id, words, list(arrival.sources)[:MAX_SOURCES])
    return NewRecord(media.unique_id, RawBSONDocument(bson.encode(document)), len(words))


def known_updates(arrival: Arrival, known: KnownMedia) -> list[UpdateOne]:
    """What gives a known file its posts, a newer name, or its place back when it was given up.

    An import changes nothing.
    """
    unique_id, sources = arrival.media.unique_id, list(arrival.sources)[:MAX_SOURCES]
    if not sources:
        return []
    if known.is_dead:
        gone = (DEAD, METADATA) if arrival.media.is_caption_lent else (DEAD, METADATA, LENT)
        revived = {**content_fields(arrival.media), SOURCES: [source_document(source) for source in sources]}
        return [UpdateOne({UNIQUE_ID: unique_id, DEAD: 1}, {"$set": revived, "$unset": dict.fromkeys(gone, "")})]
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
