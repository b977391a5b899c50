"""The path of somebody who runs the bot for the first time, with nothing but docs/operations."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest

from core.database.circuit_breaker import CircuitBreakerState
from tests.architecture.sources import ROOT
from tests.e2e.bots import bot_environment
from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels, search
from tests.fixtures.alert_rules import firing, plain_rules
from tests.fixtures.tcp_proxy import TcpProxy
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast

TOKEN = "a-long-secret-of-this-test"
RULES = plain_rules(ROOT / "deploy" / "prometheus" / "alerts.yml")
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")


class Operator:
    """Knows the address of the sidecar and the token, and nothing else of the bot."""

    def __init__(self, bot: Container) -> None:
        self._url = bot.operations.sidecar.url
        self._clock = bot.clock

    async def get(self, path: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(self._url + path) as answer:
            return answer.status, await answer.text()

    async def sees(self, fits: Callable[[int, str, set[str]], bool], within_s: float) -> None:
        """Return when status and body of /health, and the alerts that fire, are as expected; looks again and again."""
        seen: object = None
        try:
            async with asyncio.timeout(within_s):
                while True:
                    status, body = await self.get("/health")
                    alerts = firing(RULES, (await self.get("/metrics"))[1]) - {"LoopLag"}  # of this machine
                    seen = status, body, alerts
                    if fits(status, body, alerts):
                        return
                    await self._clock.sleep(0.2)
        except TimeoutError:
            pytest.fail(f"after {within_s} s: {seen}")


def actions(sign: str) -> list[str]:
    """What the page tells to do about a sign: the numbered actions of its row."""
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("|")]
    [row] = [cells for cells in rows if sign in cells[1]]
    return re.findall(r"\d\. [^.]+", row[2])


async def test_a_database_fails_and_everything_points_at_it(
    dc: DataCenter,
    cast: Cast,
    ann: Actor,
    bob: Actor,
    tmp_path: Path,
    mongo_uri: str,
    mongo_database: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Start; lose the database; see it in /health, in the metrics, as alerts; find what to do; be well again by it."""
    monkeypatch.chdir(tmp_path)
    async with TcpProxy(urlsplit(mongo_uri).port or 27017) as database:
        uri = f"mongodb://127.0.0.1:{database.port}/?directConnection=true"
        setup = bot_environment(dc, cast, tmp_path, uri, mongo_database, redis_url)
        async with setup.running(HTTP_TOKEN=TOKEN, DATABASE_MAX_FAILURES="2") as bot:
            await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
            operator = Operator(bot)
            await operator.sees(lambda status, _, alerts: (status, alerts) == (200, set()), within_s=30)

            database.refuse()
            expected = {"BotNotReady", "PartFailed", "BreakerOpen"}
            await operator.sees(
                lambda status, body, alerts: status == 503 and "primary_database" in body and expected <= alerts, 30
            )
            assert {alert: len(actions(f"`{alert}`")) for alert in expected} == dict.fromkeys(expected, 3)
            assert any("server runs" in action for action in actions("part `primary_database`"))
            assert any("store runs" in action for action in actions("`BreakerOpen`"))

            database.accept()  # the server runs again
            await operator.sees(lambda status, _, alerts: (status, alerts) == (200, set()), within_s=30)
            await until(lambda: bot.pool.breaker.state is CircuitBreakerState.CLOSED)  # few calls try it before that
            assert len(file_labels(await search(ann, "nosferatu"))) == 1


def test_the_plain_rules_are_those_that_the_path_needs() -> None:
    """Rules over a span of time are left out here, and nothing else."""
    assert {"BotNotReady", "PartFailed", "BreakerOpen", "LibraryFull"} <= set(RULES)
    assert firing(RULES, "file_filter_library_full 1.0\n") == {"LibraryFull"}
    assert firing(RULES, 'file_filter_health_state{part="receiver"} 0.0\n') == set()
    assert firing(RULES, 'file_filter_health_state{part="redis"} 0.0\n') == {"PartFailed"}
