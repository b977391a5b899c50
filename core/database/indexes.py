"""Every MongoDB index in one table; `_id` needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING, IndexModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.database.pool import DatabaseConnectionPool

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    "media_files": (
        IndexModel([("u", ASCENDING)], name="u", unique=True),
        IndexModel([("h", ASCENDING), ("_id", DESCENDING)], name="h"),
        IndexModel([("src.ch", ASCENDING), ("src.mi", ASCENDING)], name="src"),
    ),
    # Sparse: most people neither hold slots nor ever had premium.
    "users": (
        IndexModel([("quota.holds.expires_at", ASCENDING)], name="holds", sparse=True),
        IndexModel([("premium_until", ASCENDING)], name="premium_until", sparse=True),
    ),
}


async def ensure_indexes(pool: DatabaseConnectionPool) -> None:
    """Create every index that does not exist yet; meant for a supervised task, since a build may take minutes.

    Until the search index is there, searches that name it fail with OperationFailure code 2.

    Raises:
        DatabaseUnavailableError: not all indexes exist; call again.
    """
    for collection, indexes in INDEXES.items():
        await pool.create_indexes(collection, indexes)
