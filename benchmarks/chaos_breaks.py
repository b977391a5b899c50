"""Guards taken out on purpose, so that the audit can be seen to notice."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pymongo

from core.database import multi_pool
from core.domain.quota import QuotaReservation
from core.domain.search import SearchCursor
from repositories.media_batch import MediaBatchRepository
from repositories.user import UserRepository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from core.database.pool import Document
    from tests.fixtures.servers import MongoServer

GUARDS = ("quota", "dedup", "merge")


def concatenate(
    answers: Mapping[int, Sequence[Document]], limit: int, before: Mapping[int, int]
) -> tuple[list[Document], SearchCursor | None]:
    """One database's answer after the other instead of a merge."""
    places = dict(before)
    page: list[Document] = []
    for number, found in answers.items():
        taken = found[: limit - len(page)]
        page.extend(taken)
        if taken:
            places[number] = taken[-1]["_id"]
    has_more = len(page) >= limit
    return page, SearchCursor(places) if has_more else None


class CarelessUsers(UserRepository):
    """Looks whether there is room, then takes it: two round trips, and anybody may come in between."""

    async def reserve_quota_atomic(
        self, user_id: int, want: int, *, limit: int, day: date, hold_s: int, now: datetime
    ) -> QuotaReservation:
        """Check, then act."""
        granted = max(0, min(want, limit - await self.quota_status(user_id, day)))
        expires_at = now + timedelta(seconds=hold_s)
        hold = {"id": secrets.token_hex(8), "n": granted, "day": day.isoformat(), "expires_at": expires_at}
        taken = {
            "$inc": {"quota.charged": granted},
            "$set": {"quota.day": day.isoformat()},
            "$push": {"quota.holds": hold},
        }
        if granted:
            await self._pool.update_one("users", {"_id": user_id}, taken, upsert=True)
        return QuotaReservation(str(hold["id"]), user_id, day, granted, limit)


async def know_nothing(*_: object, **__: object) -> dict[str, Any]:
    """Every file is new."""
    return {}


def drop_uniqueness(mongods: Sequence[MongoServer], database: str) -> None:
    """Replace the unique index by one that lets a file stand twice."""
    for server in mongods:
        alone = f"mongodb://127.0.0.1:{server.port}/?directConnection=true"
        with pymongo.MongoClient[dict[str, Any]](alone) as client:
            files = client[database]["media_files"]
            files.drop_index("u")
            files.create_index("u", name="u")


@contextmanager
def without(guard: str | None) -> Iterator[None]:
    """Run the block without a guard; None leaves all of them in place."""
    places: dict[str, tuple[Any, str, Any]] = {
        "quota": (UserRepository, "reserve_quota_atomic", CarelessUsers.reserve_quota_atomic),
        "dedup": (MediaBatchRepository, "batch_duplicate_check", know_nothing),
        "merge": (multi_pool, "merge_page", concatenate),
    }
    if guard is None:
        yield
        return
    owner, name, careless = places[guard]
    careful = getattr(owner, name)
    setattr(owner, name, careless)
    try:
        yield
    finally:
        setattr(owner, name, careful)
