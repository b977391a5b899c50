"""Broadcasts, as `repositories/broadcast_document.py` says; each has one document, which outlives it for a while.

Whoever sends one writes under the fence of its lease: of two processes that send the same broadcast only the one that
took it last moves anything. Orders (stop, pause, resume) need no fence and may come from any process.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.domain.broadcast import BroadcastPause, BroadcastState
from repositories.broadcast_document import from_document, snapshot_document, tally_document, to_document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.broadcast import Broadcast, Snapshot, Tally

_BROADCASTS = "broadcasts"
_DRAFT_LIVES = timedelta(minutes=30)
_RECORD_LIVES = timedelta(days=90)
_MOST_LISTED = 20


class BroadcastRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may then be repeated."""

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def add(self, draft: Broadcast) -> None:
        """Keep a draft for half an hour."""
        now = self._clock.utc_now()
        kept = {"created_at": now, "expires_at": now + _DRAFT_LIVES, "told": False}
        await self._pool.insert_one(_BROADCASTS, {**to_document(draft), **kept})

    async def get(self, broadcast_id: str) -> Broadcast | None:
        """A broadcast; None when it is not known (any more)."""
        found = await self._pool.find_one(_BROADCASTS, {"_id": broadcast_id})
        return None if found is None else from_document(found)

    async def confirm(self, broadcast_id: str, owner_id: int, message_id: int) -> Broadcast | None:
        """Let a draft of this owner begin when it is due, its progress shown in `message_id`; None when it is none."""
        now = self._clock.utc_now()
        query = {
            "_id": broadcast_id,
            "owner": owner_id,
            "state": BroadcastState.DRAFT.value,
            "expires_at": {"$gt": now},
        }
        fields = {"state": BroadcastState.WAITING.value, "message": message_id, "by": owner_id, "expires_at": None}
        return await self._change(query, fields)

    async def discard(self, broadcast_id: str, owner_id: int) -> bool:
        """Forget a draft of this owner; whether there was one."""
        query = {"_id": broadcast_id, "owner": owner_id, "state": BroadcastState.DRAFT.value}
        return await self._pool.delete_one(_BROADCASTS, query) == 1

    async def under_way(self) -> list[Broadcast]:
        """Everything that is confirmed and not over, in the order in which it is due."""
        states = [state.value for state in (BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.WAITING)]
        return await self._find({"state": {"$in": states}})

    async def next_due(self) -> Broadcast | None:
        """What has to be sent now: one that runs already, else the one that is due longest; None when none is due."""
        running = await self._find({"state": BroadcastState.RUNNING.value}, limit=1)
        if running:
            return running[0]
        waiting = await self._next_waiting()
        return waiting if waiting is not None and waiting.due_at <= self._clock.utc_now() else None

    async def next_moment(self) -> datetime | None:
        """When the next one that waits is due, UTC; None when none waits."""
        waiting = await self._next_waiting()
        return None if waiting is None else waiting.due_at

    async def _next_waiting(self) -> Broadcast | None:
        found = await self._find({"state": BroadcastState.WAITING.value}, limit=1)
        return found[0] if found else None

    async def not_told(self) -> list[Broadcast]:
        """Everything that is over and whose end nobody was told of."""
        over = [state.value for state in BroadcastState if state.is_over]
        return await self._find({"state": {"$in": over}, "told": False})

    async def told(self, broadcast_id: str) -> bool:
        """Note that the end is told; False when that was noted before."""
        query = {"_id": broadcast_id, "told": False}
        return await self._pool.update_one(_BROADCASTS, query, {"$set": {"told": True}}) == 1

    async def take_over(self, broadcast: Broadcast, fence: int) -> Broadcast | None:
        """Become the one who sends it: whoever did before can move it no more. None when it is not to be sent now."""
        states = [BroadcastState.RUNNING.value, BroadcastState.WAITING.value]
        query = {"_id": broadcast.id, "state": {"$in": states}, "fence": {"$lte": fence}}
        began_at = broadcast.began_at or self._clock.utc_now()
        return await self._change(
            query, {"state": BroadcastState.RUNNING.value, "fence": fence, "pause": None, "began_at": began_at}
        )

    async def checkpoint(
        self, broadcast: Broadcast, *, cursor: int, unsettled: Iterable[int], tally: Tally
    ) -> Broadcast | None:
        """Write down how far it is, all at once; a broadcast that was stopped or paused meanwhile takes it too.

        Returns:
            It as it is now; None when somebody else sends it, and then nothing changed.
        """
        fields = {"cursor": cursor, "unsettled": sorted(unsettled), **tally_document(tally)}
        return await self._change({"_id": broadcast.id, "fence": broadcast.fence}, fields)

    async def renew_snapshot(self, broadcast: Broadcast, snapshot: Snapshot) -> None:
        """Send this from now on; without effect when somebody else sends the broadcast."""
        query = {"_id": broadcast.id, "fence": broadcast.fence}
        update = {"$set": {"snapshot": snapshot_document(snapshot)}}
        await self._pool.update_one(_BROADCASTS, query, update, idempotent=True)

    async def finish(self, broadcast: Broadcast) -> Broadcast | None:
        """End one that has reached everybody; None when it does not run any more, or somebody else sends it."""
        query = {"_id": broadcast.id, "fence": broadcast.fence, "state": BroadcastState.RUNNING.value}
        return await self._change(query, self._ended(BroadcastState.DONE))

    async def stop(self, broadcast_id: str) -> Broadcast | None:
        """End one, whoever sends it; None when it is over, or a draft."""
        states = (BroadcastState.RUNNING, BroadcastState.WAITING, BroadcastState.PAUSED)
        return await self._order(broadcast_id, states, self._ended(BroadcastState.STOPPED))

    async def pause(self, broadcast_id: str, why: BroadcastPause) -> Broadcast | None:
        """Let one that runs stand still; None when it does not run."""
        fields = {"state": BroadcastState.PAUSED.value, "pause": why.value}
        return await self._order(broadcast_id, (BroadcastState.RUNNING,), fields)

    async def withhold(self, waiting: Broadcast) -> Broadcast | None:
        """Pause one that waits, by whose order it does; None when it does not, or waits by another's order now."""
        by_same = {"$in": [waiting.ordered_by, None]}
        query = {"_id": waiting.id, "state": BroadcastState.WAITING.value, "by": by_same}
        return await self._change(
            query, {"state": BroadcastState.PAUSED.value, "pause": BroadcastPause.NOT_ALLOWED.value}
        )

    async def resume(self, broadcast_id: str, admin_id: int) -> Broadcast | None:
        """Let one that is paused go on in its turn, by this admin's order; None when it is not paused."""
        now = self._clock.utc_now()
        fields = {"state": BroadcastState.WAITING.value, "pause": None, "due_at": now, "by": admin_id}
        return await self._order(broadcast_id, (BroadcastState.PAUSED,), fields)

    async def _order(self, broadcast_id: str, states: Iterable[BroadcastState], fields: Document) -> Broadcast | None:
        return await self._change({"_id": broadcast_id, "state": {"$in": [state.value for state in states]}}, fields)

    def _ended(self, state: BroadcastState) -> Document:
        now = self._clock.utc_now()
        return {"state": state.value, "pause": None, "ended_at": now, "expires_at": now + _RECORD_LIVES}

    async def _change(self, query: Document, fields: Document) -> Broadcast | None:
        found = await self._pool.find_one_and_update(_BROADCASTS, query, {"$set": fields}, idempotent=True)
        return None if found is None else from_document(found)

    async def _find(self, query: Document, limit: int = _MOST_LISTED) -> list[Broadcast]:
        found = await self._pool.find(_BROADCASTS, query, sort=[("due_at", 1), ("_id", 1)], limit=limit)
        return [from_document(document) for document in found]
