"""Questions of people's apps that a bot has some seconds to answer."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from core.clock import Clock

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Q, A]):
    bot_id: int
    question: Q
    deadline: float
    answer: asyncio.Future[A]


class OpenQuestions(Generic[Q, A]):
    """Open questions by query id; one that its bot has not answered in time is gone.

    Attributes:
        timeout_s: how long a bot has, in seconds of the world's clock.
    """

    def __init__(self, clock: Clock, timeout_s: float, first_id: int) -> None:
        self.timeout_s = timeout_s
        self._clock = clock
        self._waiting: OrderedDict[int, _Waiting[Q, A]] = OrderedDict()
        self._ids = itertools.count(first_id, 7)

    def new_id(self) -> int:
        """A query id that was not given yet."""
        return next(self._ids)

    def ask(self, bot_id: int, question: Q) -> tuple[int, asyncio.Future[A]]:
        """Start a question; returns its id and the future that the answer resolves. Needs a running loop."""
        self._forget_expired()
        query_id = self.new_id()
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting[query_id] = _Waiting(bot_id, question, self._clock.monotonic() + self.timeout_s, future)
        return query_id, future

    def question(self, bot_id: int, query_id: int) -> Q:
        """What a bot may answer now.

        Raises:
            RpcFailure: QUERY_ID_INVALID when it is unknown, late, answered already or another bot's.
        """
        self._forget_expired()
        waiting = self._waiting.get(query_id)
        if waiting is None or waiting.bot_id != bot_id or waiting.answer.done():
            raise RpcFailure(400, "QUERY_ID_INVALID")
        return waiting.question

    def resolve(self, query_id: int, answer: A) -> None:
        """Answer a question that `question` has told."""
        self._waiting.pop(query_id).answer.set_result(answer)

    def close(self, query_id: int) -> None:
        """Forget a question whose client stopped waiting."""
        self._waiting.pop(query_id, None)

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._waiting:
            query_id, waiting = next(iter(self._waiting.items()))
            if waiting.deadline > now:
                break
            del self._waiting[query_id]
