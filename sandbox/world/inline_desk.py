"""Inline queries that wait for a bot, answers that serve the same query again, and results that may be chosen."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from core.clock import Clock
    from sandbox.world.inline_results import InlineAnswer, InlineResult

KEPT_ANSWERS = 10_000


@dataclass(frozen=True, slots=True)
class InlineQuery:
    """What a person typed behind the bot's name."""

    bot_id: int
    person_id: int
    text: str
    offset: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A query with its answer; results are chosen under its id."""

    query_id: int
    query: InlineQuery
    answer: InlineAnswer


@dataclass(frozen=True, slots=True)
class _Open:
    query: InlineQuery
    deadline: float
    answered: asyncio.Future[Answered]


class InlineDesk:
    """Open queries by id; one that its bot has not answered in time is gone.

    Attributes:
        timeout_s: how long a bot has, in seconds of the world's clock.
    """

    def __init__(self, clock: Clock, timeout_s: float = 10.0) -> None:
        self._clock = clock
        self.timeout_s = timeout_s
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._answered: OrderedDict[int, Answered] = OrderedDict()
        self._cache: OrderedDict[tuple[int, str, str, int], tuple[float, InlineAnswer]] = OrderedDict()
        self._ids = itertools.count(0x11_7A5C_0000_0001, 7)

    def open(self, query: InlineQuery) -> tuple[int, asyncio.Future[Answered]]:
        """Start a query; returns its id and the future that the bot's answer resolves. Needs a running loop."""
        self._forget_expired()
        query_id = next(self._ids)
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._open[query_id] = _Open(query, self._clock.monotonic() + self.timeout_s, future)
        return query_id, future

    def cached(self, query: InlineQuery) -> Answered | None:
        """An earlier answer to the same query that still holds, under an id of its own."""
        for person_id in (query.person_id, 0):
            until, answer = self._cache.get((query.bot_id, query.text, query.offset, person_id), (0.0, None))
            if answer is not None and self._clock.monotonic() < until:
                return self._keep(Answered(next(self._ids), query, answer))
        return None

    def answer(self, bot_id: int, query_id: int, answer: InlineAnswer) -> None:
        """Resolve a query.

        Raises:
            RpcFailure: QUERY_ID_INVALID when it is unknown, late, answered already or another bot's.
        """
        self._forget_expired()
        waiting = self._open.get(query_id)
        if waiting is None or waiting.query.bot_id != bot_id or waiting.answered.done():
            raise RpcFailure(400, "QUERY_ID_INVALID")
        del self._open[query_id]
        self._cache_answer(waiting.query, answer)
        waiting.answered.set_result(self._keep(Answered(query_id, waiting.query, answer)))

    def close(self, query_id: int) -> None:
        """Forget a query whose client stopped waiting."""
        self._open.pop(query_id, None)

    def chosen(self, person_id: int, query_id: int, result_id: str) -> tuple[InlineQuery, InlineResult]:
        """What a person chose among the results that it was shown.

        Raises:
            RpcFailure: INLINE_RESULT_EXPIRED for an unknown query or another person's, RESULT_ID_INVALID.
        """
        answered = self._answered.get(query_id)
        if answered is None or answered.query.person_id != person_id:
            raise RpcFailure(400, "INLINE_RESULT_EXPIRED")
        for result in answered.answer.results:
            if result.id == result_id:
                return answered.query, result
        raise RpcFailure(400, "RESULT_ID_INVALID")

    def _keep(self, answered: Answered) -> Answered:
        self._answered[answered.query_id] = answered
        if len(self._answered) > KEPT_ANSWERS:
            self._answered.popitem(last=False)
        return answered

    def _cache_answer(self, query: InlineQuery, answer: InlineAnswer) -> None:
        if not answer.cache_time_s:
            return
        key = (query.bot_id, query.text, query.offset, query.person_id if answer.is_personal else 0)
        self._cache[key] = (self._clock.monotonic() + answer.cache_time_s, answer)
        self._cache.move_to_end(key)
        if len(self._cache) > KEPT_ANSWERS:
            self._cache.popitem(last=False)

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._open:
            query_id, waiting = next(iter(self._open.items()))
            if waiting.deadline > now:
                break
            del self._open[query_id]
