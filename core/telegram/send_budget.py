"""Who may send next: the schedule of one bot's messages, and waiting for a turn in it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.telegram.gateway import RetryLaterError
from core.telegram.send_schedule import SendLimits, SendSchedule

if TYPE_CHECKING:
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.observability.metrics import Metrics
    from core.telegram.gateway import SendClass
    from core.telegram.send_schedule import Ticket


class SendBudget:
    """Gives every message that the bot sends its turn; safe for any number of tasks.

    Args:
        tasks: runs the alarm that wakes whoever waits; nothing runs while nobody does.
        clock: measures and waits.
        metrics: counts waits, refusals and chats that Telegram puts off.
        limits: what Telegram allows.
    """

    def __init__(self, tasks: TaskRegistry, clock: Clock, metrics: Metrics, limits: SendLimits | None = None) -> None:
        self._schedule = SendSchedule(limits or SendLimits())
        self._tasks = tasks
        self._clock = clock
        self._metrics = metrics
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._alarm: asyncio.Task[Any] | None = None
        self._alarm_at = math.inf

    async def acquire(self, chat_id: int, send_class: SendClass) -> Ticket:
        """Return when a message to this chat may go; a cancelled wait costs nothing.

        Returns:
            The turn. It counts against every limit until it is `answered`, and for the limit's own time after that.

        Raises:
            RetryLaterError: the turn does not come within the patience of the class, or too many of the class wait.
        """
        started = self._clock.monotonic()
        try:
            ticket = self._schedule.add(chat_id, send_class, started)
            await self._turn(ticket)
        except RetryLaterError:
            self._metrics.send_budget_refusals.labels(send_class.value).inc()
            raise
        self._metrics.send_budget_seconds.labels(send_class.value).observe(self._clock.monotonic() - started)
        return ticket

    def answered(self, turn: Ticket) -> None:
        """An attempt is over: answered, failed or given up; safe to repeat. Whoever acquires must see to this."""
        self._schedule.settled(turn, self._clock.monotonic())
        self._give_turns()

    def hold_back(self, chat_id: int, seconds: float) -> None:
        """Send nothing to a chat for so long, because Telegram says so; other chats go on."""
        self._metrics.send_budget_holds.inc()
        self._schedule.hold(chat_id, seconds, self._clock.monotonic())
        self._give_turns()

    def permit(self, chat_id: int, send_class: SendClass) -> SendPermit:
        """What one call needs to ask for its turns; costs nothing yet."""
        return SendPermit(self, chat_id, send_class)

    def report(self) -> dict[str, Any]:
        """How much waits and is held back, for the operator; JSON values."""
        return {
            "waiting": {of.value: count for of, count in self._schedule.waiting.items()},
            "under_way": self._schedule.under_way,
            "chats": self._schedule.chats,
            "chats_held_back": self._schedule.held(self._clock.monotonic()),
        }

    async def _turn(self, ticket: Ticket) -> None:
        self._turns[ticket] = turn = asyncio.get_running_loop().create_future()
        has_gone = False
        try:
            self._give_turns()
            if not turn.done():
                self._show_depth(ticket.send_class)
            await turn
            has_gone = True
        finally:
            del self._turns[ticket]
            if not has_gone:
                self._give_back(ticket)
            self._show_depth(ticket.send_class)

    def _give_back(self, ticket: Ticket) -> None:
        """Nobody uses the turn, whether it has come or not."""
        self._schedule.withdraw(ticket, self._clock.monotonic())
        if ticket.granted_at is not None:
            self.answered(ticket)

    def _give_turns(self) -> None:
        """Let go what may go, turn away what has waited in vain, and see to it that this is done again in time."""
        now = self._clock.monotonic()
        while (ticket := self._schedule.next_turn(now)) is not None:
            if not (turn := self._turns[ticket]).done():
                turn.set_result(None)
        for ticket in self._schedule.overdue(now):
            if not (turn := self._turns[ticket]).done():
                turn.set_exception(RetryLaterError(self._schedule.retry_after(ticket, now)))
        self._set_alarm()

    def _set_alarm(self) -> None:
        at = self._schedule.wake_at()
        if at is None:
            return
        if self._alarm is not None and not self._alarm.done():
            if self._alarm_at <= at:
                return
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = self._tasks.spawn(self._ring(at), name="send_budget")

    async def _ring(self, at: float) -> None:
        await self._clock.sleep(at - self._clock.monotonic())
        self._alarm = None
        self._give_turns()

    def _show_depth(self, send_class: SendClass) -> None:
        self._metrics.send_budget_waiting.labels(send_class.value).set(self._schedule.waiting[send_class])


@dataclass(frozen=True, slots=True)
class SendPermit:
    """The right of one call to ask for a turn before every attempt."""

    budget: SendBudget
    chat_id: int
    send_class: SendClass

    async def acquire(self) -> Ticket:
        """Wait for a turn; see `SendBudget.acquire`."""
        return await self.budget.acquire(self.chat_id, self.send_class)

    def answered(self, turn: Ticket) -> None:
        """The attempt is over; see `SendBudget.answered`."""
        self.budget.answered(turn)

    def hold_back(self, seconds: float) -> None:
        """Telegram asks this chat's sends to wait; see `SendBudget.hold_back`."""
        self.budget.hold_back(self.chat_id, seconds)
