"""Every line that an update causes says which one, through all layers and into the jobs that it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.datacenter.faults import Fault
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotProcess, BotSetup
    from tests.e2e.conftest import Cast

Line = dict[str, object]


@pytest.fixture
async def process(setup: BotSetup) -> AsyncIterator[BotProcess]:
    """The bot in a process of its own, whose lines are read."""
    async with setup.process(LOG_LEVEL="debug") as running:
        yield running


def indexed(process: BotProcess) -> int:
    """How many files its lines say are new."""
    return sum(int(str(entry["new"])) for entry in process.log if entry.get("event") == "files_indexed")


def handled(route: str) -> Callable[[Line], bool]:
    return lambda entry: entry.get("event") == "update_handled" and entry.get("route") == route


async def test_a_search_and_the_job_behind_a_press_keep_their_ids_apart(
    process: BotProcess, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 127: one line an update; handler, the way to Telegram and the job in the background say the same id."""
    for n in range(3):
        bob.post_file(cast.channel.id, f"Faust Part {n}.mkv", 1000)
    await process.wait_entry(lambda _: indexed(process) == 3)
    page = await search(ann, "faust")
    dc.faults.add(Fault("messages.SendMedia", (420, "FLOOD_WAIT_1")))
    await ann.press(page, "Send all")
    done = await process.wait_entry(lambda entry: entry.get("event") == "files_delivered")
    searched = await process.wait_entry(handled("search"))
    pressed = await process.wait_entry(handled("send_all"))

    assert searched["update_id"] != pressed["update_id"]
    assert done["update_id"] == pressed["update_id"]
    waited = await process.wait_entry(lambda entry: entry.get("event") == "telegram_flood_wait")
    assert waited["logger"].startswith("core.telegram")  # type: ignore[attr-defined]
    assert waited["update_id"] == pressed["update_id"]
    of_search = [entry["event"] for entry in process.log if entry.get("update_id") == searched["update_id"]]
    assert of_search.count("update_handled") == 1


async def test_no_line_of_the_process_itself_claims_an_update(process: BotProcess, ann: Actor) -> None:
    """Lines of supervised loops, at the start and at the end, belong to nobody's update; a person's lines say whose."""
    ann.say("/start")
    await process.wait_entry(handled("start"))
    assert await process.terminate() == 0

    with_id = [entry for entry in process.log if "update_id" in entry]
    assert with_id
    assert all(entry.get("user_id") == ann.user_id for entry in with_id if "user_id" in entry)
    own = {"ready", "health_changed", "shutdown_requested", "shutdown_finished", "updates_refused"}
    seen = {entry["event"] for entry in process.log}
    assert {"ready", "health_changed", "shutdown_finished"} <= seen
    assert [entry for entry in process.log if entry["event"] in own and "update_id" in entry] == []
