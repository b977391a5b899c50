"""How other filter bots store and search, written anew from descriptions of them.

Every peer has a database of its own with its own fields and indexes, and the driver's asynchronous client with nothing
around it. None of them bounds its time or its count.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pymongo import ASCENDING, DESCENDING, TEXT, AsyncMongoClient, IndexModel

from benchmarks.search_engines import PATIENCE_S, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.domain.media import NewMedia

    Record = dict[str, Any]

_COLLECTION = "files"
_CONNECTIONS = 100
_FIRST_POST_S = 1_600_000_000
_BETWEEN_POSTS_S = 13
_SEASON_EPISODE = re.compile(r"s(\d{1,2})[ ._-]*e(\d{1,3})", re.IGNORECASE)
_RESOLUTION = re.compile(r"(\d{3,4}p)", re.IGNORECASE)
_MIME = {1: "video/x-matroska", 2: "audio/mpeg", 3: "application/pdf", 4: "image/jpeg", 5: "video/mp4"}


class Peer:
    """Storing by one question which files are known and one insert of the others; searching by count and find."""

    name: str
    is_slow = True
    page_size: ClassVar[int] = 10
    newest_first: ClassVar[tuple[str, int]]
    indexes: ClassVar[Sequence[IndexModel]]
    key: ClassVar[str] = "_id"

    def __init__(self, mongo_uri: str, database: str) -> None:
        self.database = database
        self._client: AsyncMongoClient[Record] = AsyncMongoClient(
            mongo_uri, maxPoolSize=_CONNECTIONS, timeoutMS=PATIENCE_S * 1000
        )
        self._files = self._client[database][_COLLECTION]
        self._offered = 0

    async def open(self) -> Self:
        """Build its indexes."""
        await self._files.create_indexes(list(self.indexes))
        return self

    def prepare(self, batch: Sequence[NewMedia]) -> list[Record]:
        """See `Engine`."""
        records = [self.record(media, self._offered + at) for at, media in enumerate(batch)]
        self._offered += len(batch)
        return records

    async def save(self, prepared: Sequence[Record]) -> None:
        """See `Engine`."""
        ids = [record[self.key] for record in prepared]
        found = await self._files.find({self.key: {"$in": ids}}, {self.key: 1}).to_list()
        known = {record[self.key] for record in found}
        fresh = [record for record in prepared if record[self.key] not in known]
        if fresh:
            await self._files.insert_many(fresh, ordered=False)

    async def first_page(self, text: str) -> Answer:
        """See `Engine`."""
        matches = self.matches(text)
        total = await self._files.count_documents(matches)
        page = await self._files.find(matches).sort([self.newest_first]).limit(self.page_size).to_list()
        return Answer(bool(total and page))

    async def close(self) -> None:
        """See `Engine`."""
        await self._client.close()

    def record(self, media: NewMedia, number: int) -> Record:
        """What it stores of a file; numbers follow the order of posts."""
        raise NotImplementedError

    def matches(self, text: str) -> Mapping[str, Any]:
        """The filter of a search."""
        raise NotImplementedError


_LEAN = (
    IndexModel([("file_unique_id", ASCENDING)], unique=True),
    IndexModel([("indexed_at", DESCENDING)]),
    IndexModel([("indexed_at", ASCENDING)]),
    IndexModel([("file_type", ASCENDING), ("indexed_at", DESCENDING)]),
    IndexModel([("season", ASCENDING), ("episode", ASCENDING)], sparse=True),
    IndexModel([("season", ASCENDING), ("episode", ASCENDING), ("resolution", ASCENDING)], sparse=True),
    IndexModel([("episode", ASCENDING)], sparse=True),
    IndexModel([("resolution", ASCENDING)], sparse=True),
    IndexModel([("resolution", ASCENDING), ("indexed_at", DESCENDING)], sparse=True),
    IndexModel([("file_name", TEXT), ("caption", TEXT)]),
)
"""The ten of the reference bot's indexes that have to do with searching and with knowing a file again."""


class ReferenceBot(Peer):
    """Words in their order, in name or caption, by an unanchored regular expression; newest first by date."""

    name = "reference"
    page_size = 12
    newest_first = ("indexed_at", DESCENDING)
    key = "file_unique_id"
    indexes: ClassVar[Sequence[IndexModel]] = (
        *_LEAN,
        IndexModel([("file_type", ASCENDING), ("file_size", DESCENDING)]),
        IndexModel([("file_type", ASCENDING), ("file_name", ASCENDING)]),
        IndexModel([("file_size", ASCENDING)]),
        IndexModel([("file_ref", ASCENDING)], unique=True, sparse=True),
        IndexModel([("channel_id", ASCENDING), ("indexed_at", DESCENDING)]),
        IndexModel([("resolution", ASCENDING), ("file_type", ASCENDING)], sparse=True),
    )

    def record(self, media: NewMedia, number: int) -> Record:
        """See `Peer`."""
        pair, resolution = _SEASON_EPISODE.search(media.name), _RESOLUTION.search(media.name)
        posted = datetime.fromtimestamp(_FIRST_POST_S + number * _BETWEEN_POSTS_S, UTC).isoformat()
        return {
            "_id": media.file_id,
            "file_unique_id": media.unique_id,
            "file_ref": media.file_id[-36:],
            "file_name": media.name,
            "file_size": media.size,
            "file_type": media.kind.name.lower(),
            "mime_type": _MIME[media.kind],
            "caption": media.caption,
            "indexed_at": posted,
            "updated_at": posted,
            "resolution": resolution[1].lower() if resolution else None,
            "episode": pair[2].zfill(2) if pair else None,
            "season": pair[1].zfill(2) if pair else None,
        }

    def matches(self, text: str) -> Mapping[str, Any]:
        """See `Peer`; season, episode and resolution are compared, not searched for."""
        query = re.sub(r"[\s_.+-]+", " ", text).strip()
        facts: Record = {}
        if pair := _SEASON_EPISODE.search(query):
            facts = {"season": pair[1].zfill(2), "episode": pair[2].zfill(2)}
        if resolution := _RESOLUTION.search(query):
            facts["resolution"] = resolution[1].lower()
        words = _RESOLUTION.sub("", _SEASON_EPISODE.sub("", query)).split() or query.split()
        edge = r"(\b|[\.\+\-\s_])"
        pattern = {"$regex": edge + r"[\s\.\+\-_]+".join(map(re.escape, words)) + edge, "$options": "i"}
        either = {"$or": [{"file_name": pattern}, {"caption": pattern}]}
        return {"$and": [either, facts]} if facts else either


class LeanReferenceBot(ReferenceBot):
    """The same without indexes for lists by size, type, channel and reference; only stores."""

    name = "lean reference"
    indexes = _LEAN


class EvaMaria(Peer):
    """Words in their order anywhere in the name, by an unescaped regular expression; newest first as stored."""

    name = "evamaria"
    newest_first = ("$natural", DESCENDING)
    indexes = (IndexModel([("file_name", TEXT)]),)

    def record(self, media: NewMedia, number: int) -> Record:
        """See `Peer`; separators of the name become spaces."""
        del number
        return {
            "_id": media.file_id[:38],
            "file_ref": media.file_id[-36:],
            "file_name": re.sub(r"[_.+-]", " ", media.name),
            "file_size": media.size,
            "file_type": media.kind.name.lower(),
            "mime_type": _MIME[media.kind],
            "caption": media.caption,
        }

    def matches(self, text: str) -> Mapping[str, Any]:
        """See `Peer`."""
        edge = r"(\b|[\.\+\-_])"
        pattern = text.replace(" ", r".*[\s\.\+\-_]") if " " in text else edge + text + edge
        return {"file_name": re.compile(pattern, re.IGNORECASE)}


class TextIndex(Peer):
    """MongoDB's own text index with every word required; newest first."""

    name = "$text"
    newest_first = ("_id", DESCENDING)
    key = "u"
    indexes = (
        IndexModel([("u", ASCENDING)], unique=True),
        IndexModel([("n", TEXT), ("c", TEXT)], default_language="none"),
    )

    def record(self, media: NewMedia, number: int) -> Record:
        """See `Peer`."""
        source = {"ch": media.source.channel_id, "mi": media.source.message_id}
        return {
            "_id": _FIRST_POST_S + number,
            "u": media.unique_id,
            "f": media.file_id,
            "n": media.name,
            **({"c": media.caption} if media.caption else {}),
            "s": media.size,
            "k": int(media.kind),
            **source,
        }

    def matches(self, text: str) -> Mapping[str, Any]:
        """See `Peer`."""
        return {"$text": {"$search": " ".join(f'"{word}"' for word in text.split())}}


PEERS: Sequence[type[Peer]] = (ReferenceBot, EvaMaria, TextIndex)
