"""The routes of the chat page: its files, what its people see and do, and the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from sandbox.web.assets import Assets
from sandbox.web.downloads import send_file
from sandbox.web.event_stream import EventStreams
from sandbox.web.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.web.panel import Panel
    from sandbox.web.person import Person

UPLOAD_BYTES = 64 * 1024 * 1024


class ChatPage:
    """Serves the page; lives as long as the demo, longer than one run of the bot.

    Args:
        people: by role, in the order in which the page lists them.
        about: what the page shows of them and of the bot, as JSON.
        panel: what breaks things.
    """

    def __init__(self, people: Mapping[str, Person], about: Mapping[str, Any], panel: Panel) -> None:
        self._people = people
        self._about = about
        self._panel = panel
        self._assets = Assets()
        self._streams = EventStreams()
        self._acts: dict[str, Callable[[Person, dict[str, Any]], Awaitable[Any]]] = {
            "say": _say,
            "press": _press,
            "inline": _inline,
            "choose": _choose,
            "open": _open,
            "start": _start,
            "post": _post,
            "edit": _edit,
            "delete": _delete,
            "join": _join,
            "leave": _leave,
        }

    def open_streams(self) -> None:
        """Tell pages what happens, again after `end_streams`."""
        self._streams.open()

    def end_streams(self) -> None:
        """Let every page go; they come back by themselves after `open_streams`."""
        self._streams.end_all()
        for person in self._people.values():
            person.timeline.wake()

    def routes(self) -> list[web.RouteDef]:
        """For the HTTP server of the demo."""
        person = "/api/people/{role}"
        return [
            web.get("/", guarded(self._assets.index)),
            web.get("/page/{name}", guarded(self._assets.asset)),
            web.get("/api/about", guarded(self._show_about)),
            web.get(f"{person}/chats", guarded(self._show_chats)),
            web.get(f"{person}/commands", guarded(self._show_commands)),
            web.get(f"{person}/history", guarded(self._show_history)),
            web.get(f"{person}/events", guarded(self._stream)),
            web.get(f"{person}/file", guarded(self._send_file)),
            web.post(f"{person}/upload", guarded(self._upload)),
            web.post(f"{person}/{{act}}", guarded(self._act)),
            web.get("/api/panel", guarded(self._show_panel)),
            web.post("/api/panel/{act}", guarded(self._use_panel)),
        ]

    async def _show_about(self, _: web.Request) -> web.Response:
        return _json(self._about)

    async def _show_chats(self, request: web.Request) -> web.Response:
        person = self._person(request)
        return _json({"cursor": person.timeline.cursor, "chats": person.chats.listed()})

    async def _show_commands(self, request: web.Request) -> web.Response:
        return _json(self._person(request).chats.commands())

    async def _show_history(self, request: web.Request) -> web.Response:
        chat_id, before = _number(request, "chat"), _number(request, "before")
        return _json(self._person(request).chats.history(chat_id, before))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await self._streams.send(request, self._person(request).timeline)

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        message = self._person(request).chats.message(_number(request, "chat"), _number(request, "message"))
        if message.body.file is None:
            raise web.HTTPNotFound
        return await send_file(request, message.body.file, message_id=message.id)

    async def _upload(self, request: web.Request) -> web.Response:
        query, data = request.query, bytearray()
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > UPLOAD_BYTES:
                raise web.HTTPRequestEntityTooLarge(UPLOAD_BYTES, len(data))
        as_picture = query.get("picture") == "1"
        name, mime = query.get("name", ""), query.get("mime", "")
        return _json({"token": self._person(request).upload(name, mime, bytes(data), as_picture=as_picture)})

    async def _act(self, request: web.Request) -> web.Response:
        act = self._acts.get(request.match_info["act"])
        if act is None:
            raise web.HTTPNotFound
        person, said = self._person(request), await _body(request)
        try:
            return _json(await act(person, said))
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"not understood: {error!r}") from None

    async def _show_panel(self, request: web.Request) -> web.Response:
        return _json(self._panel.state(_number(request, "after")))

    async def _use_panel(self, request: web.Request) -> web.Response:
        act = request.match_info["act"]
        if act not in self._panel.actions:
            raise web.HTTPNotFound
        self._panel.act(act)
        return _json(self._panel.state(_number(request, "after")))

    def _person(self, request: web.Request) -> Person:
        person = self._people.get(request.match_info["role"])
        if person is None:
            raise web.HTTPNotFound
        return person


async def _say(person: Person, said: dict[str, Any]) -> Any:
    return person.named(person.say(int(said["chat"]), str(said["text"]), reply_to=said.get("reply")))


async def _press(person: Person, said: dict[str, Any]) -> Any:
    return await person.press(int(said["chat"]), int(said["message"]), str(said["data"]))


async def _inline(person: Person, said: dict[str, Any]) -> Any:
    return await person.ask_inline(int(said["chat"]), str(said["query"]), str(said.get("offset") or ""))


async def _choose(person: Person, said: dict[str, Any]) -> Any:
    ids = str(said["query_id"]), str(said["result"])
    return person.named(person.choose(int(said["chat"]), *ids, reply_to=said.get("reply")))


async def _open(person: Person, said: dict[str, Any]) -> Any:
    return await person.open(str(said["url"]))


async def _start(person: Person, said: dict[str, Any]) -> Any:
    return person.named(person.start(str(said["param"])))


async def _post(person: Person, said: dict[str, Any]) -> Any:
    tokens = [str(token) for token in said["files"]]
    posted = person.post(int(said["chat"]), tokens, str(said.get("caption", "")), reply_to=said.get("reply"))
    return {"messages": [person.named(message) for message in posted]}


async def _edit(person: Person, said: dict[str, Any]) -> Any:
    person.edit(int(said["chat"]), int(said["message"]), str(said["text"]))


async def _delete(person: Person, said: dict[str, Any]) -> Any:
    person.delete(int(said["chat"]), int(said["message"]))


async def _join(person: Person, said: dict[str, Any]) -> Any:
    person.join(int(said["chat"]))


async def _leave(person: Person, said: dict[str, Any]) -> Any:
    person.leave(int(said["chat"]))


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest(text="not JSON") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="not an object")
    return body


def _number(request: web.Request, name: str) -> int:
    try:
        return int(request.query.get(name, "0"))
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name} is a number") from None


def _json(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
