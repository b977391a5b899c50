"""What happened to one person's messages, numbered, so that a page that was away goes on where it was."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

from sandbox.web.rendering import MessageView
from sandbox.world.chats import FULL_ID_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.world import World
    from sandbox.world.delivery import Happening

KEPT = 2_000


class Timeline:
    """Events of one account, oldest first; the newest two thousand are kept.

    A cursor is a text: the run of this process and the number of an event. Build it inside a running loop.
    """

    def __init__(self, world: World, person_id: int, *, kept: int = KEPT) -> None:
        self._run = secrets.token_hex(4)
        self._view = MessageView(world, person_id)
        self._events: deque[dict[str, Any]] = deque(maxlen=kept)
        self._last = 0
        self._news = asyncio.Event()
        self.close: Callable[[], None] = world.observe(person_id, self._on_happening)

    @property
    def cursor(self) -> str:
        """Of the newest event."""
        return self._cursor(self._last)

    def since(self, cursor: str) -> list[tuple[str, dict[str, Any]]] | None:
        """Events after a cursor, each with its own; None when some are not known any more, or the cursor is foreign."""
        run, _, number = cursor.partition("-")
        if run != self._run or not number.isdecimal() or int(number) > self._last:
            return None
        first = self._last - len(self._events) + 1
        seen = int(number)
        if seen + 1 < first:
            return None
        return [
            (self._cursor(first + place), event) for place, event in enumerate(self._events) if first + place > seen
        ]

    async def wait(self, cursor: str) -> None:
        """Return once there is something after the cursor, or at `wake`; at once when it is not the newest."""
        if cursor == self.cursor:
            await self._news.wait()

    def wake(self) -> None:
        """Let everybody who waits look up."""
        self._news.set()
        self._news = asyncio.Event()

    def _cursor(self, number: int) -> str:
        return f"{self._run}-{number}"

    def _on_happening(self, happening: Happening) -> None:
        if happening.message is None:
            chat_id = FULL_ID_BASE - happening.channel_id if happening.channel_id else 0
            event: dict[str, Any] = {"kind": happening.kind.value, "chat": chat_id, "ids": list(happening.ids)}
        else:
            event = {"kind": happening.kind.value, "message": self._view.message(happening.message)}
        self._last += 1
        self._events.append(event)
        self.wake()
