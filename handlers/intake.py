"""What becomes of each raw update is decided at once; what it asks for is done in the lane of its chat."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from pyrogram import raw
from structlog.contextvars import bound_contextvars

from core.cache.recent_values import RecentValues
from core.concurrency.chat_lanes import LaneJob, ShedReason
from handlers.base import Route
from handlers.chat_events import read_chat_event
from handlers.incoming import CallbackQuery, Incoming, IncomingMessage, InlineQuery, read_update

if TYPE_CHECKING:
    from collections.abc import Hashable

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.observability.metrics import Metrics
    from core.telegram.update_state import Position
    from core.wiring_updates import Receiving
    from handlers.channel import ChannelHandler
    from handlers.chat_events import ChatEvent, ChatEventRoutes
    from handlers.late_presses import LatePresses
    from handlers.pipeline import UpdatePipeline

FindRoute = Callable[[Incoming], Route | None]
"""None where the bot stays silent on purpose."""

_MISSED_MESSAGE_S = 60.0
_SUPERGROUPS_BELOW = -1_000_000_000_000
_PATIENCE_S = {IncomingMessage: 60.0, CallbackQuery: 15.0, InlineQuery: 10.0}
_KINDS = {IncomingMessage: "message", CallbackQuery: "press", InlineQuery: "inline"}
_TOLD_FOR_S = 60.0
_TOLD_CHATS = 10_000
_ACCOUNT_UPDATES = (
    raw.types.UpdateNewMessage,
    raw.types.UpdateEditMessage,
    raw.types.UpdateDeleteMessages,
    raw.types.UpdateReadHistoryInbox,
    raw.types.UpdateReadHistoryOutbox,
    raw.types.UpdateReadMessagesContents,
)


@dataclass(frozen=True, slots=True)
class _Missed:
    """An update that came while nobody listened: how long ago at most, and a position before it."""

    age_s: float
    before: Position


class UpdateIntake:
    """Takes updates without ever waiting.

    Updates that arrive before it is known what was missed wait for that, so that a chat's order stays.
    """

    def __init__(
        self,
        find_route: FindRoute,
        *,
        channels: ChannelHandler,
        events: ChatEventRoutes,
        pipeline: UpdatePipeline,
        late_presses: LatePresses,
        receiving: Receiving,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._find_route = find_route
        self._channels = channels
        self._events = events
        self._pipeline = pipeline
        self._late_presses = late_presses
        self._lanes = receiving.lanes
        self._recent = receiving.recent
        self._state = receiving.state
        self._tasks = tasks
        self._metrics = metrics
        self._told: RecentValues[int, bool] = RecentValues(clock, capacity=_TOLD_CHATS)
        self._early: list[tuple[Any, dict[int, Any]]] | None = []
        self._accepting = True
        self._log = structlog.get_logger(__name__)

    def take(self, update: Any, users: dict[int, Any]) -> None:
        """Take an update that has just arrived; posts of indexed channels go their own way."""
        if not self._accepting or self._channels.take(update):
            return
        if self._early is not None:
            self._early.append((update, users))
            return
        self._accept(update, users, None)

    def take_missed(self, update: Any, users: dict[int, Any], age_s: float, before: Position) -> None:
        """Take an update of `age_s` seconds ago; what is too old to be answered is left out, what may not be is not."""
        if self._accepting:
            self._accept(update, users, _Missed(age_s, before))

    def begin(self) -> None:
        """All that was missed has been taken: go on with what has arrived meanwhile. Calling it again does nothing."""
        early, self._early = self._early or (), None
        for update, users in early:
            self._accept(update, users, None)

    async def close(self, patience_s: float) -> None:
        """Refuse new updates, and wait for those being handled; what has not begun is missed, for the next start."""
        self._accepting = False
        handling, waiting = self._lanes.running, self._lanes.waiting
        self._log.info("updates_refused", handling=handling, waiting=waiting)
        still_running = await self._lanes.close(patience_s)
        self._state.flush()
        if still_running:
            self._log.warning("updates_unfinished", handling=still_running)

    def _accept(self, update: Any, users: dict[int, Any], missed: _Missed | None) -> None:
        ticket = self._count(update, missed)
        happened = read_chat_event(update)
        if happened is not None:
            self._put_event(happened, ticket)
            return
        event = read_update(update, users)
        route = None if event is None else self._find_route(event)
        if event is None or route is None:
            self._state.settle(ticket)
        elif missed is not None and missed.age_s > _age_limit_s(event):
            self._metrics.updates_missed.labels(_KINDS[type(event)], "too_old").inc()
            self._state.settle(ticket)
        else:
            self._put(route, event, ticket, is_missed=missed is not None)

    def _count(self, update: Any, missed: _Missed | None) -> int:
        """Keep the account's position before the update until the returned ticket is settled."""
        pts = getattr(update, "pts", None) if isinstance(update, _ACCOUNT_UPDATES) else None
        qts = getattr(update, "qts", None)
        if missed is not None:
            return self._state.hold(missed.before)
        if not pts and not qts:
            return 0
        ticket = self._state.hold()
        self._state.advance(pts, qts)
        return ticket

    def _put_event(self, event: ChatEvent, ticket: int) -> None:
        """An event is never shed; one that fails stays open, and is asked for again at the next start."""

        async def hand_over() -> None:
            with bound_contextvars(update_id=_new_update_id(), update=type(event).__name__):
                await self._events.handle(event)
                self._state.settle(ticket)

        self._lanes.put(LaneJob(event.chat_id, hand_over, _leave_open, None))

    def _put(self, route: Route, event: Incoming, ticket: int, *, is_missed: bool) -> None:
        if isinstance(event, CallbackQuery):
            self._late_presses.watch(event)
        work = partial(self._serve, route, event, ticket, is_missed=is_missed)
        shed = partial(self._note_shed, event, ticket)
        self._lanes.put(LaneJob(_lane_of(event), work, shed, _PATIENCE_S[type(event)]))
        self._metrics.updates_waiting.set(self._lanes.waiting)

    async def _serve(self, route: Route, event: Incoming, ticket: int, *, is_missed: bool) -> None:
        with bound_contextvars(update_id=_new_update_id()):
            await self._serve_once(route, event, ticket, is_missed=is_missed)

    async def _serve_once(self, route: Route, event: Incoming, ticket: int, *, is_missed: bool) -> None:
        try:
            is_first = await self._is_first(event, is_missed=is_missed)
            if is_missed:
                outcome = "handled" if is_first else "known"
                self._metrics.updates_missed.labels(_KINDS[type(event)], outcome).inc()
            elif not is_first:
                self._metrics.updates_repeated.inc()
            if is_first:
                await self._pipeline.run(route, event)
        finally:
            self._state.settle(ticket)
            self._metrics.updates_waiting.set(self._lanes.waiting)

    async def _is_first(self, event: Incoming, *, is_missed: bool) -> bool:
        if not isinstance(event, IncomingMessage):
            return True
        if event.chat_id < _SUPERGROUPS_BELOW:  # no later process is told of its messages
            return self._recent.claim_here(event.chat_id, event.message_id, event.date)
        return await self._recent.claim(event.chat_id, event.message_id, event.date, missed=is_missed)

    def _note_shed(self, event: Incoming, ticket: int, reason: ShedReason) -> None:
        self._metrics.updates_shed.labels(_KINDS[type(event)], reason.value).inc()
        if reason is ShedReason.STOPPING:
            return
        self._state.settle(ticket)
        if reason is ShedReason.CHAT_FULL:
            self._tell_too_fast(event)

    def _tell_too_fast(self, event: Incoming) -> None:
        """Once a minute and person; groups are told nothing, and a query is only typed on."""
        person = event.sender.id
        if isinstance(event, InlineQuery) or (isinstance(event, IncomingMessage) and not event.is_private):
            return
        if self._told.get(person):
            if isinstance(event, CallbackQuery):
                event.answered = True  # who floods may watch the button turn
            return
        self._told.put(person, True, _TOLD_FOR_S)
        with bound_contextvars(update_id=_new_update_id(), user_id=person):
            self._tasks.spawn(self._pipeline.turn_away(event), name="too_fast")


def _new_update_id() -> str:
    """What every log line about one update has in common, in this task and in those that it starts."""
    return secrets.token_hex(6)


def _leave_open(_reason: ShedReason) -> None:
    """The lanes close: the ticket stays open, so that the next start asks for the event again."""


def _age_limit_s(event: Incoming) -> float:
    return _MISSED_MESSAGE_S if isinstance(event, IncomingMessage) else _PATIENCE_S[type(event)]


def _lane_of(event: Incoming) -> Hashable:
    """Messages queue up by chat, presses by person, which in a private chat is the same; queries by themselves."""
    if isinstance(event, IncomingMessage):
        return event.chat_id
    if isinstance(event, CallbackQuery):
        return event.sender.id
    return ("inline", event.sender.id)
