"""Leases: one process at a time does a job, and a dead one is succeeded when its time is over.

    leases {_id: name, owner, expires_at, token}

A document stays after its lease ended, so that `token` keeps growing.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from pymongo.errors import DuplicateKeyError

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.pool import DatabaseConnectionPool, Document

_LEASES = "leases"
_NOBODY = ""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it was acquired.

    Attributes:
        token: grows by one whenever the lease is taken, so that a store can refuse a late writer by its lower token.
        expires_at: UTC, whole milliseconds; from then on anybody may take it. A renewal does not change this object.
    """

    name: str
    owner: str
    token: int
    expires_at: datetime


class HeldLease:
    """A lease inside `DatabaseLease.hold`."""

    def __init__(self, lease: Lease, clock: Clock, valid_until: float) -> None:
        self.lease = lease
        self._clock = clock
        self._valid_until = valid_until

    @property
    def is_lost(self) -> bool:
        """Whether somebody else may have it by now; true as well when it could not be renewed in time."""
        return self._clock.monotonic() >= self._valid_until

    def renewed_until(self, moment: float) -> None:
        """Count as held until `moment` of the monotonic clock; a moment that is over means lost."""
        self._valid_until = moment


class DatabaseLease:
    """Leases by name; every method raises DatabaseUnavailableError when the primary database is gone.

    Expiry is judged by the clock of whoever asks: times to live must be long against the difference of the clocks.
    """

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def acquire(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """Take a lease that is free or expired; of any number of contenders exactly one gets it, the others None.

        The owner of a lease that is still valid gets it again with the same token, so that a lost answer can be asked
        for once more.

        Args:
            name: of the job.
            owner: not empty, and shared by nobody who must be kept out.
            ttl_s: seconds until somebody else may take it, unless renewed.
        """
        now = self._clock.utc_now()
        until = _after(now, ttl_s)
        free = {"_id": name, "expires_at": {"$lte": now}}
        taken = {"$set": {"owner": owner, "expires_at": until}, "$inc": {"token": 1}}
        try:
            found = await self._pool.find_one_and_update(_LEASES, free, taken, upsert=True)
        except DuplicateKeyError:  # it is there and not expired
            ours = {"_id": name, "owner": owner, "expires_at": {"$gt": now}}
            found = await self._pool.find_one_and_update(
                _LEASES, ours, {"$set": {"expires_at": until}}, idempotent=True
            )
        return None if found is None else Lease(name, owner, found["token"], found["expires_at"])

    async def renew(self, lease: Lease, ttl_s: float) -> bool:
        """Keep a lease for `ttl_s` seconds from now; False when it expired, was released or was taken by another."""
        now = self._clock.utc_now()
        query = {**_held_as(lease), "expires_at": {"$gt": now}}
        update = {"$set": {"expires_at": _after(now, ttl_s)}}
        return await self._pool.update_one(_LEASES, query, update, idempotent=True) == 1

    async def release(self, lease: Lease) -> None:
        """Let others have it at once; does nothing to a lease that was taken by another. Safe to repeat."""
        update = {"$set": {"owner": _NOBODY, "expires_at": _LONG_AGO}}
        await self._pool.update_one(_LEASES, _held_as(lease), update, idempotent=True)

    @asynccontextmanager
    async def hold(self, name: str, ttl_s: float, tasks: TaskRegistry) -> AsyncIterator[HeldLease | None]:
        """Hold a lease while the block runs, renewed three times per life; None when somebody else has it.

        A block that may run longer than `ttl_s` looks at `is_lost` before every step that must not be done twice.
        Whoever holds it, even another block of this process, keeps this one out.
        """
        asked_at = self._clock.monotonic()
        lease = await self.acquire(name, secrets.token_hex(8), ttl_s)
        if lease is None:
            yield None
            return
        held = HeldLease(lease, self._clock, asked_at + ttl_s)
        keeper = tasks.spawn(self._keep(held, ttl_s), name=f"lease:{name}")
        try:
            yield held
        finally:
            keeper.cancel()
            await self._leave(lease)

    async def _keep(self, held: HeldLease, ttl_s: float) -> None:
        while not held.is_lost:
            await self._clock.sleep(ttl_s / 3)
            asked_at = self._clock.monotonic()
            try:
                renewed = await self.renew(held.lease, ttl_s)
            except DatabaseUnavailableError:
                continue  # not known; it stays ours until its time is over
            held.renewed_until(asked_at + ttl_s if renewed else asked_at)
        structlog.get_logger(__name__).warning("lease_lost", lease=held.lease.name)

    async def _leave(self, lease: Lease) -> None:
        try:
            await self.release(lease)
        except DatabaseUnavailableError:
            structlog.get_logger(__name__).warning("lease_left_to_expiry", lease=lease.name)


def _after(now: datetime, seconds: float) -> datetime:
    """A moment as BSON keeps it: whole milliseconds."""
    moment = now + timedelta(seconds=seconds)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _held_as(lease: Lease) -> Document:
    return {"_id": lease.name, "owner": lease.owner, "token": lease.token}
