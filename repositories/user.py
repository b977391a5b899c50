"""People and their daily quota, one document each.

    users {_id, first_name, username, language, premium_until, ban_reason, banned_at, banned_by, role,
           created_at, seen_on, app_language, unreachable_since, unreachable_why,
           quota: {day, charged, holds: [{id, n, day, expires_at}]}}

`charged` is what `day` has spent plus what its holds still hold. Every change of it is one update guarded by the state
it was computed from, so no interleaving of readers, processes and crashes grants more than the limit. `day` only moves
forward; a hold of an earlier day stays spendable but no longer counts.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from core.cache import keys
from core.database.base import BaseRepository
from core.domain.permission import Role
from core.domain.quota import QuotaReservation
from core.domain.user import User
from repositories.user_document import PROFILE, REVIVED, USER_FORM, to_user

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.user import Meeting

_USERS = "users"
_QUOTA = {"quota": 1}
_TRIES = 5
_SWEEP = 500


class UserRepository(BaseRepository[int, User]):
    """Reads and writes people; every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool, cache: RedisCache, clock: Clock) -> None:
        super().__init__(cache, clock, key=keys.user, form=USER_FORM)
        self._pool = pool

    async def create_user(self, user: User) -> User:
        """Store a person or rename a known one; safe to repeat and to race.

        Returns:
            The person as stored: premium, ban, language and quota of a known one are kept.
        """
        changes: dict[str, Document] = {
            "$set": {"first_name": user.first_name, "username": user.username},
            "$setOnInsert": {"language": user.language, "created_at": self._clock.utc_now()},
        }
        return await self._change(user.id, changes)

    async def meet(self, meeting: Meeting) -> User:
        """Store what an update shows of a person, known or not, in one write; safe to repeat and to race.

        Whoever could not be written to can be again after a meeting in private.
        """
        seen = {
            "first_name": meeting.first_name,
            "username": meeting.username,
            "seen_on": meeting.day,
            **({"app_language": meeting.app_language} if meeting.app_language else {}),
        }
        revived: dict[str, Document] = {"$unset": REVIVED} if meeting.is_private else {}
        return await self._change(meeting.user_id, {"$set": seen, **revived})

    async def get_user(self, user_id: int) -> User | None:
        """Read one person; None when unknown.

        What this process wrote is seen at once, what another one wrote within five seconds. That somebody is unknown
        is not remembered: whoever meets a stranger stores them, and finds them from then on.
        """
        return await self._read_cached(user_id, lambda: self._load(user_id))

    async def set_premium(self, user_id: int, until: datetime | None) -> User:
        """Set when premium ends (UTC); None ends it now. An unknown person is remembered for it."""
        return await self._change(user_id, {"$set": {"premium_until": until, "premium_notice": None}})

    async def set_ban(self, user_id: int, reason: str, *, by: int = 0, spared: Collection[Role] = ()) -> User | None:
        """Ban a person, known or not; a banned one gets the new reason.

        Args:
            user_id: who is banned.
            reason: told to that person.
            by: who bans; 0 for the bot itself.
            spared: nobody who has one of these roles when it is written is banned.

        Returns:
            The person as banned; None for one who is spared.
        """
        ban = {"ban_reason": reason, "banned_at": self._clock.utc_now(), "banned_by": by}
        unless = {"role": {"$nin": [role.value for role in spared]}} if spared else {}
        try:
            return await self._change(user_id, {"$set": ban}, unless)
        except DuplicateKeyError:  # there is such a person, whom the condition does not fit
            return None

    async def unban(self, user_id: int) -> User:
        """Lift a ban; does nothing to a person who is not banned."""
        lifted = {"banned_at": 1, "banned_by": 1}
        return await self._change(user_id, {"$set": {"ban_reason": None}, "$unset": lifted})

    async def set_role(self, user_id: int, role: Role) -> User:
        """Appoint a person, known or not, or dismiss one with `Role.READER`."""
        if role is Role.READER:
            return await self._change(user_id, {"$unset": {"role": 1}})
        return await self._change(user_id, {"$set": {"role": role.value}})

    async def set_language(self, user_id: int, language: str | None) -> User:
        """Set a person's language; None follows Telegram's."""
        return await self._change(user_id, {"$set": {"language": language}})

    async def reserve_quota_atomic(
        self, user_id: int, want: int, *, limit: int, day: date, hold_s: int, now: datetime
    ) -> QuotaReservation:
        """Hold slots of a day: one guarded update where nothing is in the way, at most five tries otherwise.

        Exact under any concurrency, across processes and for a person who is not stored yet. Holds that expired are
        taken back first when they are in the way. A lost answer leaves at most a hold that expires.

        Args:
            user_id: the reader, stored or not.
            want: slots asked for; as many as are left are granted, up to this.
            limit: files a day; 0 is unlimited, and then everything is granted and nothing stored.
            day: today in the configured zone; when the stored day is already later, that one is used.
            hold_s: seconds until the hold may be taken back, unless renewed.
            now: UTC.
        """
        token = secrets.token_hex(8)
        if limit == 0 or want <= 0:
            return QuotaReservation(token, user_id, day, max(0, want), limit)
        hold: Document = {"id": token, "n": min(want, limit), "day": day.isoformat(), "expires_at": _after(now, hold_s)}
        for tried in range(_TRIES):
            if tried == _TRIES - 1:
                hold["n"] = 1  # in a crowd that keeps taking what was read, the least is still granted or truly gone
            if await self._try_reserve(user_id, hold, limit) or await self._look_again(user_id, hold, limit, now):
                break
        else:
            hold["n"] = 0
        return QuotaReservation(token, user_id, date.fromisoformat(hold["day"]), hold["n"], limit)

    async def spend_quota(self, reservation: QuotaReservation, spent: int) -> bool:
        """Make it durable that `spent` slots of a hold are used, counted from its beginning; safe to repeat.

        The last slot closes the hold, so that nothing is left to release.

        Returns:
            False when the hold is gone (it expired and was taken back, or was released); then nothing changed.

        Raises:
            ValueError: more than was granted.
        """
        left = reservation.granted - spent
        if left < 0 or spent < 0:
            raise ValueError("more slots spent than were granted")
        if reservation.limit == 0:
            return True
        query = _holding(reservation, {"n": {"$gte": left}})
        if left:
            used = {"$set": {"quota.holds.$.n": left}}
            return await self._pool.update_one(_USERS, query, used, idempotent=True) == 1
        return await self._pool.update_one(_USERS, query, _drop(reservation.id)) == 1

    async def release_quota(self, reservation: QuotaReservation, spent: int = 0) -> None:
        """Give back what a hold did not spend, exactly once however often it is asked, on the hold's own day.

        Args:
            reservation: as `reserve_quota_atomic` gave it.
            spent: slots used, uncertain ones included.
        """
        if reservation.limit == 0 or reservation.granted == 0:
            return
        query = _holding(reservation)
        same_day = {**query, "quota.day": reservation.day.isoformat()}
        give_back = {**_drop(reservation.id), "$inc": {"quota.charged": spent - reservation.granted}}
        if not await self._pool.update_one(_USERS, same_day, give_back, idempotent=True):
            other_day = {**query, "quota.day": {"$ne": reservation.day.isoformat()}}
            await self._pool.update_one(_USERS, other_day, _drop(reservation.id), idempotent=True)

    async def renew_hold(self, reservation: QuotaReservation, until: datetime) -> bool:
        """Keep a hold until `until` (UTC); False when it is gone."""
        if reservation.limit == 0:
            return True
        renewed = {"$set": {"quota.holds.$.expires_at": until}}
        return await self._pool.update_one(_USERS, _holding(reservation), renewed, idempotent=True) == 1

    async def reclaim_expired_holds(self, now: datetime) -> int:
        """Take back every hold that expired by `now` (UTC) of some hundred people, each exactly once.

        Safe against their own deliveries: a hold that is renewed, spent or released meanwhile is left alone.

        Returns:
            How many this call took back; call again until it is 0.
        """
        expired = {"quota.holds.expires_at": {"$lte": now}}
        found = await self._pool.find(_USERS, expired, projection=_QUOTA, limit=_SWEEP)
        return sum([await self._take_back(user["_id"], user["quota"], now) for user in found])

    async def quota_status(self, user_id: int, day: date) -> int:
        """Slots of `day` spent or held now; holds that expired do not count."""
        quota = await self._quota(user_id)
        if quota["day"] != day.isoformat():
            return 0
        now = self._clock.utc_now()
        return int(quota["charged"] - sum(hold["n"] for hold in quota["holds"] if _is_reclaimable(hold, quota, now)))

    async def _try_reserve(self, user_id: int, hold: Document, limit: int) -> bool:
        room = {
            "_id": user_id,
            "quota.day": hold["day"],
            "quota.charged": {"$lte": limit - hold["n"]},
            "quota.holds.id": {"$ne": hold["id"]},
        }
        charge = {"$inc": {"quota.charged": hold["n"]}, "$push": {"quota.holds": hold}}
        return await self._pool.update_one(_USERS, room, charge, idempotent=True) == 1

    async def _look_again(self, user_id: int, hold: Document, limit: int, now: datetime) -> bool:
        """See why a try found no room and change `hold` to what may fit; True when that decided it."""
        quota = await self._without_expired(user_id, now)
        got_through = [other for other in quota["holds"] if other["id"] == hold["id"]]
        if got_through:  # a try whose answer was lost, maybe an earlier one that asked for more and came late
            hold.update(got_through[0])
            return True
        if quota["day"] < hold["day"]:
            return await self._try_open_day(user_id, hold, quota["day"])
        hold["day"] = quota["day"]
        hold["n"] = max(0, min(hold["n"], limit - quota["charged"]))
        return bool(hold["n"] == 0)

    async def _try_open_day(self, user_id: int, hold: Document, last_day: str) -> bool:
        """Start counting a new day with this hold, for the one caller who finds the old day still there."""
        opened = {
            "$set": {"quota.day": hold["day"], "quota.charged": hold["n"]},
            "$push": {"quota.holds": hold},
        }
        if last_day:
            query: Document = {"_id": user_id, "quota.day": last_day}
            return await self._pool.update_one(_USERS, query, opened, idempotent=True) == 1
        query = {"_id": user_id, "quota.day": {"$exists": False}}
        new = {**opened, "$setOnInsert": {"first_name": "", "created_at": self._clock.utc_now()}}
        try:
            return await self._pool.update_one(_USERS, query, new, upsert=True, idempotent=True) == 1
        except DuplicateKeyError:  # somebody opened the day between the look and the insert
            return False

    async def _without_expired(self, user_id: int, now: datetime) -> Mapping[str, Any]:
        """The quota after taking back every expired hold; each is taken back by exactly one caller."""
        quota = await self._quota(user_id)
        if not any(hold["expires_at"] <= now for hold in quota["holds"]):
            return quota
        await self._take_back(user_id, quota, now)
        return await self._quota(user_id)

    async def _take_back(self, user_id: int, quota: Mapping[str, Any], now: datetime) -> int:
        """Drop the expired holds of a quota as it was read; returns how many this call dropped."""
        dropped = 0
        for hold in quota["holds"]:
            if hold["expires_at"] > now:
                continue
            unchanged = {"id": hold["id"], "n": hold["n"], "expires_at": hold["expires_at"]}
            query = {"_id": user_id, "quota.day": quota["day"], "quota.holds": {"$elemMatch": unchanged}}
            back = {"$inc": {"quota.charged": -hold["n"]}} if _is_reclaimable(hold, quota, now) else {}
            dropped += await self._pool.update_one(_USERS, query, {**_drop(hold["id"]), **back}, idempotent=True)
        return dropped

    async def _quota(self, user_id: int) -> Mapping[str, Any]:
        found = await self._pool.find_one(_USERS, {"_id": user_id}, projection=_QUOTA)
        return {"day": "", "charged": 0, "holds": [], **((found or {}).get("quota") or {})}

    async def _load(self, user_id: int) -> User | None:
        found = await self._pool.find_one(_USERS, {"_id": user_id}, projection=PROFILE)
        return None if found is None else to_user(found)

    async def _change(
        self,
        user_id: int,
        changes: Mapping[str, Mapping[str, Any]],
        condition: Mapping[str, Any] = MappingProxyType({}),
    ) -> User:
        """Write to a person's document, made when there is none, then forget what is remembered of it.

        Raises:
            DuplicateKeyError: there is one, and `condition` does not fit it.
        """
        on_insert = {"first_name": "", "created_at": self._clock.utc_now()}
        missing = {name: value for name, value in on_insert.items() if name not in changes.get("$set", {})}
        update = {**changes, "$setOnInsert": {**missing, **changes.get("$setOnInsert", {})}}
        async with self._writing(user_id):
            try:
                found = await self._upsert(user_id, update, condition)
            except DuplicateKeyError:  # the loser of two first writes finds the winner's document
                found = await self._upsert(user_id, update, condition)
        return to_user(found)

    async def _upsert(self, user_id: int, update: Mapping[str, Any], also: Mapping[str, Any]) -> Document:
        found = await self._pool.find_one_and_update(
            _USERS, {"_id": user_id, **also}, update, projection=PROFILE, upsert=True, idempotent=True
        )
        return found or {"_id": user_id}


def _after(now: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(now.timestamp()) + seconds, tz=now.tzinfo)  # BSON keeps milliseconds only


def _holding(reservation: QuotaReservation, also: Mapping[str, Any] | None = None) -> Document:
    return {"_id": reservation.user_id, "quota.holds": {"$elemMatch": {"id": reservation.id, **(also or {})}}}


def _drop(hold_id: str) -> Document:
    return {"$pull": {"quota.holds": {"id": hold_id}}}


def _is_reclaimable(hold: Mapping[str, Any], quota: Mapping[str, Any], now: datetime) -> bool:
    return bool(hold["expires_at"] <= now and hold["day"] == quota["day"])
