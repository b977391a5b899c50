"""The proxy of the compose file: a real nginx with its configuration, in front of a real sidecar."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.fixtures.servers import free_port
from tests.fixtures.sidecar_site import BEARER, Site
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
OPENSSL = shutil.which("openssl")
VISITOR = "127.0.0.5"
BURST, A_SECOND = 20, 5  # as the configuration allows

pytestmark = pytest.mark.skipif(NGINX is None or OPENSSL is None, reason="nginx or openssl is not installed")


@dataclass
class Front:
    """nginx in front of a sidecar."""

    site: Site
    folder: Path
    port: int
    own_port: int

    def configure(self) -> Path:
        """The configuration, at addresses and in directories of this test."""
        (self.folder / "tmp").mkdir()
        made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bot"
        into = ["-keyout", str(self.folder / "privkey.pem"), "-out", str(self.folder / "fullchain.pem")]
        subprocess.run([str(OPENSSL), *made.split(), *into], check=True, capture_output=True)
        text = CONFIGURATION.read_text("utf-8")
        for found, own in {
            "/etc/nginx/tls/": f"{self.folder}/",
            " /tmp/": f" {self.folder}/tmp/",
            "listen 8443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen 127.0.0.1:8081": f"listen 127.0.0.1:{self.own_port}",
            "http://bot:8000": self.site.server.url,
        }.items():
            assert found in text
            text = text.replace(found, own)
        if os.geteuid() == 0:
            text = f"user root;\n{text}"
        file = self.folder / "nginx.conf"
        file.write_text(text, "utf-8")
        return file

    @contextmanager
    def running(self) -> Iterator[Path]:
        """nginx, which has accepted its configuration; the file says its process when it listens."""
        configuration = str(self.configure())
        subprocess.run([str(NGINX), "-t", "-q", "-c", configuration], check=True)
        server = subprocess.Popen([str(NGINX), "-c", configuration, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        try:
            yield self.folder / "tmp" / "nginx.pid"
        finally:
            server.terminate()
            server.wait(10)

    async def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None):
        """Status, headers and text of an answer to a visitor."""
        async with self.visitor() as http, http.request(method, self.url(path), headers=headers) as answer:
            return answer.status, answer.headers, await answer.text()

    def visitor(self) -> aiohttp.ClientSession:
        """Somebody who is not this machine itself."""
        trust = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        trust.check_hostname = False
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(VISITOR, 0), ssl=trust))

    def url(self, path: str) -> str:
        """Where a visitor finds a path."""
        return f"https://127.0.0.1:{self.port}{path}"


@pytest.fixture
async def front(clock, tmp_path) -> AsyncIterator[Front]:
    async with Site(clock, proxies=[ip_network("127.0.0.1")]) as site:
        front = Front(site, tmp_path, free_port(), free_port())
        with front.running() as pid_file:
            await until(lambda: pid_file.read_text("ascii").strip())
            yield front


async def test_the_world_learns_whether_the_bot_is_well(front):
    """Scenarios 127 and 128: the two answers of health over TLS, without details even for the token's holder."""
    assert (await front.ask("/health/ready"))[::2] == (200, '{"status":"ok","degraded":[]}')
    assert (await front.ask("/health/live"))[::2] == (200, '{"status":"alive"}')
    assert (await front.ask("/health/ready", headers=BEARER))[::2] == (200, '{"status":"ok","degraded":[]}')

    front.site.database_up = False
    await front.site.look_again()
    assert (await front.ask("/health/ready"))[0] == 503


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/health", "/metrics", "/performance", "/health/", "/health/ready/", "/health/ready/more", "/.env"),
        *("/health/ready/../../metrics", "/health/%2e%2e/metrics", "/health/ready%00", "/HEALTH/READY"),
    ],
)
async def test_everything_else_is_not_there(front, path):
    """Scenario 128: figures are for those inside, whatever the path is dressed up as."""
    status, headers, text = await front.ask(path, headers=BEARER)
    assert status in {400, 404}
    assert headers["Server"] == "nginx"
    assert "<center>nginx</center>" in text, "the answer is the bot's"


async def test_a_visitor_cannot_send_the_bot_anything(front):
    """Methods are refused; a body, other headers, and whom the visitor claims to be are left behind."""
    assert (await front.ask("/health/ready", "POST"))[0] == 405
    assert (await front.ask("/health/ready", "DELETE"))[0] == 405
    claims = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.1", "Authorization": "Bearer wrong"}
    assert (await front.ask("/health/ready", headers=claims))[0] == 200
    assert set(front.site.server._access._limits._arrivals) == {f"strangers {VISITOR}", "strangers"}


async def test_a_visitor_who_hammers_is_told_to_wait(front):
    """Scenario 128: most of what comes at once is refused before it reaches the bot, with Retry-After."""
    loop, answers = asyncio.get_running_loop(), []
    began = loop.time()
    async with front.visitor() as http, asyncio.timeout(20):
        while answers.count(429) < 10:
            async with http.get(front.url("/health/ready")) as answer:
                answers.append(answer.status)
                assert answer.status == 200 or int(answer.headers["Retry-After"]) >= 1
    assert answers.count(200) <= 1 + BURST + A_SECOND * (loop.time() - began) + 1


async def test_a_bot_that_is_gone_is_unavailable(front):
    """Scenario 127: not an error page, but the code that a watcher understands."""
    await front.site.server.stop()
    assert (await front.ask("/health/ready"))[::2] == (503, '{"status":"unavailable"}')


async def test_the_container_is_well_while_nginx_answers(front):
    """What the health check of the compose file asks."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{front.own_port}/") as answer:
        assert answer.status == 204
