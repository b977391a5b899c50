"""Presses of inline buttons that wait for a bot's answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.open_questions import OpenQuestions

if TYPE_CHECKING:
    import asyncio

    from core.clock import Clock

ANSWER_LIMIT = 200


@dataclass(frozen=True, slots=True)
class PressAnswer:
    """What a bot answered to a press; without text and url the client only stops its spinner."""

    text: str | None = None
    alert: bool = False
    url: str | None = None
    cache_time_s: int = 0


class CallbackDesk(OpenQuestions[None, PressAnswer]):
    """Presses that wait for a bot."""

    def __init__(self, clock: Clock, timeout_s: float = 15.0) -> None:
        super().__init__(clock, timeout_s, 0x7A5C_0000_0000_0001)

    def open(self, bot_id: int) -> tuple[int, asyncio.Future[PressAnswer]]:
        """Start a press; see `OpenQuestions.ask`."""
        return self.ask(bot_id, None)

    def answer(self, bot_id: int, query_id: int, answer: PressAnswer) -> None:
        """Resolve a press.

        Raises:
            RpcFailure: QUERY_ID_INVALID, see `OpenQuestions.question`; MESSAGE_TOO_LONG above 200 characters.
        """
        self.question(bot_id, query_id)
        if answer.text is not None and len(answer.text) > ANSWER_LIMIT:
            raise RpcFailure(400, "MESSAGE_TOO_LONG")
        self.resolve(query_id, answer)
