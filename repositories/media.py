"""Files of the library: searching, reading, correcting and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pymongo.errors import OperationFailure

from core.errors import DatabaseUnavailableError
from repositories.media_document import (
    CHANNEL,
    COLLECTION,
    DEAD,
    FILE_ID,
    ID,
    LAST_SOURCE_SLOT,
    LISTED,
    MESSAGE,
    SEARCH_INDEX,
    SOURCES,
    UNIQUE_ID,
    WHOLE,
    WORDS,
    UnstorableMediaError,
    edit_update,
    older_than,
    plan_filter,
    source_document,
    sources_of,
    to_listed,
    to_media,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from core.database.pool import DatabaseConnectionPool
    from core.domain.media import ListedFile, MediaFile, MediaSource, NewMedia
    from core.search.plan import SearchPlan

_BAD_HINT = 2
_NEWEST_FIRST = ((ID, -1),)

T = TypeVar("T")


class SearchIndexMissingError(DatabaseUnavailableError):
    """The search index is still being built; searching works once it is there."""

    text_key = "error-library-preparing"


class MediaRepository:
    """Files in one database; every method raises DatabaseUnavailableError when it does not answer.

    A file that cannot be fetched any more is in no answer of this class.
    """

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def search_files(
        self, plan: SearchPlan, limit: int, *, before_id: int | None = None, max_time_ms: int = 1500
    ) -> list[ListedFile]:
        """The newest matches of a plan, newest first.

        Args:
            limit: at least 1.
            plan: see `SearchPlan`.
            before_id: only files older than this one; how a walk goes on.
            max_time_ms: how long the server may search.

        Raises:
            SearchTimeoutError: the search passed `max_time_ms`.
            SearchIndexMissingError: the library is not searchable yet.
        """
        matches = plan_filter(plan)
        if before_id is not None:
            matches[ID] = {"$lt": before_id}
        documents = await _on_index(
            self._pool.find(
                COLLECTION,
                matches,
                projection=LISTED,
                sort=_NEWEST_FIRST,
                limit=limit,
                hint=SEARCH_INDEX,
                max_time_ms=max_time_ms,
            )
        )
        return [to_listed(document) for document in documents]

    async def count_matches(self, plan: SearchPlan, limit: int = 1001, *, max_time_ms: int = 150) -> int:
        """The number of matches of a plan, or `limit` when there are at least so many.

        Raises:
            SearchTimeoutError: counting passed `max_time_ms`.
            SearchIndexMissingError: the library is not searchable yet.
        """
        return await _on_index(
            self._pool.count(COLLECTION, plan_filter(plan), limit=limit, max_time_ms=max_time_ms, hint=SEARCH_INDEX)
        )

    async def list_many(self, ids: Sequence[int]) -> list[ListedFile]:
        """What a result list shows of `ids`, in the order asked; those that are gone are left out."""
        if not ids:
            return []
        found = await self._pool.find(COLLECTION, {ID: {"$in": list(ids)}}, projection={**LISTED, DEAD: 1})
        by_id = {document[ID]: to_listed(document) for document in found if DEAD not in document}
        return [by_id[media_id] for media_id in ids if media_id in by_id]

    async def get_many(self, ids: Sequence[int]) -> list[MediaFile]:
        """The files of `ids` in the order asked; those that are gone are left out."""
        if not ids:
            return []
        found = await self._pool.find(COLLECTION, {ID: {"$in": list(ids)}}, projection=WHOLE)
        by_id = {document[ID]: document for document in found if DEAD not in document}
        return [to_media(by_id[media_id]) for media_id in ids if media_id in by_id]

    async def get(self, media_id: int) -> MediaFile | None:
        """One file; None when it is gone."""
        return await self._get({ID: media_id})

    async def get_by_unique_id(self, unique_id: str) -> MediaFile | None:
        """The file of a Telegram `file_unique_id`; None when it is unknown or gone."""
        return await self._get({UNIQUE_ID: unique_id})

    async def update_file_id(self, media_id: int, file_id: str) -> bool:
        """Heal a record with a fresh file id; False when the file is gone."""
        changed = await self._pool.update_one(COLLECTION, {ID: media_id}, {"$set": {FILE_ID: file_id}}, idempotent=True)
        return changed == 1

    async def apply_edit(self, media: NewMedia) -> bool:
        """Give a file the name and caption of its edited post, unless a newer edit was applied before.

        The post becomes a source of the file; where it held another file until now, that one loses it.

        Returns:
            False when the file is unknown, was given up or cannot be stored so, and has to be saved as a new one.
        """
        try:
            update = edit_update(media)
        except UnstorableMediaError:
            return False
        await self._detach(media.source.channel_id, [media.source.message_id], keep=media.unique_id)
        known = await self._pool.find_one(COLLECTION, {UNIQUE_ID: media.unique_id}, projection={SOURCES: 1, DEAD: 1})
        if known is None or DEAD in known:
            return False
        if media.source not in sources_of(known):
            room = {UNIQUE_ID: media.unique_id, LAST_SOURCE_SLOT: {"$exists": False}}
            added = {"$addToSet": {SOURCES: source_document(media.source)}}
            await self._pool.update_one(COLLECTION, room, added, idempotent=True)
        if media.edited_at:  # without an edit date only views or buttons changed
            matches = {UNIQUE_ID: media.unique_id, **older_than(media.edited_at)}
            await self._pool.update_one(COLLECTION, matches, update, idempotent=True)
        return True

    async def remove_source(self, channel_id: int, message_ids: Sequence[int]) -> int:
        """Forget deleted posts; a file whose last post is gone goes with it.

        Returns:
            How many sources were removed; repeating it removes none.
        """
        return await self._detach(channel_id, message_ids)

    async def mark_dead(self, media_id: int) -> None:
        """Take a file that cannot be fetched any more out of every result; a new post of it brings it back."""
        await self._pool.update_one(
            COLLECTION, {ID: media_id}, {"$set": {DEAD: 1, WORDS: [], SOURCES: []}}, idempotent=True
        )

    async def _get(self, matches: dict[str, Any]) -> MediaFile | None:
        document = await self._pool.find_one(COLLECTION, matches, projection=WHOLE)
        return None if document is None or DEAD in document else to_media(document)

    async def _detach(self, channel_id: int, message_ids: Sequence[int], *, keep: str | None = None) -> int:
        """Remove posts from all files but `keep`, and files that have no post left."""
        wanted = {CHANNEL: channel_id, MESSAGE: {"$in": list(message_ids)}}
        found = await self._pool.find(
            COLLECTION, {SOURCES: {"$elemMatch": wanted}}, projection={SOURCES: 1, UNIQUE_ID: 1}
        )
        holders = [document for document in found if document[UNIQUE_ID] != keep]
        if not holders:
            return 0
        ids = {"$in": [document[ID] for document in holders]}
        await self._pool.update_many(COLLECTION, {ID: ids}, {"$pull": {SOURCES: wanted}}, idempotent=True)
        await self._pool.delete_many(COLLECTION, {ID: ids, SOURCES: {"$size": 0}})
        gone = frozenset(message_ids)
        return sum(_is_of(source, channel_id, gone) for document in holders for source in sources_of(document))


def _is_of(source: MediaSource, channel_id: int, message_ids: frozenset[int]) -> bool:
    return source.channel_id == channel_id and source.message_id in message_ids


async def _on_index(operation: Awaitable[T]) -> T:
    try:
        return await operation
    except OperationFailure as error:
        if error.code == _BAD_HINT:
            raise SearchIndexMissingError("the search index does not exist yet") from error
        raise
