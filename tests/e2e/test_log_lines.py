"""Every line that an update causes says which one, through all layers and into the jobs that it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.datacenter.faults import Fault
from tests.e2e.test_main_path import search
from tests.fixtures.sentry import local_sentry

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

    ann.block_bot()
    blocked = await process.wait_entry(lambda entry: entry.get("event") == "person_unreachable")
    assert blocked["update"] == "MembershipChanged"
    assert blocked["update_id"] not in (searched["update_id"], pressed["update_id"])


OWN = {"ready", "health_changed", "shutdown_requested", "shutdown_finished", "updates_refused"}
"""What a process says of itself."""


async def test_a_defect_is_reported_with_the_id_of_its_update(
    setup: BotSetup, dc: DataCenter, ann: Actor, cast: Cast
) -> None:
    """Scenario 136: with SENTRY_DSN the process reports what it logs as an error, and nothing that somebody wrote.

    Lines of supervised loops, at the start and at the end, belong to nobody's update.
    """
    with local_sentry() as sentry:
        async with setup.process(SENTRY_DSN=sentry.dsn) as process:
            dc.faults.add(Fault("messages.SendMessage", (400, "SOMETHING_NEW")))
            ann.say("/search_help what-ann-wrote")
            failed = await process.wait_log("handler_failed")
            await process.wait_log("health_changed")
            assert await process.terminate() == 0

    (report,) = sentry.events()
    assert report["tags"]["update_id"] == failed["update_id"]
    assert report["tags"]["route"] == "search_help"
    assert report["user"] == {"id": str(cast.ann.id)}
    texts = " ".join(text for _, text in sentry.taken)
    for private in ("what-ann-wrote", "SOMETHING_NEW", str(cast.bot.token), "Ann"):
        assert private not in texts

    with_id = [entry for entry in process.log if "update_id" in entry]
    assert {entry["user_id"] for entry in with_id} == {cast.ann.id}
    assert {"ready", "health_changed", "shutdown_finished"} <= {entry["event"] for entry in process.log}
    assert [entry for entry in with_id if entry["event"] in OWN] == []
