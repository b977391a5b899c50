"""What operators see over HTTP: complete, true, and of a bounded size whatever people send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from core.observability.metric_labels import LABELS
from core.observability.metrics import METRICS
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.outage import lose_database_under_send_all
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from tests.e2e.conftest import Cast

BACKGROUND = ("database_", "cache_", "telegram_", "maintenance_", "names_")
Series = tuple[str, tuple[tuple[str, str], ...]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Tracebacks of the errors that are provoked here are not drawn, which takes longer than the tests."""
    with capture_logs():
        yield


async def scrape(bot: Container) -> set[Series]:
    """Every series that is exposed, without values."""
    async with aiohttp.ClientSession() as http, http.get(f"{bot.operations.sidecar.url}/metrics") as answer:
        text = await answer.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def until(bot: Container, holds: Callable[[float], bool], metric: str, **labels: str) -> None:
    """Return when a sample has come to a value."""
    async with asyncio.timeout(10):
        while (now := bot.metrics.registry.get_sample_value(f"file_filter_{metric}", labels)) is None or not holds(now):
            await bot.clock.sleep(0.02)


async def be_hostile(bot: Container, ann: Actor, dc: DataCenter, mark: str) -> None:
    """Send `mark` wherever a person can put something, and wait for the answers."""
    for text in (
        f"/{mark}",
        f"/start {mark}",
        f"/start@filter_test_bot {mark}",
        f"{mark} type:{mark}",
        f"/search {mark}",
    ):
        ann.say(text)
        await ann.wait_message()
    page = await search(ann, "golem")
    for data in (f"{mark}:1".encode(), mark.encode(), f"f:{mark}".encode(), f"pg:{mark}:2".encode()):
        await ann.press(page, data=data)
    await ann.inline(mark)
    dc.faults.add(Fault("messages.SendMessage", (400, f"{mark.upper()}_INVALID")))
    ann.say("/help")
    ann.say(f"words of {mark}")
    await ann.wait_message()
    await search(ann, "golem")  # answered when everything about the words before it is counted
    async with aiohttp.ClientSession() as http:
        for path in (mark, f"health/{mark}", f"metrics?{mark}=1", "health"):
            async with http.get(f"{bot.operations.sidecar.url}/{path}", headers={"X-Forwarded-For": mark}):
                pass


async def test_nobody_can_add_series(bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 119: what people type, press, forge and ask for makes no label; all labels are those of the table."""
    await post_files(bot, bob, cast, [f"Golem {n}.mkv" for n in range(3)])
    await until(bot, lambda ready: ready == 1, "ready")
    await be_hostile(bot, ann, dc, "zqxone")
    await scrape(bot)  # is counted itself
    before = await scrape(bot)
    for mark in ("zqxtwo", "zqxthree"):
        await be_hostile(bot, ann, dc, mark)
    after = await scrape(bot)

    assert [series for series in after if "zqx" in str(series)] == []
    new = [series for series in after - before if not series[0].removeprefix("file_filter_").startswith(BACKGROUND)]
    assert new == []
    assert len(after) < 3_000


async def test_what_happened_has_listed_values_only(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """The table says all values of a label, or none; a value that it lacks would be missing in alerts."""
    await post_files(bot, bob, cast, [f"Golem {n}.mkv" for n in range(3)])
    await be_hostile(bot, ann, dc, "zqxone")
    await ann.press(await search(ann, "golem"), "Golem 1")
    await ann.wait_message(lambda seen: seen.document is not None)

    strange = []
    seen = await scrape(bot)
    for spec in METRICS:
        for name, labels in seen:
            if name.startswith(spec.exposed) and spec.labels:
                known = {label: LABELS[spec.attribute].get(label) for label, _ in labels if label != "le"}
                strange += [
                    (name, label, value)
                    for label, value in labels
                    if isinstance(values := known.get(label), tuple) and value not in values
                ]
    assert strange == []


async def test_performance_is_complete(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Loop lag, memory, times by route, queues, lanes, budget, breakers, databases and tasks are in one answer."""
    await post_files(bot, bob, cast, ["Golem.mkv"])
    await search(ann, "golem")
    ann.say("/help")  # behind the search, so that its time is known when this is answered
    await ann.wait_message()
    async with aiohttp.ClientSession() as http, http.get(f"{bot.operations.sidecar.url}/performance") as answer:
        told = await answer.json()

    assert told["loop_lag_p99_ms"] >= 0
    assert told["memory_rss_bytes"] > 10_000_000
    assert {"p50_ms", "p95_ms", "p99_ms", "updates"} <= told["routes"]["search"].keys()
    assert told["queues"]["indexing"] == {"main": 0, "overflow": 0}
    assert told["queues"]["updates"].keys() == {"all"}
    assert told["queues"]["sends"].keys() == {"answer", "delivery", "notice", "bulk"}
    assert told["lanes"]["database_read"]["limit"] > 0
    assert told["breakers"] == {"database_1": "closed", "redis": "closed"}
    assert told["databases"][0]["number"] == 1
    assert told["tasks"]["running"] > 10
    assert told["tasks"]["failed"] == 0
    assert "send_budget" in told


async def test_what_alerts_watch_tells_how_it_is(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 127: readiness, finished work, gaps and lost deliveries are seen as they come and go."""
    now = bot.clock.unix()
    await until(bot, lambda ready: ready == 1, "ready")
    await until(bot, lambda day: 0 <= now - day < 2 * 86_400, "maintenance_day_timestamp_seconds")
    for job in ("expired_holds", "premium_sweep"):
        await until(bot, lambda at: abs(at - now) < 60, "job_completed_timestamp_seconds", name=job)

    held = dc.faults.add(Fault("updates.GetChannelDifference", action="hold"))
    bot.indexing.index_list.mark_all()
    await held.held()
    await until(bot, lambda behind_s: behind_s > 0.05, "indexing_behind_seconds")
    held.release()
    await until(bot, lambda behind_s: behind_s == 0, "indexing_behind_seconds")

    await post_files(bot, bob, cast, ["Golem.mkv"])
    dc.faults.add(Fault("messages.SendMedia", (400, "SOMETHING_NEW")))
    await ann.press(await search(ann, "golem"), "Golem")
    await until(bot, lambda failed: failed == 1, "files_delivered_total", outcome="failed")


async def test_a_lost_database_is_seen_where_alerts_look(
    memory_bot: Container, dc: DataCenter, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 127: nobody is given a file, which is counted, and the bot is not ready within two seconds."""
    await post_files(memory_bot, bob, cast, ["Golem 1.mkv", "Golem 2.mkv"])
    page = await search(ann, "golem")
    await until(memory_bot, lambda ready: ready == 1, "ready")
    await lose_database_under_send_all(dc, stores, ann, page)

    await until(memory_bot, lambda failed: failed == 1, "quota_failures_total")
    await until(memory_bot, lambda ready: ready == 0, "ready")
    await until(memory_bot, lambda healthy: healthy == 0, "health_state", part="primary_database")
