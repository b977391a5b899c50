"""Files of the library: searching, reading, correcting and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from core.domain.media import WholeFiles
from core.domain.search import FoundFiles, MatchCount
from core.errors import DatabaseUnavailableError
from repositories.media_document import (
    CHANNEL,
    COLLECTION,
    DEAD,
    FETCHED,
    FILE_ID,
    ID,
    LAST_SOURCE_SLOT,
    LISTED,
    MESSAGE,
    SOURCE_INDEX,
    SOURCES,
    UNIQUE_ID,
    WHOLE,
    WORDS,
    UnstorableMediaError,
    edit_update,
    older_than,
    plan_filter,
    plan_index,
    source_document,
    sources_of,
    stored_file_id,
    to_listed,
    to_media,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Mapping, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.media import MediaFile, MediaSource, NewMedia
    from core.domain.search import SearchCursor
    from core.search.plan import SearchPlan

_BAD_HINT = 2
_NEWEST_FIRST = ((ID, -1),)
_ANSWER_S = 1.2
_SERVER_MARGIN_S = 0.2
_PATIENCE_S = 0.3
_TRIES = 5

T = TypeVar("T")


class SearchIndexMissingError(DatabaseUnavailableError):
    """The search index is still being built; searching works once it is there."""

    text_key = "error-library-preparing"


class EditOutcome(NamedTuple):
    """What an edit found.

    Attributes:
        is_known: a database that answered has the file; otherwise it is to be saved as a new one.
        missing: numbers of the databases that the edit did not reach.
    """

    is_known: bool
    missing: tuple[int, ...] = ()


class RemovalOutcome(NamedTuple):
    """What a deletion of posts found.

    Attributes:
        removed: how many sources were removed; repeating it removes none.
        missing: numbers of the databases that the deletion did not reach.
    """

    removed: int
    missing: tuple[int, ...] = ()


class MediaRepository:
    """Files in all databases; every method raises DatabaseUnavailableError when none of them answers.

    A file that cannot be fetched any more is in no answer of this class. A file is looked for in every database, and is
    only said to be gone when all of them answered.
    """

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases
        self._are_several = len(databases.databases) > 1
        self._listed = {**LISTED, UNIQUE_ID: 1} if self._are_several else LISTED

    async def search_files(
        self, plan: SearchPlan, limit: int, *, cursor: SearchCursor | None = None, max_time_ms: int = 1000
    ) -> FoundFiles:
        """The newest matches of a plan, newest first.

        Args:
            limit: at least 1.
            plan: see `SearchPlan`.
            cursor: of the files before, so that a walk goes on.
            max_time_ms: how long a server may search. Who takes longer is missing.

        Raises:
            SearchTimeoutError: the search passed `max_time_ms` in every database.
            SearchIndexMissingError: the library is not searchable yet.
        """
        matches = plan_filter(plan)
        deadline_s = self._deadline_s(max_time_ms)

        def find(pool: DatabaseConnectionPool, before_id: int | None, wanted: int) -> Awaitable[list[Document]]:
            return _on_index(
                pool.find(
                    COLLECTION,
                    matches if before_id is None else {**matches, ID: {"$lt": before_id}},
                    projection=self._listed,
                    sort=_NEWEST_FIRST,
                    limit=wanted,
                    hint=plan_index(plan),
                    max_time_ms=max_time_ms,
                    timeout_s=deadline_s,
                )
            )

        patience_s = _PATIENCE_S + max_time_ms / 1000
        found = await self._databases.search_across_all_databases(find, limit, cursor=cursor, timeout_s=patience_s)
        return FoundFiles([to_listed(document) for document in found.documents], found.missing, found.cursor)

    async def count_matches(self, plan: SearchPlan, limit: int = 1001, *, max_time_ms: int = 150) -> MatchCount:
        """The number of matches of a plan, or `limit` when there are at least so many.

        A file that two databases hold counts twice.

        Raises:
            SearchTimeoutError: counting passed `max_time_ms` in every database.
            SearchIndexMissingError: the library is not searchable yet.
        """
        matches = plan_filter(plan)
        deadline_s = self._deadline_s(max_time_ms)
        answers = await self._databases.ask_all(
            lambda pool: _on_index(
                pool.count(
                    COLLECTION,
                    matches,
                    limit=limit,
                    max_time_ms=max_time_ms,
                    hint=plan_index(plan),
                    timeout_s=deadline_s,
                )
            ),
            timeout_s=_PATIENCE_S + max_time_ms / 1000 if self._are_several else None,
        )
        return MatchCount(min(limit, sum(answers.by_number.values())), answers.missing)

    async def list_many(self, ids: Sequence[int]) -> FoundFiles:
        """What a result list shows of `ids`, in the order asked; those that are gone are left out.

        A database that did not answer is only named when it may have one of them.
        """
        if not ids:
            return FoundFiles([])
        by_id, missing = await self._read_many(ids, {**LISTED, DEAD: 1})
        return FoundFiles([to_listed(by_id[media_id]) for media_id in ids if _is_alive(by_id, media_id)], missing)

    async def get_many(self, ids: Sequence[int]) -> WholeFiles:
        """The files of `ids` in the order asked; those that are gone, or not within reach now, are left out.

        Raises:
            DatabaseUnavailableError: nothing was found, and a database that may have some of them did not answer.
        """
        if not ids:
            return WholeFiles([])
        by_id, missing = await self._read_many(ids, WHOLE)
        files = [to_media(by_id[media_id]) for media_id in ids if _is_alive(by_id, media_id)]
        if missing and not files:
            raise _out_of_reach(missing)
        return WholeFiles(files, sum(media_id not in by_id for media_id in ids) if missing else 0)

    async def get(self, media_id: int) -> MediaFile | None:
        """One file; None when it is gone.

        Raises:
            DatabaseUnavailableError: it was not found, and a database did not answer.
        """
        return await self._get({ID: media_id})

    async def get_by_unique_id(self, unique_id: str) -> MediaFile | None:
        """The file of a Telegram `file_unique_id`; None when it is unknown or gone.

        Raises:
            DatabaseUnavailableError: it was not found, and a database did not answer.
        """
        return await self._get({UNIQUE_ID: unique_id})

    async def update_file_id(self, media_id: int, file_id: str) -> bool:
        """Heal a record with a fresh file id; False when the file is gone.

        Raises:
            DatabaseUnavailableError: it was not found, and a database did not answer.
        """
        return await self._update(media_id, {"$set": {FILE_ID: stored_file_id(file_id)}})

    async def count_fetches(self, fetched: Mapping[int, int]) -> None:
        """Add to how often files were delivered; unknown ids are passed over.

        Args:
            fetched: number by id; may be lost for files of a database that does not answer, and is never repeated.

        Raises:
            DatabaseUnavailableError: no database answered.
        """
        if fetched:
            updates = [UpdateOne({ID: media_id}, {"$inc": {FETCHED: times}}) for media_id, times in fetched.items()]
            await self._databases.ask_all(lambda pool: pool.bulk_write(COLLECTION, updates))

    async def mark_dead(self, media_id: int) -> None:
        """Take a file that cannot be fetched any more out of every result; a new post of it brings it back.

        Raises:
            DatabaseUnavailableError: it was not found, and a database did not answer.
        """
        await self._update(media_id, {"$set": {DEAD: 1, WORDS: [], SOURCES: []}})

    async def apply_edit(self, media: NewMedia, *, databases: Collection[int] | None = None) -> EditOutcome:
        """Give a file the name and caption of its edited post, unless a newer edit was applied before.

        The post becomes a source of the file; where it held another file until now, that one loses it. Doing it again
        changes nothing. A file that was given up, or cannot be stored so, is not known.

        Args:
            media: the post as it is now.
            databases: numbers of those to change; None for all.

        Raises:
            DatabaseUnavailableError: none of them answered; a part may be done.
        """
        try:
            update = edit_update(media)
        except UnstorableMediaError:
            return EditOutcome(is_known=False)
        answers = await self._databases.ask_all(lambda pool: _edit(pool, media, update), only=databases)
        return EditOutcome(any(answers.by_number.values()), answers.missing)

    async def remove_source(
        self, channel_id: int, message_ids: Sequence[int], *, databases: Collection[int] | None = None
    ) -> RemovalOutcome:
        """Forget deleted posts; a file whose last post is gone goes with it.

        Args:
            channel_id: where they were.
            message_ids: of the posts.
            databases: numbers of those to change; None for all.

        Raises:
            DatabaseUnavailableError: none of them answered; a part may be done.
        """
        answers = await self._databases.ask_all(lambda pool: _detach(pool, channel_id, message_ids), only=databases)
        return RemovalOutcome(sum(answers.by_number.values()), answers.missing)

    def _deadline_s(self, max_time_ms: int) -> float | None:
        """How long an answer may take before its database counts as failing: never so short that load looks like it.

        With several databases the others' answers wait for it; with one the pool's own deadline holds.
        """
        return max(_ANSWER_S, max_time_ms / 1000 + _SERVER_MARGIN_S) if self._are_several else None

    async def _read_many(
        self, ids: Sequence[int], projection: Mapping[str, int]
    ) -> tuple[dict[int, Document], tuple[int, ...]]:
        """(records by id, the dead among them; databases that did not answer and may have more)."""
        wanted, deadline_s = {ID: {"$in": list(ids)}}, self._deadline_s(0)
        answers = await self._databases.ask_all(
            lambda pool: pool.find(COLLECTION, wanted, projection=projection, timeout_s=deadline_s)
        )
        by_id = {document[ID]: document for found in answers.by_number.values() for document in found}
        return by_id, answers.missing if answers.missing and len(by_id) < len(set(ids)) else ()

    async def _get(self, matches: dict[str, Any]) -> MediaFile | None:
        deadline_s = self._deadline_s(0)
        answers = await self._databases.ask_all(lambda pool: _first(pool, matches, deadline_s))
        found = [document for document in answers.by_number.values() if document is not None]
        alive = next((document for document in found if DEAD not in document), None)
        if alive is None and answers.missing and (not found or UNIQUE_ID in matches):
            raise _out_of_reach(answers.missing)
        return None if alive is None else to_media(alive)

    async def _update(self, media_id: int, update: Mapping[str, Any]) -> bool:
        """Whether a database has the file."""
        answers = await self._databases.ask_all(
            lambda pool: pool.update_one(COLLECTION, {ID: media_id}, update, idempotent=True)
        )
        has_it = any(answers.by_number.values())
        if answers.missing and not has_it:
            raise _out_of_reach(answers.missing)
        return has_it


async def _first(pool: DatabaseConnectionPool, matches: Mapping[str, Any], deadline_s: float | None) -> Document | None:
    """One whole record, by the pool's own deadline or a shorter one."""
    if deadline_s is None:
        return await pool.find_one(COLLECTION, matches, projection=WHOLE)
    found = await pool.find(COLLECTION, matches, projection=WHOLE, limit=1, timeout_s=deadline_s)
    return found[0] if found else None


async def _edit(pool: DatabaseConnectionPool, media: NewMedia, update: Mapping[str, Any]) -> bool:
    """Apply an edit in one database; whether it has the file."""
    await _detach(pool, media.source.channel_id, [media.source.message_id], keep=media.unique_id)
    known = await pool.find_one(COLLECTION, {UNIQUE_ID: media.unique_id}, projection={SOURCES: 1, DEAD: 1})
    if known is None or DEAD in known:
        return False
    if media.source not in sources_of(known):
        room = {UNIQUE_ID: media.unique_id, LAST_SOURCE_SLOT: {"$exists": False}}
        added = {"$addToSet": {SOURCES: source_document(media.source)}}
        await pool.update_one(COLLECTION, room, added, idempotent=True)
    if media.edited_at:  # without an edit date only views or buttons changed
        matches = {UNIQUE_ID: media.unique_id, **older_than(media.edited_at)}
        await pool.update_one(COLLECTION, matches, update, idempotent=True)
    return True


async def _detach(
    pool: DatabaseConnectionPool, channel_id: int, message_ids: Sequence[int], *, keep: str | None = None
) -> int:
    """Remove posts from all files of one database but `keep`, and files that have no other post.

    A file is deleted while its last post still leads to it, so that whatever is cut short is found again by repeating.
    """
    wanted = {CHANNEL: channel_id, MESSAGE: {"$in": list(message_ids)}}
    has_other = {"$elemMatch": {"$nor": [wanted]}}
    gone = frozenset(message_ids)
    removed: dict[int, int] = {}
    for _ in range(_TRIES):
        found = await _on_index(
            pool.find(
                COLLECTION, {SOURCES: {"$elemMatch": wanted}}, projection={SOURCES: 1, UNIQUE_ID: 1}, hint=SOURCE_INDEX
            )
        )
        holders = [document for document in found if document[UNIQUE_ID] != keep]
        if not holders:
            break
        removed |= {d[ID]: sum(_is_of(source, channel_id, gone) for source in sources_of(d)) for d in holders}
        ids = {"$in": [document[ID] for document in holders]}
        done = await pool.delete_many(COLLECTION, {ID: ids, SOURCES: {"$elemMatch": wanted, "$not": has_other}})
        pull = {"$pull": {SOURCES: wanted}}
        done += await pool.update_many(COLLECTION, {ID: ids, SOURCES: has_other}, pull, idempotent=True)
        if done == len(holders):  # else some of them changed in between
            break
    return sum(removed.values())


def _is_of(source: MediaSource, channel_id: int, message_ids: frozenset[int]) -> bool:
    return source.channel_id == channel_id and source.message_id in message_ids


def _is_alive(by_id: Mapping[int, Document], media_id: int) -> bool:
    return media_id in by_id and DEAD not in by_id[media_id]


def _out_of_reach(missing: Sequence[int]) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(f"not found, and without an answer from database {', '.join(map(str, missing))}")


async def _on_index(operation: Awaitable[T]) -> T:
    try:
        return await operation
    except OperationFailure as error:
        if error.code == _BAD_HINT:
            raise SearchIndexMissingError("the search index does not exist yet") from error
        raise
