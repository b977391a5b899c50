"""What readers asked to have indexed.

    index_requests {_id: channel, number, title, top, state, asker, asker_name, language, asked_at,
                    decided_by?, decided_name?, decided_at?, untold?: "moderators" or "asker"}

`untold` is there while somebody has to be told how the request stands.

A channel has one document, its newest request's: so there is never more than one open request for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from core.domain.index_request import IndexRequest, RequestState, Untold

if TYPE_CHECKING:
    from datetime import datetime

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.user import User
    from core.telegram.gateway import ChannelInfo

_REQUESTS = "index_requests"
_HELD_FOR = timedelta(days=7)
_PAGE = 200


class IndexRequestRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def open(self, channel: ChannelInfo, asker: User, *, language: str, top: int) -> IndexRequest | None:
        """Ask for a channel; None while an earlier request is open, and for a week after one was asked or rejected.

        Of any number of askers exactly one opens it. A request that nobody decides may be asked again after the week.
        """
        now = self._clock.utc_now()
        old = now - _HELD_FOR
        settled = [
            {"state": RequestState.ACCEPTED.value},
            {"state": RequestState.REJECTED.value, "decided_at": {"$lte": old}},
            {"state": RequestState.OPEN.value, "asked_at": {"$lte": old}},
        ]
        fields = {
            "title": channel.title,
            "top": top,
            "state": RequestState.OPEN.value,
            "asker": asker.id,
            "asker_name": asker.first_name,
            "language": language,
            "asked_at": now,
            "untold": Untold.MODERATORS.value,
        }
        update = {
            "$set": fields,
            "$inc": {"number": 1},
            "$unset": {"decided_by": "", "decided_name": "", "decided_at": ""},
        }
        query = {"_id": channel.id, "$or": settled}
        try:
            found = await self._pool.find_one_and_update(_REQUESTS, query, update, upsert=True)
        except DuplicateKeyError:
            return None
        return None if found is None else _to_request(found)

    async def get(self, channel_id: int) -> IndexRequest | None:
        """The newest request for a channel; None when nobody ever asked."""
        found = await self._pool.find_one(_REQUESTS, {"_id": channel_id})
        return None if found is None else _to_request(found)

    async def decide(
        self, channel_id: int, number: int, moderator: User, decision: RequestState
    ) -> tuple[IndexRequest | None, bool]:
        """Accept or reject an open request: the first of any number of moderators does.

        Returns:
            The request as it is now, None when there is no such one; and whether this moderator's decision, made now or
            by an earlier press, is the one that stands.
        """
        query: Document = {"_id": channel_id, "number": number, "state": RequestState.OPEN.value}
        fields = {
            "state": decision.value,
            "decided_by": moderator.id,
            "decided_name": moderator.first_name,
            "decided_at": self._clock.utc_now(),
        }
        update: dict[str, Document] = {"$set": fields, "$unset": {"untold": ""}}
        if decision is RequestState.REJECTED:  # who is accepted is told once indexing has begun
            update = {"$set": {**fields, "untold": Untold.ASKER.value}}
        found = await self._pool.find_one_and_update(_REQUESTS, query, update, idempotent=True)
        request = await self.get(channel_id) if found is None else _to_request(found)
        if request is None or request.number != number:
            return None, False
        return request, (request.decided_by, request.state) == (moderator.id, decision)

    async def owe_answer(self, request: IndexRequest) -> None:
        """The asker has to be told how a request was decided, which stands by now; safe to repeat."""
        query = {"_id": request.channel_id, "number": request.number, "state": request.state.value}
        change = {"$set": {"untold": Untold.ASKER.value}}
        await self._pool.update_one(_REQUESTS, query, change, idempotent=True)

    async def told(self, request: IndexRequest) -> None:
        """Whoever had to be told of a request as it was then has been; safe to repeat."""
        query = {"_id": request.channel_id, "number": request.number, "state": request.state.value}
        await self._pool.update_one(_REQUESTS, query, {"$unset": {"untold": ""}}, idempotent=True)

    async def untold(self, asked_before: datetime) -> list[IndexRequest]:
        """Requests made by then (UTC) of which somebody was not told yet, some hundred at the most."""
        query = {"untold": {"$in": [untold.value for untold in Untold]}, "asked_at": {"$lte": asked_before}}
        found = await self._pool.find(_REQUESTS, query, sort=[("untold", 1), ("_id", 1)], limit=_PAGE)
        return [_to_request(document) for document in found]


def _to_request(found: Document) -> IndexRequest:
    return IndexRequest(
        channel_id=int(found["_id"]),  # the driver has a type of its own for what needs 64 bits
        title=found["title"],
        number=found["number"],
        top=found["top"],
        state=RequestState(found["state"]),
        asker_id=int(found["asker"]),
        asker_name=found["asker_name"],
        language=found["language"],
        decided_by=found.get("decided_by"),
        decided_name=found.get("decided_name", ""),
    )
