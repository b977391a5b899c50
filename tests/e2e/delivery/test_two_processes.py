"""Wishes of one person that two processes of the bot hear."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from config.settings import load_settings
from core.container import open_container
from core.errors import BusyError
from handlers.delivery_progress import DeliveryProgress
from tests.e2e.delivery.wishes import charged, forgotten, has_file, sends_to
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from core.domain.user import User
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

pytestmark = [pytest.mark.servers, pytest.mark.wire]

FILES = 4


@pytest.fixture
async def second(bot: Container, setup: BotSetup, tmp_path: Path) -> AsyncIterator[Container]:
    """The same bot once more, with a login and a memory of its own, on the same stores."""
    environ = setup.environ | {"SESSION": str(tmp_path / "second.session")}
    async with open_container(load_settings(environ, env_file=None), environ=environ) as container:
        await container.start(lambda _: None, receives=False)
        yield container


@pytest.fixture
async def ready(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> tuple[User, str, int]:
    """Ann, a session of hers, and a file in it."""
    await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(FILES)])
    await search(ann, "judex")
    page = await bot.searching.search.search(cast.ann.id, "judex")
    reader = await bot.users.get_user(cast.ann.id)
    assert reader is not None
    return reader, page.session.id, page.files[0].id


async def test_a_double_press_is_served_once_whoever_hears_it(
    bot: Container, second: Container, ready: tuple[User, str, int], ann: Actor, cast: Cast
) -> None:
    """Two presses that reach two processes in the same moment bring one file and cost one slot."""
    presses = [each.delivering.files.deliver(*ready) for each in (bot, second) for _ in range(3)]
    outcomes = await asyncio.gather(*presses, return_exceptions=True)
    await ann.wait_message(has_file)

    assert [type(outcome) for outcome in outcomes].count(BusyError) == len(presses) - 1
    assert len(ann.files()) == 1
    assert await charged(bot.pool, cast.ann.id) == 1


async def test_one_job_a_person_whichever_process_it_is_in(
    bot: Container, second: Container, ready: tuple[User, str, int], dc: DataCenter, ann: Actor, cast: Cast
) -> None:
    """A `Send all` that runs in one process keeps others of that person out of the other one, until it is over."""
    reader, session_id, _ = ready

    async def start(process: Container) -> None:
        watcher = DeliveryProgress(process.telegram, reader.id, process.catalogue.for_language("en"))
        await process.delivering.send_all.start(reader, session_id, 1, watcher)

    first = dc.faults.add(sends_to(reader.id, action="hold"))
    await start(bot)
    await first.held()
    for process in (bot, second):
        with pytest.raises(BusyError):
            await start(process)
    first.release()
    await ann.wait_edit(containing=f"Sent {FILES} of {FILES}")
    await forgotten(bot.pool)
    await start(second)
    await ann.wait_edit(containing=f"Sent {FILES} of {FILES}")

    assert await charged(bot.pool, cast.ann.id) == 2 * FILES


async def test_a_job_that_was_taken_over_sends_no_further_file(
    bot: Container, second: Container, ready: tuple[User, str, int], dc: DataCenter, ann: Actor
) -> None:
    """A process whose job another one has settled ends it at its next file, for a reader without a limit, too."""
    reader, session_id, _ = ready
    unlimited = replace(reader, premium_until=datetime(2100, 1, 1, tzinfo=UTC))
    watcher = DeliveryProgress(bot.telegram, reader.id, bot.catalogue.for_language("en"))
    first = dc.faults.add(sends_to(reader.id, action="hold"))
    await bot.delivering.send_all.start(unlimited, session_id, 1, watcher)
    await first.held()

    await second.delivering.journal.run()
    told = await ann.wait_message(containing="I was restarted")
    first.release()
    await ann.wait_edit(containing=f"Stopped after 1 of {FILES}")

    assert f"0 of {FILES} were sent" in told.text
    assert len(ann.files()) == 1


async def test_a_job_whose_slots_are_lost_sends_no_further_file(
    bot: Container, ready: tuple[User, str, int], dc: DataCenter, ann: Actor, cast: Cast
) -> None:
    """Slots that were taken back while a process was suspended are not spent a second time."""
    reader, session_id, _ = ready
    watcher = DeliveryProgress(bot.telegram, reader.id, bot.catalogue.for_language("en"))
    first = dc.faults.add(sends_to(reader.id, action="hold"))
    await bot.delivering.send_all.start(reader, session_id, 1, watcher)
    await first.held()
    await bot.pool.update_one("users", {"_id": reader.id}, {"$set": {"quota.holds": [], "quota.charged": 0}})
    first.release()

    await ann.wait_edit(containing=f"Stopped after 1 of {FILES}")

    assert len(ann.files()) == 1
    assert await charged(bot.pool, cast.ann.id) == 0
