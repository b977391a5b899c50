"""Every running `Send all`, and those that were running when their process was killed.

    deliveries {_id: "<bot id>:<user id>", bot, reader, job, owner, interrupted, total, sent, trying, message,
                language, expires_at, hold?: {id, day, granted, limit}}

A person has one document at most with a bot, so nobody has two jobs, whatever process they are in. `owner` is the
process; whoever takes a job over makes itself the owner, and the writes of the one before find nothing any more.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from core.domain.delivery import DeliveryEntry, DeliveryJob
from core.domain.quota import QuotaReservation

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document

_DELIVERIES = "deliveries"
_KEPT_FOR = timedelta(days=1)
_MOST_TOLD = 500


class DeliveryRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone.

    Args:
        bot_id: whose jobs they are; another bot on the same database has its own.
        owner: this process, not empty and nobody else's.
        kept_for: how long a job that nobody writes to is remembered.
    """

    def __init__(
        self, pool: DatabaseConnectionPool, clock: Clock, bot_id: int, owner: str, *, kept_for: timedelta = _KEPT_FOR
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._bot_id = bot_id
        self._owner = owner
        self._kept_for = kept_for

    async def claim(self, entry: DeliveryEntry) -> bool:
        """Write a new job down; of any number of processes exactly one does so for a person.

        What this process wrote earlier for the person is replaced, since the caller knows whether that job is over.
        """
        query = {"_id": self._key(entry), "owner": self._owner}
        update = {"$set": {**self._fields(entry), "interrupted": False}}
        try:
            await self._pool.update_one(_DELIVERIES, query, update, upsert=True, idempotent=True)
        except DuplicateKeyError:
            return False
        return True

    async def keep(self, entry: DeliveryEntry) -> bool:
        """Write down how far a job is; False when another process has taken it over."""
        update = {"$set": self._fields(entry)}
        return await self._pool.update_one(_DELIVERIES, self._ours(entry), update, idempotent=True) == 1

    async def end(self, entry: DeliveryEntry) -> None:
        """Forget a job; does nothing to a later one of the same person."""
        await self._pool.delete_many(_DELIVERIES, self._ours(entry))

    async def interrupted(self) -> list[DeliveryEntry]:
        """Take over the jobs of all other processes; those that were taken over and not ended, some hundreds."""
        others = {"bot": self._bot_id, "owner": {"$ne": self._owner}}
        await self._pool.update_many(
            _DELIVERIES, others, {"$set": {"owner": self._owner, "interrupted": True}}, idempotent=True
        )
        wanted = {"bot": self._bot_id, "owner": self._owner, "interrupted": True}
        return list(map(_to_entry, await self._pool.find(_DELIVERIES, wanted, limit=_MOST_TOLD)))

    def _fields(self, entry: DeliveryEntry) -> Document:
        return {
            "bot": self._bot_id,
            "reader": entry.job.owner_id,
            "job": entry.job.id,
            "total": entry.job.total,
            "sent": entry.sent,
            "trying": entry.is_trying,
            "message": entry.message_id,
            "language": entry.language,
            "hold": None if entry.reservation is None else _hold_of(entry.reservation),
            "expires_at": self._clock.utc_now() + self._kept_for,
        }

    def _ours(self, entry: DeliveryEntry) -> Document:
        return {"_id": self._key(entry), "job": entry.job.id, "owner": self._owner}

    def _key(self, entry: DeliveryEntry) -> str:
        return f"{self._bot_id}:{entry.job.owner_id}"


def _hold_of(reservation: QuotaReservation) -> Document:
    return {
        "id": reservation.id,
        "day": reservation.day.isoformat(),
        "granted": reservation.granted,
        "limit": reservation.limit,
    }


def _to_entry(found: Document) -> DeliveryEntry:
    reader_id, hold = int(found["reader"]), found.get("hold")
    return DeliveryEntry(
        job=DeliveryJob(found["job"], reader_id, found["total"]),
        message_id=found["message"],
        language=found["language"],
        sent=found["sent"],
        is_trying=found["trying"],
        reservation=None
        if hold is None
        else QuotaReservation(hold["id"], reader_id, date.fromisoformat(hold["day"]), hold["granted"], hold["limit"]),
    )
