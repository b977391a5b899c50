"""One person's timeline as server-sent events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from sandbox.web.guard import HEADERS

if TYPE_CHECKING:
    from sandbox.web.timeline import Timeline

_RETRY_MS = 500
_QUIET_S = 10.0


class EventStreams:
    """Streams that go on until their reader leaves or `end_all` is called."""

    def __init__(self) -> None:
        self._round = 0
        self._is_open = True

    def open(self) -> None:
        """Let readers in again."""
        self._is_open = True

    def end_all(self) -> None:
        """End every stream at its next event or `Timeline.wake`, and let no reader in until `open`."""
        self._round += 1
        self._is_open = False

    async def send(self, request: web.Request, timeline: Timeline) -> web.StreamResponse:
        """Send what happened after `Last-Event-ID`, or after `after` at the first time, and what happens from now on.

        An event is {"kind": "new" or "edit", "message"} or {"kind": "delete", "chat", "ids"}; "reset" asks the page to
        load everything again, because events in between are not known any more.

        Raises:
            web.HTTPServiceUnavailable: after `end_all`, before `open`: a new stream would keep the old server busy.
        """
        if not self._is_open:
            raise web.HTTPServiceUnavailable(text="the bot is on its way down", headers={"Connection": "close"})
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await response.prepare(request)
        cursor = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        try:
            await response.write(b"retry: %d\n\n" % _RETRY_MS)
            await self._follow(response, timeline, cursor)
        except ConnectionResetError:
            pass  # the reader is gone
        return response

    async def _follow(self, response: web.StreamResponse, timeline: Timeline, cursor: str) -> None:
        started_in = self._round
        while self._round == started_in:
            news = timeline.since(cursor)
            if news is None:
                cursor = timeline.cursor
                await response.write(_event(cursor, {"kind": "reset"}))
            for number, event in news or ():
                cursor = number
                await response.write(_event(cursor, event))
            try:
                async with asyncio.timeout(_QUIET_S):
                    await timeline.wait(cursor)
            except TimeoutError:
                await response.write(b": still here\n\n")  # else nobody notices a reader that is gone


def _event(cursor: str, event: dict[str, object]) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (cursor.encode(), orjson.dumps(event))
