"""Scenario 128: what strangers can do to the sidecar, over real HTTP and below it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from structlog.testing import capture_logs

from core.sidecar.access import SidecarAccess
from core.sidecar.client import Clients, name_of, parse_address
from core.sidecar.connections import ConnectionLimits
from tests.fixtures.sidecar_site import BEARER, TOKEN, Site
from tests.fixtures.waiting import until

THIS_MACHINE = [ip_network("127.0.0.1")]


def forwarded(*addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(addresses)}


async def talk(site: Site, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Everything that is answered to these bytes, until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    with contextlib.suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            if pause_s and await read_within(reader, pause_s) is not None:
                break
    answer = b""
    with contextlib.suppress(ConnectionError):  # whoever wrote to a connection that was closed just then is reset
        answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def read_within(reader: asyncio.StreamReader, limit_s: float) -> bytes | None:
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(reader.read(1), limit_s)
    return None


async def test_hammering_costs_the_stores_nothing(clock):
    """Scenario 128: a hundred requests are answered from one look."""
    async with Site(clock) as site:
        asked = site.asked
        for _ in range(50):
            assert (await site.get("/health")).status == 200
            assert (await site.get("/health/live", BEARER)).status == 200
        assert site.asked == asked


async def test_clients_behind_a_trusted_proxy_are_told_apart(clock):
    """One that hammers is refused, the next is served; what a client itself writes into the header is not believed."""
    async with Site(clock, proxies=THIS_MACHINE) as site:
        for number in range(100):
            assert (await site.get("/health", forwarded(f"198.51.100.{number}", "203.0.113.1"))).status == 200
        assert (await site.get("/health", forwarded("198.51.100.200", "203.0.113.1"))).status == 429
        assert (await site.get("/health", forwarded("203.0.113.2"))).status == 200


async def test_strangers_cannot_pretend_to_be_many(clock):
    """Without a trusted proxy the header changes nothing but that its sender is no local one."""
    async with Site(clock) as site:
        codes = [(await site.get("/health", forwarded(f"203.0.113.{number}"))).status for number in range(101)]
        assert (codes[99], codes[100]) == (200, 429)


async def test_a_flood_does_not_blind_those_who_watch(clock):
    """Many strangers together are refused; the health check of this machine and the token's holder are served."""
    async with Site(clock, proxies=THIS_MACHINE) as site:
        for number in range(20):
            await asyncio.gather(*(site.get("/nothing", forwarded(f"203.0.113.{number}")) for _ in range(100)))
        refused = await site.get("/health", forwarded("203.0.113.99"))
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await site.get("/health")).status == 200
        assert (await site.get("/metrics", forwarded("203.0.113.98") | BEARER)).status == 200


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2:bbbb::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
    ],
)
def test_a_client_counts_by_what_it_has_to_itself(first, second, same):
    """Somebody with a network of IPv6 addresses is one client."""
    assert (name_of(parse_address(first)) == name_of(parse_address(second))) is same


@pytest.mark.parametrize("claim", ["", "unknown", "203.0.113.7:80", "💥", "1" * 4000, ",,,,", "127.0.0.1"])
async def test_a_claim_that_is_no_address_is_the_proxys_own(clock, claim):
    """Nothing that stands in the header breaks an answer."""
    async with Site(clock, proxies=THIS_MACHINE) as site:
        assert (await site.get("/health", {"X-Forwarded-For": claim})).status == 200


def test_the_memory_for_clients_is_bounded(clock):
    """A stream of new addresses cannot grow the table."""
    access = SidecarAccess(None, Clients([ip_network("192.0.2.1")]), clock, most_clients=50)
    for number in range(200):
        clock.advance(0.01)
        headers = CIMultiDict({"X-Forwarded-For": f"10.0.0.{number}"})
        request = make_mocked_request("GET", "/health", headers=headers)
        access.admit(request.clone(remote="192.0.2.1"))
    assert len(access._limits._arrivals) <= 50


@pytest.mark.parametrize("path", ["/metrics", "/performance"])
async def test_a_web_page_cannot_read_figures_through_the_operators_browser(clock, path):
    """Without a token a request in another machine's name is no local one."""
    async with Site(clock, token=None) as site:
        assert (await site.get(path, {"Host": "evil.example"})).status == 401
        assert (await site.get(path, {"Host": f"localhost:{site.server.port}"})).status == 200


@pytest.mark.parametrize("header", [b"Bearer \xff\xfe", b"Bearer " + TOKEN.encode() + b"\xff", b"\x80"])
async def test_bytes_that_are_no_text_are_a_wrong_token(clock, header):
    """They are refused like any other."""
    async with Site(clock) as site:
        answer = await talk(site, b"GET /metrics HTTP/1.0\r\nAuthorization: " + header + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 401 ")


async def test_two_tokens_are_a_wrong_one(clock):
    """A right one beside a wrong one opens nothing, whichever comes first."""
    wrong, right = b"Authorization: Bearer wrong\r\n", b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
    async with Site(clock) as site:
        for both in (wrong + right, right + wrong):
            assert b" 401 " in await talk(site, b"GET /metrics HTTP/1.0\r\n" + both + b"\r\n")


@pytest.mark.parametrize(
    ("request_line", "code"),
    [
        ("GET /health HTTP/1.0", 200),
        ("GET /metrics HTTP/1.0", 401),
        ("GET /nothing HTTP/1.0", 404),
        ("GET /../etc/passwd HTTP/1.0", 404),
        ("DELETE /health HTTP/1.0", 405),
        ("TRACE /health HTTP/1.0", 405),
        ("GET /health HTTP/9.x", 400),
        ("GET /" + "a" * 9000 + " HTTP/1.0", 400),
        ("HELO stranger", 400),
    ],
)
async def test_no_answer_says_what_serves_here(clock, request_line, code):
    """Codes as they should be, no name or version of a server, nothing of the request, nothing to be kept or framed."""
    async with Site(clock) as site:
        with capture_logs() as logged:
            answer = await talk(site, request_line.encode() + b"\r\nX-Marker: planted\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == code
    assert not any(name in answer.lower() for name in (b"aiohttp", b"python", b"planted", b"passwd", b"stranger"))
    assert body.startswith(b"{")
    if code != 400:
        assert b"nosniff" in head
        assert b"no-store" in head
    assert [entry for entry in logged if entry["log_level"] not in {"debug", "info"}] == []


@pytest.mark.parametrize("length", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
async def test_no_body_is_read(clock, length):
    """Whoever brings one is refused at once, and the connection ends before it has arrived."""
    async with Site(clock) as site:
        with_body = await talk(site, b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n")
        by_post = await talk(site, b"POST /health HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n")
    assert with_body.startswith(b"HTTP/1.1 413 ")
    assert by_post.startswith(b"HTTP/1.1 ")
    assert int(by_post.split()[1]) in {405, 413}


@pytest.mark.parametrize("parts", [[], [b"GET /health HTTP/1.1\r\n", *[b"X-Slow: 1\r\n"] * 40]])
async def test_a_slow_client_is_left(clock, parts):
    """Whoever says nothing, or dribbles headers, is cut off after a while and meanwhile hinders nobody."""
    async with Site(clock, patience_s=0.3) as site:
        loop = asyncio.get_running_loop()
        began = loop.time()
        slow = asyncio.ensure_future(talk(site, *parts, pause_s=0.05))
        assert (await site.get("/health")).status == 200
        assert await slow == b""
        assert loop.time() - began < 5


async def test_an_idle_connection_is_closed(clock):
    """Keeping a connection after an answer is for the next request, not for ever."""
    async with Site(clock, patience_s=0.3) as site:
        answer = await talk(site, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_too_many_connections_of_one_client_are_refused(clock):
    """Over the wire, from an address that is not this machine's own loop."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but the loop's")
        own = probe.getsockname()[0]
    async with Site(clock, host="0.0.0.0") as site:
        links = [await asyncio.open_connection(own, site.server.port) for _ in range(21)]
        assert await asyncio.wait_for(links[20][0].read(), 5) == b""
        links[0][1].close()
        await links[0][1].wait_closed()
        links[1][1].write(b"GET /health HTTP/1.0\r\n\r\n")
        assert b"200" in await asyncio.wait_for(links[1][0].readline(), 5)
        assert (await site.get("/health")).status == 200
        for _, writer in links:
            writer.close()
        await until(lambda: not site.server._connections._open)


def test_connections_are_counted_by_client_and_in_all():
    """A client has its share, all together have theirs, a proxy and this machine are let in; an end makes room."""
    limits = ConnectionLimits(Clients([ip_network("192.0.2.1")]), most=6, most_each=2)
    assert [limits.enter("203.0.113.1") for _ in range(3)] == ["203.0.113.1", "203.0.113.1", None]
    assert [limits.enter("192.0.2.1") for _ in range(4)] == ["192.0.2.1"] * 4
    assert limits.enter("203.0.113.2") is None
    assert limits.enter("127.0.0.1") == ""
    limits.leave("192.0.2.1")
    assert limits.enter("203.0.113.2") == "203.0.113.2"
    for name in ["203.0.113.1"] * 2 + ["192.0.2.1"] * 3 + ["203.0.113.2"]:
        limits.leave(name)
    assert not limits._open


async def test_a_path_that_nobody_knows_is_not_a_label_of_its_own(clock):
    """Made-up paths cannot fill the metrics."""
    async with Site(clock) as site:
        for number in range(20):
            await site.get(f"/made-up-{number}")
        text = (await site.get("/metrics", BEARER)).text
    assert 'path="other",status="404"} 20.0' in text
    assert "made-up" not in text


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(clock):
    """Resets during a request are no errors of the bot."""
    async with Site(clock) as site:
        with capture_logs() as logged:
            for _ in range(10):
                _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
                writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea")
                writer.transport.abort()
            assert (await site.get("/health")).status == 200
    assert [entry for entry in logged if entry["log_level"] == "error"] == []


async def test_a_defect_is_logged_and_says_nothing(clock):
    """The answer to a request that fails is the code alone; the log has the rest."""

    async def broken(request: web.Request) -> web.Response:
        raise ValueError("a secret of the inside")

    async with Site(clock, routes=[web.get("/broken", broken)]) as site:
        with capture_logs() as logged:
            answer = await talk(site, b"GET /broken HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 500 ")
    assert answer.endswith(b'{"error":"refused"}')
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["sidecar_request_failed"]


async def test_a_flood_through_a_proxy_of_this_machine_does_not_blind_its_own_health_check(clock):
    """Scenario 128: visitors whom an unnamed proxy brings are one client, and another than the machine's programs."""
    async with Site(clock) as site:
        for _ in range(100):
            assert (await site.get("/health", forwarded("203.0.113.1"))).status == 200
        assert (await site.get("/health", forwarded("203.0.113.2"))).status == 429
        assert (await site.get("/health")).status == 200
        assert (await site.get("/metrics", {**BEARER, **forwarded("203.0.113.9")})).status == 200
