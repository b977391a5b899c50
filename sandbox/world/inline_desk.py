"""Inline queries that wait for a bot, answers that serve the same query again, and results that may be chosen."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.open_questions import OpenQuestions

if TYPE_CHECKING:
    import asyncio

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


class InlineDesk(OpenQuestions[InlineQuery, Answered]):
    """Queries that wait for a bot, and answers that are kept."""

    def __init__(self, clock: Clock, timeout_s: float = 10.0) -> None:
        super().__init__(clock, timeout_s, 0x11_7A5C_0000_0001)
        self._answered: OrderedDict[int, Answered] = OrderedDict()
        self._cache: OrderedDict[tuple[int, str, str, int], tuple[float, InlineAnswer]] = OrderedDict()

    def open(self, query: InlineQuery) -> tuple[int, asyncio.Future[Answered]]:
        """Start a query; see `OpenQuestions.ask`."""
        return self.ask(query.bot_id, query)

    def cached(self, query: InlineQuery) -> Answered | None:
        """An earlier answer to the same query that still holds, under an id of its own."""
        for person_id in (query.person_id, 0):
            until, answer = self._cache.get((query.bot_id, query.text, query.offset, person_id), (0.0, None))
            if answer is not None and self._clock.monotonic() < until:
                return self._keep(Answered(self.new_id(), query, answer))
        return None

    def answer(self, bot_id: int, query_id: int, answer: InlineAnswer) -> None:
        """Resolve a query.

        Raises:
            RpcFailure: QUERY_ID_INVALID, see `OpenQuestions.question`.
        """
        query = self.question(bot_id, query_id)
        self._cache_answer(query, answer)
        self.resolve(query_id, self._keep(Answered(query_id, query, answer)))

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
