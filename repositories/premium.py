"""Premium: the ledger of what was given, and whom its end concerns.

    premium_grants {_id: key, user, days, by, at, pending, from, until}
    users {…, premium_until, premium_grants: [{key, from, until}], premium_notice}

The end of premium and the key that moved it are one update of the person's document, so that whoever is asked again
finds the key there. The ledger knows a grant before that, and its end after it; `pending` says what is left to do.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from core.domain.premium import GrantStep, PremiumEnd, PremiumGrant, PremiumNotice
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from repositories.user import UserRepository

_USERS = "users"
_GRANTS = "premium_grants"
_MAINTENANCE = "maintenance"
_SWEEP = "premium_sweep"
_KEPT_KEYS = 50  # of a person; a grant is repeated within minutes, not after fifty others
_TRIES = 50
_PAGE = 200
_WITH_KEYS = {"premium_until": 1, "premium_grants": 1}
_NAMES = {"premium_until": 1, "language": 1, "app_language": 1}


class PremiumRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone.

    Args:
        users: remembers people, and forgets those who are changed here.
    """

    def __init__(self, pool: DatabaseConnectionPool, users: UserRepository, clock: Clock) -> None:
        self._pool = pool
        self._users = users
        self._clock = clock

    async def record(self, grant: PremiumGrant) -> PremiumGrant:
        """Enter a grant into the ledger before anything is given; safe to repeat and to race.

        Returns:
            The grant as the ledger has it: the first one with this key wins.
        """
        try:
            await self._pool.insert_one(_GRANTS, _to_stored(grant))
        except DuplicateKeyError:
            return _to_grant(await self._pool.find_one(_GRANTS, {"_id": grant.key}) or _to_stored(grant))
        return grant

    async def extend(self, grant: PremiumGrant, now: datetime, short: timedelta) -> PremiumGrant:
        """Lengthen a person's premium by a grant, once however often this is called, and note it in the ledger.

        Counted from the current end, or from `now` (UTC) where premium is over; an unknown person is remembered.
        Extensions that race add up: each is one update guarded by the end that it was computed from.

        Args:
            grant: as the ledger has it.
            now: UTC.
            short: who has premium for no longer than this is not told that it ends soon.

        Returns:
            The grant with its start and its end.

        Raises:
            DatabaseUnavailableError: not known whether premium is extended; call again.
        """
        if grant.until is not None:
            return grant
        start, until = await self._extended(grant, now, short)
        query = {"_id": grant.key, "pending": GrantStep.EXTEND.value}
        done = {"$set": {"from": start, "until": until, "pending": GrantStep.TELL.value}}
        await self._pool.update_one(_GRANTS, query, done, idempotent=True)
        return _with_end(grant, start, until)

    async def told(self, key: str) -> None:
        """Nothing is left to do for a grant; safe to repeat."""
        query = {"_id": key, "pending": GrantStep.TELL.value}
        await self._pool.update_one(_GRANTS, query, {"$unset": {"pending": ""}}, idempotent=True)

    async def end(self, user_id: int, now: datetime) -> bool:
        """End a person's premium that is active at `now` (UTC); False when it is not, and then nothing changed."""
        active = {"_id": user_id, "premium_until": {"$gt": now}}
        over = {"$set": {"premium_until": None, "premium_notice": None}}
        async with self._users.changing(user_id):
            return await self._pool.update_one(_USERS, active, over) == 1

    async def unfinished(self, asked_before: datetime, *, without: Collection[str] = ()) -> list[PremiumGrant]:
        """Grants asked for by then (UTC) for which something is left to do, some hundred at the most.

        Args:
            asked_before: UTC.
            without: keys of grants that are left out.
        """
        query = {
            "_id": {"$nin": [*without]},
            "pending": {"$in": [step.value for step in GrantStep]},
            "at": {"$lte": asked_before},
        }
        return [_to_grant(found) for found in await self._pool.find(_GRANTS, query, limit=_PAGE)]

    async def ending(
        self, after: datetime, until: datetime, notice: PremiumNotice, *, without: Collection[int] = ()
    ) -> list[PremiumEnd]:
        """People whose premium ends later than `after`, at `until` at the latest (UTC), and who were not told so.

        Earliest first, some hundred at the most; nobody who was told `notice`, or that it is over, is among them, and
        nobody whose id is in `without`.
        """
        told = [PremiumNotice.OVER.value, notice.value]
        query: Document = {
            "_id": {"$nin": [*without]},
            "premium_until": {"$gt": after, "$lte": until},
            "premium_notice": {"$nin": told},
        }
        found = await self._pool.find(_USERS, query, projection=_NAMES, sort=[("premium_until", 1)], limit=_PAGE)
        return [
            PremiumEnd(user["_id"], user["premium_until"], user.get("language") or user.get("app_language"))
            for user in found
        ]

    async def mark(self, end: PremiumEnd, notice: PremiumNotice) -> bool:
        """Remember that a person was told of this end; False when premium ends at another time by now."""
        query = {"_id": end.user_id, "premium_until": end.until}
        update = {"$set": {"premium_notice": notice.value}}
        return await self._pool.update_one(_USERS, query, update, idempotent=True) == 1

    async def last_sweep(self) -> datetime | None:
        """When the last complete sweep began (UTC); None when there was none."""
        found = await self._pool.find_one(_MAINTENANCE, {"_id": _SWEEP})
        return None if found is None else found["at"]

    async def swept(self, at: datetime) -> None:
        """A sweep that began at `at` (UTC) is complete."""
        await self._pool.update_one(_MAINTENANCE, {"_id": _SWEEP}, {"$set": {"at": at}}, upsert=True, idempotent=True)

    async def _extended(self, grant: PremiumGrant, now: datetime, short: timedelta) -> tuple[datetime, datetime]:
        moment = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as BSON keeps it
        for _ in range(_TRIES):
            found = await self._pool.find_one(_USERS, {"_id": grant.user_id}, projection=_WITH_KEYS) or {}
            done = [entry for entry in found.get("premium_grants", ()) if entry["key"] == grant.key]
            if done:
                return done[0]["from"], done[0]["until"]
            current = found.get("premium_until")
            start = max(current, moment) if current else moment
            until = start + timedelta(days=grant.days)
            if await self._try_extend(grant, current, (start, until), is_short=until - now <= short):
                return start, until
        raise DatabaseUnavailableError(f"premium of one person was changed {_TRIES} times meanwhile")

    async def _try_extend(
        self, grant: PremiumGrant, current: datetime | None, span: tuple[datetime, datetime], *, is_short: bool
    ) -> bool:
        """Move the end of premium from `current`; False when it is not that any more, or this was done already."""
        start, until = span
        query = {"_id": grant.user_id, "premium_until": current, "premium_grants.key": {"$ne": grant.key}}
        entry = {"key": grant.key, "from": start, "until": until}
        told = PremiumNotice.SOON.value if is_short else None
        update: dict[str, dict[str, Any]] = {
            "$set": {"premium_until": until, "premium_notice": told},
            "$push": {"premium_grants": {"$each": [entry], "$slice": -_KEPT_KEYS}},
            "$setOnInsert": {"first_name": "", "created_at": self._clock.utc_now()},
        }
        async with self._users.changing(grant.user_id):
            try:
                return await self._pool.update_one(_USERS, query, update, upsert=True, idempotent=True) == 1
            except DuplicateKeyError:  # there is such a person, whom the guard does not fit
                return False


def _to_stored(grant: PremiumGrant) -> Document:
    return {
        "_id": grant.key,
        "user": grant.user_id,
        "days": grant.days,
        "by": grant.by,
        "at": grant.at,
        "pending": GrantStep.EXTEND.value,
    }


def _to_grant(found: Mapping[str, Any]) -> PremiumGrant:
    pending = found.get("pending")
    return PremiumGrant(
        key=found["_id"],
        user_id=found["user"],
        days=found["days"],
        by=found["by"],
        at=found["at"],
        pending=None if pending is None else GrantStep(pending),
        start=found.get("from"),
        until=found.get("until"),
    )


def _with_end(grant: PremiumGrant, start: datetime, until: datetime) -> PremiumGrant:
    return replace(grant, pending=GrantStep.TELL, start=start, until=until)
