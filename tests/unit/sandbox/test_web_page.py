"""The chat page's server without a browser: who may ask, what is remembered, what is refused."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.datacenter.rpc import RpcFailure
from sandbox.datacenter.server import DataCenter
from sandbox.demo_clock import DemoClock
from sandbox.picture import paint
from sandbox.stores import InMemoryStores
from sandbox.web.last_lines import LastLines
from sandbox.web.panel import Panel
from sandbox.web.person import Person
from sandbox.web.server import ChatPage
from sandbox.web.timeline import Timeline
from sandbox.world.files import FileKind

ANN = "/api/people/reader"


@pytest.fixture
def log():
    return LastLines(("the-secret-token",))


@pytest.fixture
async def page(world, bot, ann, bob, log):
    """A page with Ann, and Bob's channel, which she is not in."""
    channel = world.add_channel("Files", creator=bob.id, username="files_channel")
    demo_clock = DemoClock()
    panel = Panel(
        DataCenter(world), InMemoryStores(demo_clock), demo_clock, bot_id=bot.id, restart=lambda: None, log=log
    )
    person = Person(world, ann.id, bot.id, (channel.full_id,))
    yield ChatPage({"reader": person}, {"bot": {}}, panel)
    person.close()


@pytest.fixture
async def http(page):
    app = web.Application()
    app.add_routes(page.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def act(http, name, **body):
    origin = f"http://127.0.0.1:{http.port}"
    async with http.post(f"{ANN}/{name}", json=body, headers={"Origin": origin}) as answer:
        return answer.status, await answer.json(content_type=None) if answer.ok or answer.status == 409 else None


async def read_events(stream, count):
    """The next `count` events of a stream, with their cursors."""
    events = []
    cursor = ""
    async with asyncio.timeout(5):
        async for line in stream.content:
            if line.startswith(b"id: "):
                cursor = line[4:].strip().decode()
            elif line.startswith(b"data: "):
                events.append((cursor, json.loads(line[6:])))
                if len(events) == count:
                    return events
    raise AssertionError(f"the stream ended after {events}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:80"}, 200),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "evil.example@127.0.0.1x"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_only_this_machines_own_page_reads(http, headers, status):
    """A foreign name that points here, and pages of other sites, read nothing."""
    async with http.get(f"{ANN}/chats", headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1"])
async def test_only_this_machines_own_page_acts(http, world, ann, bot, origin):
    """What another site posts changes nothing, whatever it claims to be."""
    headers = {} if origin is None else {"Origin": origin}
    async with http.post(f"{ANN}/say", json={"chat": bot.id, "text": "hi"}, headers=headers) as answer:
        assert answer.status == 403
    assert world.messages_between(ann.id, bot.id) == []


async def test_every_answer_forbids_foreign_content(http):
    """Page, module and answer carry the policy that loads from here alone, and leave no copy behind."""
    for path in ("/", "/page/main.js", "/api/about", f"{ANN}/chats"):
        async with http.get(path) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_nothing_beside_the_page_is_served(http):
    """Names that climb out of the folder, unknown people and unknown acts are not found."""
    for path in ("/page/..%2fserver.py", "/page/nothing.js", "/api/people/nobody/chats"):
        async with http.get(path) as answer:
            assert answer.status == 404
    assert (await act(http, "dance"))[0] == 404


async def test_a_refusal_of_telegram_keeps_its_name(http, world, bot):
    """What the local Telegram refuses is a 409 with its error; what nobody understands is a 400."""
    channel = world.channels[world.usernames.owner("files_channel")[1]]
    assert await act(http, "say", chat=channel.full_id, text="hi") == (409, {"error": "CHAT_WRITE_FORBIDDEN"})
    assert await act(http, "say", chat=bot.id, text="x" * 4097) == (409, {"error": "MESSAGE_TOO_LONG"})
    assert await act(http, "say", chat=1, text="hi") == (409, {"error": "CHAT_ID_INVALID"})
    assert (await act(http, "say", chat="who", text="hi"))[0] == 400
    assert (await act(http, "say"))[0] == 400


async def test_a_stream_goes_on_where_it_was(http, bot):
    """A page that was away gets what it missed by the last cursor that it saw, once and in order."""
    async with http.get(f"{ANN}/chats") as answer:
        cursor = (await answer.json())["cursor"]
    await act(http, "say", chat=bot.id, text="one")
    async with http.get(f"{ANN}/events", params={"after": cursor}) as stream:
        [(cursor, first)] = await read_events(stream, 1)
    await act(http, "say", chat=bot.id, text="two")
    await act(http, "say", chat=bot.id, text="three")
    async with http.get(f"{ANN}/events", params={"after": "old"}, headers={"Last-Event-ID": cursor}) as stream:
        rest = await read_events(stream, 2)

    assert first["message"]["text"] == "one"
    assert [event["message"]["text"] for _, event in rest] == ["two", "three"]


async def test_a_stream_that_cannot_go_on_says_reset(http):
    """A cursor of an earlier demo makes the page load everything again."""
    async with http.get(f"{ANN}/events", params={"after": "00000000-7"}) as stream:
        assert [event for _, event in await read_events(stream, 1)] == [{"kind": "reset"}]


async def test_streams_end_when_the_server_is_to_stop(http, page):
    """No open page delays the end of the bot."""
    async with http.get(f"{ANN}/chats") as answer:
        cursor = (await answer.json())["cursor"]
    async with http.get(f"{ANN}/events", params={"after": cursor}) as stream:
        await stream.content.readline()
        page.end_streams()
        async with asyncio.timeout(5):
            await stream.content.read()


async def test_a_full_timeline_forgets_the_oldest(world, ann, bot):
    """Who was away for longer than is kept has to load everything again; who was not, has not."""
    timeline = Timeline(world, ann.id, kept=3)
    cursors = []
    for number in range(5):
        cursors.append(timeline.cursor)
        world.says(ann.id, bot.id, str(number))

    assert timeline.since(cursors[1]) is None
    assert [event["message"]["text"] for _, event in timeline.since(cursors[2])] == ["2", "3", "4"]
    assert timeline.since(timeline.cursor) == []
    assert timeline.since("nonsense") is None
    timeline.close()


@pytest.mark.parametrize(
    ("name", "kind", "data", "shown"),
    [
        ("", FileKind.PHOTO, paint("sun"), ("image/png", "inline")),
        ("", FileKind.PHOTO, b"<svg onload=alert(1)>", ("application/octet-stream", "attachment")),
        ("page.html", FileKind.DOCUMENT, b"<script>", ("application/octet-stream", "attachment")),
        ("pic.png", FileKind.DOCUMENT, paint("sun"), ("application/octet-stream", "attachment")),
    ],
)
async def test_only_pictures_are_shown_and_all_else_is_downloaded(http, world, ann, bot, name, kind, data, shown):
    """No uploaded page or drawing with scripts is opened by the browser, whatever it is called."""
    file_id = world.add_document(name, kind=kind, data=data, mime="text/html")
    message = world.says(ann.id, bot.id, file=file_id)
    async with http.get(f"{ANN}/file", params={"chat": bot.id, "message": message.id}) as answer:
        disposition = answer.headers["Content-Disposition"].partition(";")[0]
        assert (answer.content_type, disposition) == shown
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert await answer.read() == data


async def test_a_file_name_of_any_letters_reaches_the_browser_whole(http, world, ann, bot):
    """255 bytes, quotes and turning characters stand in the header percent-encoded; no header can be added."""
    name = 'a"; \u202e\r\nX-Evil: 1 ' + "л" * 100
    message = world.says(ann.id, bot.id, file=world.add_document(name, 10))
    async with http.get(f"{ANN}/file", params={"chat": bot.id, "message": message.id}) as answer:
        assert answer.content_disposition.filename == name
        assert "X-Evil" not in answer.headers


async def test_files_of_private_chats_are_not_given_away(http, world, bob):
    """A message of a channel that the person may not read gives neither text nor file."""
    private = world.add_channel("Private", creator=bob.id)
    message = world.post(private.id, file=world.add_document("a.mkv", 10))
    for path in ("file", "history"):
        query = {"chat": private.full_id, "message": message.id}
        async with http.get(f"{ANN}/{path}", params=query) as answer:
            assert (answer.status, await answer.json()) == (409, {"error": "CHANNEL_PRIVATE"})


def test_names_beyond_255_bytes_and_empty_files_are_refused(page):
    """As Telegram's own apps do before they upload."""
    person = page._people["reader"]
    for name, data, error in (("л" * 128, b"1", "FILENAME_TOO_LONG"), ("a.txt", b"", "FILE_PARTS_INVALID")):
        with pytest.raises(RpcFailure) as failure:
            person.upload(name, "text/plain", data, as_picture=False)
        assert failure.value.name == error


async def test_one_changes_and_deletes_own_messages_only(http, world, ann, bob):
    """In a group a reader changes and deletes what they wrote, and nothing of others."""
    group = world.add_group("Friends", creator=bob.id, members=[ann.id])
    own, other = world.post(group.id, "mine", author=ann.id), world.post(group.id, "yours", author=bob.id)

    assert (await act(http, "delete", chat=group.full_id, message=other.id))[0] == 409
    assert (await act(http, "edit", chat=group.full_id, message=other.id, text="x"))[0] == 409
    assert (await act(http, "edit", chat=group.full_id, message=own.id, text="mine too"))[0] == 200
    assert (own.body.text, other.body.text) == ("mine too", "yours")
    assert (await act(http, "delete", chat=group.full_id, message=own.id))[0] == 200
    assert [message.id for message in group.history] == [other.id]


async def test_the_panel_breaks_and_mends(http):
    """Each button shows in the state; an unknown one is not found."""
    origin = {"Origin": f"http://127.0.0.1:{http.port}"}

    async def press(name):
        async with http.post(f"/api/panel/{name}", headers=origin) as answer:
            return await answer.json() if answer.ok else answer.status

    assert (await press("database_stop"))["database"] == "stopped"
    assert (await press("database_stall"))["database"] == "stalled"
    assert (await press("database_restore"))["database"] == "up"
    assert (await press("redis_stop"))["redis"] == "stopped"
    assert (await press("redis_restore"))["redis"] == "up"
    assert (await press("flood_control_on"))["flood_control"] is True
    assert (await press("midnight"))["time"].endswith("00:00:00")
    assert await press("explode") == 404


def test_the_log_of_the_panel_is_bounded_and_masked():
    """It keeps the newest lines, numbered, and no secret of the bot."""
    lines = LastLines(("the-secret-token",), kept=2)
    for text in ("one", "two", "with the-secret-token"):
        lines.handle(logging.LogRecord("x", logging.WARNING, "", 0, text, (), None))

    assert [(line["number"], line["event"]) for line in lines.since(0)] == [(2, "two"), (3, "with [secret]")]
    assert [line["number"] for line in lines.since(2)] == [3]


async def test_streams_wait_for_the_next_run(http, page, bot):
    """A page that comes back while the bot goes down is turned away: it would hold on to what is about to end."""
    page.end_streams()
    async with http.get(f"{ANN}/events?after=") as answer:
        assert answer.status == 503
    page.open_streams()
    async with http.get(f"{ANN}/events?after=") as answer:
        assert [event for _, event in await read_events(answer, 1)] == [{"kind": "reset"}]


async def test_what_is_no_address_is_refused_as_one(http):
    """A text that only looks like an address is told in words, and not as an error of the page."""
    assert await act(http, "open", url="http://[x") == (409, {"error": "URL_INVALID"})


async def test_an_album_answers_what_one_replied_to(page, world, ann, bot):
    """Several files sent as a reply are a reply, as one file is."""
    person = page._people["reader"]
    said = person.say(bot.id, "question")
    tokens = [person.upload(name, "video/x-matroska", b"1", as_picture=False) for name in ("a.mkv", "b.mkv")]
    album = person.post(bot.id, tokens, "", reply_to=said.id)
    assert [message.reply_to for message in album] == [said.id, said.id]
