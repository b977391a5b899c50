"""Every MongoDB index in one table, and building them beside everything else; `_id` needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import OperationFailure

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool

MEDIA = "media_files"
"""The only collection that every database holds; the others live in the primary."""

# Files arrive in no order of their words, which leaves half of every page of an index empty; compressed on disk, the
# search index takes 174 bytes a file instead of 415. In memory nothing is compressed.
_COMPRESSED = {"wiredTiger": {"configString": "block_compressor=zstd"}}

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    MEDIA: (
        IndexModel([("u", ASCENDING)], name="u", unique=True, storageEngine=_COMPRESSED),
        IndexModel([("h", ASCENDING), ("_id", DESCENDING)], name="h", storageEngine=_COMPRESSED),
        IndexModel([("src.ch", ASCENDING), ("src.mi", ASCENDING)], name="src", storageEngine=_COMPRESSED),
    ),
    # Sparse: most people neither hold slots nor ever had premium, are not banned and have no role.
    "users": (
        IndexModel([("quota.holds.expires_at", ASCENDING)], name="holds", sparse=True),
        IndexModel([("premium_until", ASCENDING)], name="premium_until", sparse=True),
        IndexModel([("banned_at", DESCENDING)], name="banned_at", sparse=True),
        IndexModel([("role", ASCENDING)], name="role", sparse=True),
        IndexModel([("seen_on", DESCENDING), ("_id", DESCENDING)], name="seen_on"),
        IndexModel([("unreachable_since", ASCENDING)], name="unreachable", sparse=True),
    ),
    "premium_grants": (IndexModel([("pending", ASCENDING)], name="pending", sparse=True),),
    # How long a request counts is a setting, of 30 days at most.
    "join_requests": (IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=30 * 86_400),),
    "groups": (
        IndexModel([("required", ASCENDING)], name="required", sparse=True),
        IndexModel([("gone_since", ASCENDING)], name="gone_since", sparse=True),
    ),
    "search_terms": (IndexModel([("t", ASCENDING), ("_id", ASCENDING)], name="t"),),
    "audit_log": (IndexModel([("at", DESCENDING), ("_id", DESCENDING)], name="newest"),),
    "error_log": (IndexModel([("last", DESCENDING), ("_id", DESCENDING)], name="last"),),
    "index_requests": (IndexModel([("untold", ASCENDING), ("_id", ASCENDING)], name="untold"),),
    "index_jobs": (IndexModel([("state", ASCENDING), ("_id", ASCENDING)], name="state"),),
    "scheduled_deletions": (
        IndexModel([("bot", ASCENDING), ("due", ASCENDING)], name="due", sparse=True),
        IndexModel([("forget_at", ASCENDING)], name="forget_at", sparse=True, expireAfterSeconds=0),
    ),
    # Drafts and the records of broadcasts that are over go by themselves.
    "broadcasts": (
        IndexModel([("state", ASCENDING), ("due_at", ASCENDING), ("_id", ASCENDING)], name="due"),
        IndexModel([("expires_at", ASCENDING)], name="expires_at", expireAfterSeconds=0),
    ),
    # A job's document outlives it only when the database was away at its end.
    "deliveries": (
        IndexModel([("bot", ASCENDING), ("owner", ASCENDING)], name="owner"),
        IndexModel([("expires_at", ASCENDING)], name="expires_at", expireAfterSeconds=0),
    ),
    "file_reports": (IndexModel([("told", ASCENDING)], name="told"),),
    "postponed_changes": (IndexModel([("waiting", ASCENDING), ("order", ASCENDING)], name="waiting"),),
}

_PRIMARY = 1
_BAD_HINT = 2
_DUPLICATE_KEY = 11000
_PAUSE_S = 5.0
_REPAIRED_PAUSE_S = 0.5


async def ensure_indexes(pool: DatabaseConnectionPool, *, timeout_s: float = 600.0) -> None:
    """Create every index of this database that does not exist yet, one after the other.

    A build may take minutes; reading and writing go on meanwhile. Until the search index is there, searches that name
    it fail with OperationFailure code 2.

    Raises:
        DatabaseUnavailableError: not all indexes exist; call again.
        OperationFailure: code 11000, a file is stored twice, so that the unique index cannot be built; the others are.
    """
    refused: OperationFailure | None = None
    for collection, indexes in INDEXES.items():
        if collection != MEDIA and pool.number != _PRIMARY:
            continue
        for index in indexes:
            try:
                await _create(pool, collection, index, timeout_s)
            except OperationFailure as error:
                if error.code != _DUPLICATE_KEY:
                    raise
                refused = error
    if refused is not None:
        raise refused


async def _create(pool: DatabaseConnectionPool, collection: str, index: IndexModel, timeout_s: float) -> None:
    """Create an index, compressed where the server lets us choose that: a hosted one may not."""
    try:
        await pool.create_indexes(collection, [index], timeout_s=timeout_s)
    except OperationFailure as error:
        if error.code == _DUPLICATE_KEY or "storageEngine" not in index.document:
            raise
        structlog.get_logger(__name__).warning("index_not_compressed", index=index.document["name"], code=error.code)
        plain = {key: value for key, value in index.document.items() if key not in {"key", "storageEngine"}}
        await pool.create_indexes(
            collection, [IndexModel(list(index.document["key"].items()), **plain)], timeout_s=timeout_s
        )


async def build_indexes(
    pool: DatabaseConnectionPool, clock: Clock, remove_duplicates: Callable[[], Awaitable[object]]
) -> None:
    """Create the indexes of one database however long it takes; for a supervised task, one a database.

    Args:
        pool: may go and come back meanwhile.
        clock: waits between tries.
        remove_duplicates: called when the unique index cannot be built because a file is stored twice.
    """
    log = structlog.get_logger(__name__)
    while True:
        started = clock.monotonic()
        try:
            await ensure_indexes(pool)
        except DatabaseUnavailableError as error:
            log.warning("indexes_wait", database=pool.number, detail=str(error))
        except OperationFailure as error:
            if error.code != _DUPLICATE_KEY:
                raise
            log.warning("duplicates_prevent_unique_index", database=pool.number)
            await _unless_unavailable(remove_duplicates)
            await clock.sleep(_REPAIRED_PAUSE_S)
            continue
        else:
            log.info("indexes_ready", database=pool.number, took_s=round(clock.monotonic() - started, 1))
            return
        await clock.sleep(_PAUSE_S)


async def has_index(pool: DatabaseConnectionPool, collection: str, name: str) -> bool:
    """Whether an index is built and usable; also True of a collection that does not exist.

    Raises:
        DatabaseUnavailableError: the database did not answer.
    """
    [keys] = [index.document["key"] for index in INDEXES[collection] if index.document["name"] == name]
    nothing = {next(iter(keys)): ""}  # bounds the index: any other field would have all of it read
    try:
        await pool.find(collection, nothing, projection={"_id": 1}, limit=1, hint=name)
    except OperationFailure as error:
        if error.code == _BAD_HINT:
            return False
        raise
    return True


async def _unless_unavailable(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except DatabaseUnavailableError as error:
        structlog.get_logger(__name__).warning("duplicates_stay", detail=str(error))
