"""What operators see over HTTP: complete, true, and of a bounded size whatever people send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from core.observability.metric_labels import LABELS
from core.observability.metrics import METRICS
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast

BACKGROUND = ("database_", "cache_", "telegram_", "maintenance_", "names_")
Series = tuple[str, tuple[tuple[str, str], ...]]


async def scrape(bot: Container) -> set[Series]:
    """Every series that is exposed, without values."""
    async with aiohttp.ClientSession() as http, http.get(f"{bot.operations.sidecar.url}/metrics") as answer:
        text = await answer.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


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
    async with aiohttp.ClientSession() as http:
        for path in (mark, f"health/{mark}", f"metrics?{mark}=1", "health"):
            async with http.get(f"{bot.operations.sidecar.url}/{path}", headers={"X-Forwarded-For": mark}):
                pass


async def test_nobody_can_add_series(bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 119: what people type, press, forge and ask for makes no label; all labels are those of the table."""
    await post_files(bot, bob, cast, [f"Golem {n}.mkv" for n in range(3)])
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
