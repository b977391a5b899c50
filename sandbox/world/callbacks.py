"""Presses of inline buttons that wait for a bot's answer."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from core.clock import Clock

ANSWER_LIMIT = 200


@dataclass(frozen=True, slots=True)
class PressAnswer:
    """What a bot answered to a press; without text and url the client only stops its spinner."""

    text: str | None = None
    alert: bool = False
    url: str | None = None
    cache_time_s: int = 0


@dataclass(frozen=True, slots=True)
class _Press:
    bot_id: int
    deadline: float
    answer: asyncio.Future[PressAnswer]


class CallbackDesk:
    """Open presses by query id; one that its bot has not answered in time is gone.

    Attributes:
        timeout_s: how long a bot has, in seconds of the world's clock.
    """

    def __init__(self, clock: Clock, timeout_s: float = 15.0) -> None:
        self._clock = clock
        self.timeout_s = timeout_s
        self._open: OrderedDict[int, _Press] = OrderedDict()
        self._ids = itertools.count(0x7A5C_0000_0000_0001, 7)

    def open(self, bot_id: int) -> tuple[int, asyncio.Future[PressAnswer]]:
        """Start a press; returns its query id and the future that the bot's answer resolves. Needs a running loop."""
        self._forget_expired()
        query_id = next(self._ids)
        future: asyncio.Future[PressAnswer] = asyncio.get_running_loop().create_future()
        self._open[query_id] = _Press(bot_id, self._clock.monotonic() + self.timeout_s, future)
        return query_id, future

    def answer(self, bot_id: int, query_id: int, answer: PressAnswer) -> None:
        """Resolve a press.

        Raises:
            RpcFailure: QUERY_ID_INVALID when it is unknown, late, answered already or another bot's;
                MESSAGE_TOO_LONG above 200 characters.
        """
        self._forget_expired()
        press = self._open.get(query_id)
        if press is None or press.bot_id != bot_id or press.answer.done():
            raise RpcFailure(400, "QUERY_ID_INVALID")
        if answer.text is not None and len(answer.text) > ANSWER_LIMIT:
            raise RpcFailure(400, "MESSAGE_TOO_LONG")
        del self._open[query_id]
        press.answer.set_result(answer)

    def close(self, query_id: int) -> None:
        """Forget a press whose client stopped waiting."""
        self._open.pop(query_id, None)

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._open:
            query_id, press = next(iter(self._open.items()))
            if press.deadline > now:
                break
            del self._open[query_id]
