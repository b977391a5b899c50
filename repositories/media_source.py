"""The posts that files of the library name as their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import DatabaseUnavailableError
from repositories.media_document import CHANNEL, COLLECTION, EDITED_AT, ID, MESSAGE, SOURCES, UNIQUE_ID, sources_of

if TYPE_CHECKING:
    from core.database.multi_pool import Answers, MultiDatabaseManager
    from core.database.pool import Document

_FIELDS = {UNIQUE_ID: 1, EDITED_AT: 1, SOURCES: 1}


@dataclass(frozen=True, slots=True)
class StoredPost:
    """What the library has of one post.

    Attributes:
        unique_ids: of the files that name it; more than one where a change was cut short.
        edited_at: unix seconds of the newest edit that was applied to one of them, 0 for none.
    """

    unique_ids: frozenset[str]
    edited_at: int


class MediaSourceRepository:
    """Every method raises DatabaseUnavailableError unless every database answers: one alone may hold the post."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases

    async def stored(self, channel_id: int, first: int, last: int) -> dict[int, StoredPost]:
        """The posts from `first` to `last` of a channel that are sources of files, by message id."""
        wanted = {SOURCES: {"$elemMatch": {CHANNEL: channel_id, MESSAGE: {"$gte": first, "$lte": last}}}}
        answers = await self._databases.ask_all(lambda pool: pool.find(COLLECTION, wanted, projection=_FIELDS))
        _insist(answers)
        posts: dict[int, StoredPost] = {}
        for document in (document for found in answers.by_number.values() for document in found):
            for source in sources_of(document):
                if source.channel_id == channel_id and first <= source.message_id <= last:
                    posts[source.message_id] = _join(posts.get(source.message_id), document)
        return posts

    async def has_before(self, channel_id: int, message_id: int) -> bool:
        """Whether an earlier post of a channel is a source of a file."""
        wanted = {SOURCES: {"$elemMatch": {CHANNEL: channel_id, MESSAGE: {"$lt": message_id}}}}
        answers = await self._databases.ask_all(lambda pool: pool.find(COLLECTION, wanted, projection={ID: 1}, limit=1))
        _insist(answers)
        return any(answers.by_number.values())


def _join(known: StoredPost | None, document: Document) -> StoredPost:
    edited_at = document.get(EDITED_AT, 0)
    if known is None:
        return StoredPost(frozenset((document[UNIQUE_ID],)), edited_at)
    return StoredPost(known.unique_ids | {document[UNIQUE_ID]}, max(known.edited_at, edited_at))


def _insist(answers: Answers[list[Document]]) -> None:
    if answers.missing:
        raise DatabaseUnavailableError(f"without an answer from database {', '.join(map(str, answers.missing))}")
