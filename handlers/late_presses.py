"""Buttons that are still turning after some seconds are stopped, whatever their handler is doing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog

from core.errors import InfrastructureError
from core.telegram.gateway import TelegramGateway, TelegramRefusedError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from handlers.incoming import CallbackQuery

_PATIENCE_S = 5.0
_LOOK_EVERY_S = 0.5


class LatePresses:
    """Answers a press with nothing when nobody has answered it in time; Telegram takes an answer for some 15 s.

    Args:
        patience_s: how long a press may go without an answer.
    """

    def __init__(
        self, telegram: TelegramGateway, tasks: TaskRegistry, clock: Clock, patience_s: float = _PATIENCE_S
    ) -> None:
        self._telegram = telegram
        self._tasks = tasks
        self._clock = clock
        self._patience_s = patience_s
        self._presses: deque[tuple[float, CallbackQuery]] = deque()
        self._log = structlog.get_logger(__name__)

    def watch(self, query: CallbackQuery) -> None:
        """Look at a press that has just come, once its time is over."""
        self._presses.append((self._clock.monotonic() + self._patience_s, query))

    async def run(self) -> None:
        """Look for presses whose time is over, for ever."""
        while True:
            await self._clock.sleep(_LOOK_EVERY_S)
            now = self._clock.monotonic()
            while self._presses and self._presses[0][0] <= now:
                _, query = self._presses.popleft()
                if not query.answered:
                    query.answered = True
                    self._tasks.spawn(self._answer(query), name="late_press")

    async def _answer(self, query: CallbackQuery) -> None:
        try:
            await self._telegram.answer_callback(query.id)
        except (InfrastructureError, TelegramRefusedError) as error:
            self._log.warning("late_press_unanswered", error=type(error).__name__)
