"""The sidecar over real HTTP: codes, secrecy, limits, and an end in good order."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from core.errors import ConfigurationError
from tests.fixtures.sidecar_site import BEARER, TOKEN, Site

PATHS = ("/", "/health", "/health/ready", "/health/live", "/metrics", "/performance")


@pytest.mark.parametrize("path", ["/", "/health", "/health/ready"])
async def test_readiness_is_200_or_503(clock, path):
    """Scenario 127: 503 after the look that misses the database, naming it; 200 again once it is back."""
    async with Site(clock) as site:
        good = await site.get(path)
        assert (good.status, good.json) == (200, {"status": "ok", "degraded": []})

        site.database_up = False
        await site.look_again()
        bad = await site.get(path)
        assert (bad.status, bad.json) == (503, {"status": "unavailable", "degraded": ["database"]})
        assert (await site.get("/health/live")).status == 200

        site.database_up = True
        await site.look_again()
        assert (await site.get(path)).status == 200


async def test_details_are_for_token_holders(clock):
    """Scenario 128: without the token the answer is minimal; with it every part is shown."""
    async with Site(clock) as site:
        assert "parts" not in (await site.get("/health")).json
        parts = (await site.get("/health", BEARER)).json["parts"]
        assert parts["database"]["healthy"]
        assert parts["database"]["critical"]


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"])
@pytest.mark.parametrize("path", ["/health", "/metrics", "/performance"])
async def test_a_wrong_token_is_refused(clock, path, header):
    """Whoever presents something else than the token learns nothing but that."""
    async with Site(clock) as site:
        answer = await site.get(path, {"Authorization": header})
        assert (answer.status, answer.json) == (401, {"error": "token required"})
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/metrics", "/performance"])
async def test_figures_need_the_token_when_there_is_one(clock, path):
    """Scenario 128: user numbers are not told to strangers."""
    async with Site(clock) as site:
        assert (await site.get(path)).status == 401
        assert (await site.get(path, BEARER)).status == 200


@pytest.mark.parametrize("path", ["/metrics", "/performance"])
async def test_without_a_token_figures_stay_on_this_machine(clock, path):
    """A local operator gets them; somebody behind a proxy does not, whatever token is tried."""
    async with Site(clock, token=None) as site:
        assert (await site.get(path)).status == 200
        assert (await site.get(path, {"X-Forwarded-For": "203.0.113.9"})).status == 401
        assert "parts" not in (await site.get("/health", BEARER)).json


async def test_metrics_are_prometheus_text(clock):
    """A scraper reads the answer, and finds the sidecar's own requests in it."""
    async with Site(clock) as site:
        await site.get("/health")
        answer = await site.get("/metrics", BEARER)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    found = [s.value for s in samples if s.name == "file_filter_http_requests_total" and s.labels["path"] == "/health"]
    assert found == [1.0]


async def test_performance_is_json(clock):
    """Operators get the report as it is."""
    async with Site(clock) as site:
        answer = await site.get("/performance", BEARER)
    assert set(answer.json) >= {"uptime_s", "memory_rss_bytes", "routes", "lanes", "loop_lag_p99_ms"}


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_hammers_is_told_to_wait(clock, path):
    """Scenario 128: the request after the burst gets 429 and Retry-After; a while later it is served again."""
    async with Site(clock) as site:
        codes = [(await site.get(path, BEARER)).status for _ in range(100)]
        assert set(codes) == {200}
        refused = await site.get(path, BEARER)
        assert (refused.status, refused.json) == (429, {"error": "too many requests"})
        assert int(refused.headers["Retry-After"]) >= 1

        await site.look_again()
        assert (await site.get(path, BEARER)).status == 200


async def test_unknown_paths_and_methods_are_refused(clock):
    """Nothing else is served."""
    async with Site(clock) as site:
        assert (await site.get("/admin")).status == 404
        async with site._http.post(site.server.url + "/health") as response:
            assert response.status == 405


async def test_other_parts_bring_routes_and_may_take_the_front_page(clock):
    """The demo serves its own page at / and a route more; /health stays."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=f"page of {request.path}")

    async with Site(clock, routes=[web.get("/demo", page), web.get("/", page)]) as site:
        assert (await site.get("/")).text == "page of /"
        assert (await site.get("/demo")).text == "page of /demo"
        assert (await site.get("/health")).status == 200


async def test_a_taken_port_is_an_error_at_start_and_a_stopped_sidecar_is_gone(clock):
    """Two sidecars cannot share a port; after the stop nobody listens, and a second stop is fine."""
    async with Site(clock) as site:
        other = Site(clock, port=site.server.port).server
        with pytest.raises(ConfigurationError, match=r"PORT: .* in use; for example PORT=8001"):
            await other.start()
        url = site.server.url
        await site.server.stop()
        await site.server.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await site._http.get(url)
        with pytest.raises(RuntimeError, match="not started"):
            _ = site.server.url


async def test_a_stop_that_is_out_of_time_leaves_no_connection_behind(clock):
    """Scenario 139: an answer that goes on and on is cut when the stop is, and nobody waits on a dead connection."""
    begun = asyncio.Event()

    async def go_on(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"here")
        begun.set()
        await asyncio.Event().wait()

    async with Site(clock, routes=[web.get("/stream", go_on)]) as site:
        answer = await site._http.get(site.server.url + "/stream")
        await begun.wait()
        stopping = asyncio.create_task(site.server.stop())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        with pytest.raises(aiohttp.ClientPayloadError):
            async with asyncio.timeout(5):
                await answer.read()
