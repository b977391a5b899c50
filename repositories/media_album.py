"""The stored files of an album, and the caption that they share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo import UpdateOne

from core.search.hashes import word_hashes
from core.search.words import file_words
from repositories.media_document import (
    ALBUM,
    CAPTION,
    CHANNEL,
    DEAD,
    LENT,
    MESSAGE,
    NAME,
    SOURCES,
    UNIQUE_ID,
    WORDS,
    sources_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import Document

_FIELDS = {UNIQUE_ID: 1, NAME: 1, CAPTION: 1, LENT: 1, ALBUM: 1, SOURCES: 1}


@dataclass(frozen=True, slots=True)
class AlbumPart:
    """One stored file of an album.

    Attributes:
        message_id: of its post there.
        is_lent: its caption is that of another file of the album.
        database: number of the one that holds it.
    """

    unique_id: str
    album_id: int
    message_id: int
    name: str
    caption: str | None
    is_lent: bool
    database: int


class MediaAlbumRepository:
    """Reads and writes what files of an album have in common, in every database that answers."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases

    async def parts(
        self, channel_id: int, albums: Iterable[int], message_ids: Iterable[int]
    ) -> dict[int, list[AlbumPart]]:
        """The stored files of albums of a channel, by album; only posts among `message_ids` are looked at.

        Raises:
            DatabaseUnavailableError: no database answered.
        """
        posts = sorted(message_ids)
        wanted = {
            SOURCES: {"$elemMatch": {CHANNEL: channel_id, MESSAGE: {"$in": posts}}},
            ALBUM: {"$in": list(albums)},
            DEAD: {"$exists": False},
        }
        answers = await self._databases.ask_all(lambda pool: pool.find("media_files", wanted, projection=_FIELDS))
        found: defaultdict[int, list[AlbumPart]] = defaultdict(list)
        among = frozenset(posts)
        for number, documents in answers.by_number.items():
            for document in documents:
                part = _to_part(document, channel_id, among, number)
                found[part.album_id].append(part)
        return found

    async def lend(self, changes: Sequence[tuple[AlbumPart, str | None]]) -> None:
        """Give parts without a caption of their own another one, or none; may be repeated.

        Raises:
            DatabaseUnavailableError: a part may be done.
        """
        by_database: defaultdict[int, list[UpdateOne]] = defaultdict(list)
        for part, caption in changes:
            by_database[part.database].append(_lending(part, caption))
        for number, updates in by_database.items():
            await self._databases.database(number).bulk_write("media_files", updates, ordered=False, idempotent=True)


def _to_part(document: Document, channel_id: int, among: frozenset[int], number: int) -> AlbumPart:
    posts = [s.message_id for s in sources_of(document) if s.channel_id == channel_id and s.message_id in among]
    return AlbumPart(
        document[UNIQUE_ID],
        document[ALBUM],
        min(posts),
        document[NAME],
        document.get(CAPTION),
        LENT in document,
        number,
    )


def _lending(part: AlbumPart, caption: str | None) -> UpdateOne:
    """Passes over a part that got a caption of its own meanwhile."""
    without_own = {
        UNIQUE_ID: part.unique_id,
        "$or": [{LENT: {"$exists": True}}, {CAPTION: {"$exists": False}}],
    }
    words = word_hashes(file_words(part.name, caption))
    if caption:
        return UpdateOne(without_own, {"$set": {CAPTION: caption, LENT: 1, WORDS: words}})
    return UpdateOne(without_own, {"$set": {WORDS: words}, "$unset": {CAPTION: "", LENT: ""}})
