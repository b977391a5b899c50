"""What happened to the account while nobody listened, asked for after the login and after every lost connection.

pyrogram's own recovery replays messages however old they are, and only at a start. Channels and supergroups are no part
of this: they have sequences of their own, and those that are indexed are compared by the channel scan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from pyrogram import errors, raw

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.errors import TelegramUnavailableError
from core.telegram.retry_policy import Idempotency
from core.telegram.update_state import Position

if TYPE_CHECKING:
    from core.clock import Clock
    from core.telegram.telegram_api import TelegramApi
    from core.telegram.update_state import UpdateState

_MAX_PAGES = 100
_LOOK_EVERY_S = 1.0
_PATIENCE_S = 10.0
_TIMEOUT_S = 5.0
_FLOOD_CAP_S = 5.0

TakeMissed = Callable[[Any, dict[int, Any], float, Position], None]
"""Called with (raw update, users by id, seconds since it happened, a position before it)."""


class MissedUpdates:
    """Looks after the account's sequence of updates.

    Args:
        client: not started yet; its `handle_updates` is wrapped at `listen`.
        api: the way out through that client.
        state: how far the updates are dealt with.
        in_doubt: called whenever something may have been missed, of channels too, which have records of their own.
    """

    def __init__(
        self, client: Any, api: TelegramApi, state: UpdateState, clock: Clock, in_doubt: Callable[[], None]
    ) -> None:
        self._client = client
        self._api = api
        self._state = state
        self._clock = clock
        self._in_doubt = in_doubt
        self._connection: Any = None
        self._owed: int | None = None
        self._begun = False
        self._log = structlog.get_logger(__name__)

    def listen(self) -> None:
        """Watch the client's connection; call before the client starts."""
        hear = self._client.handle_updates

        async def handle_updates(updates: Any) -> None:
            self._begin()
            self._notice_connection()
            if isinstance(updates, raw.types.UpdatesTooLong):
                self._owe()
            await hear(updates)

        self._client.handle_updates = handle_updates

    async def run(self, take: TakeMissed, caught_up: Callable[[], None]) -> None:
        """Hand over what was missed, now and after every reconnection, and keep the state on disk.

        Args:
            take: gets every update that was missed, and others that have been handled before.
            caught_up: called once the first look has ended or taken ten seconds; a failed one is repeated every
                second.
        """
        self._begin()
        asyncio.get_running_loop().call_later(_PATIENCE_S, caught_up)  # what arrives waits for it, but not for ever
        while True:
            self._notice_connection()
            await self._pay(take)
            caught_up()
            self._state.flush()
            await self._clock.sleep(_LOOK_EVERY_S)

    def _begin(self) -> None:
        """Read where the last run ended; not before the login, since until then another process may receive."""
        if not self._begun:
            self._begun = True
            self._state.load()
            self._owed = self._state.hold()

    def _notice_connection(self) -> None:
        """Owe a look when the connection is another one than before, before anything from it is counted."""
        connection = getattr(self._client.session, "connection", None)
        if connection is self._connection:
            return
        if self._connection is not None:
            self._owe()
        self._connection = connection

    def _owe(self) -> None:
        self._in_doubt()
        if self._owed is None:
            self._owed = self._state.hold()

    async def _pay(self, take: TakeMissed) -> None:
        if (ticket := self._owed) is None:
            return
        try:
            count = await self._catch_up(self._state.held(ticket), take)
        except (TelegramUnavailableError, errors.RPCError) as error:
            self._log.warning("missed_updates_unknown", error=type(error).__name__)
            return
        self._owed = None
        self._state.settle(ticket)
        if count:
            self._log.info("missed_updates_taken", updates=count)

    async def _catch_up(self, position: Position | None, take: TakeMissed) -> int:
        """Everything from a position up to now; returns how many updates that was."""
        server = _position(await self._ask("updates.GetState", raw.functions.updates.GetState()))
        if position is None or server.pts < position.pts or server.qts < position.qts:
            self._state.restart_at(server)
            return 0
        count = 0
        for _ in range(_MAX_PAGES):
            if position.pts >= server.pts and position.qts >= server.qts:
                return count
            page = await self._page(position)
            if page is None:
                break
            if isinstance(page, raw.types.updates.DifferenceEmpty):
                self._state.advance(server.pts, server.qts)
                return count
            count += self._hand_over(page, position, server, take)
            position = _position(getattr(page, "intermediate_state", None) or page.state)
            self._state.advance(position.pts, position.qts)
            if isinstance(page, raw.types.updates.Difference):
                return count
        self._log.warning("missed_updates_given_up", taken=count)
        self._state.advance(server.pts, server.qts)
        return count

    async def _page(self, position: Position) -> Any:
        """What comes next after a position; None when Telegram does not tell, however often it is asked."""
        request = raw.functions.updates.GetDifference(**position._asdict())
        try:
            page = await self._ask("updates.GetDifference", request)
        except errors.RPCError as error:
            self._log.warning("missed_updates_refused", error=type(error).__name__)
            return None
        return None if isinstance(page, raw.types.updates.DifferenceTooLong) else page

    @staticmethod
    def _hand_over(page: Any, before: Position, server: Position, take: TakeMissed) -> int:
        users = {user.id: user for user in page.users}
        messages = [raw.types.UpdateNewMessage(message=message, pts=0, pts_count=0) for message in page.new_messages]
        updates = [*messages, *page.other_updates]
        for update in updates:
            happened = getattr(getattr(update, "message", update), "date", None) or before.date
            take(update, users, max(0.0, float(server.date - happened)), before)
        return len(updates)

    async def _ask(self, method: str, request: Any) -> Any:
        return await self._api.call_api(
            method,
            lambda: request,
            lane=ConcurrencyDomain.TELEGRAM_FETCH,
            idempotency=Idempotency.REPEATABLE,
            flood_cap_s=_FLOOD_CAP_S,
            timeout_s=_TIMEOUT_S,
        )


def _position(state: Any) -> Position:
    return Position(state.pts, state.qts, state.date)
