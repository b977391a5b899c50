"""What a killed process left, told by the next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from core.domain.delivery import DeliveryEntry, DeliveryJob
from core.errors import BusyError, DatabaseUnavailableError
from core.services.delivery_journal import DeliveryJournal
from handlers.delivery_progress import DeliveryProgress
from repositories.delivery import DeliveryRepository
from sandbox.datacenter.faults import Fault
from tests.e2e.delivery.wishes import charged
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.conftest import Cast

WRITING = "messages.SendMessage"


@pytest.fixture
async def left(bot: Container, cast: Cast) -> DeliveryEntry:
    """Ten slots of Ann's, three of them used, and one more file on its way when its process died."""
    await until(lambda: "interrupted_deliveries" not in bot.tasks.names)  # else the bot itself would settle it
    now = datetime.now(UTC)
    held = await bot.users.reserve_quota_atomic(
        cast.ann.id, 10, limit=10, day=bot.searching.quota.today(), hold_s=600, now=now
    )
    entry = DeliveryEntry(DeliveryJob("0123456789abcdef", cast.ann.id, 10), language="en", reservation=held)
    dead = DeliveryRepository(bot.pool, bot.clock, cast.bot.id, "a dead process")
    assert await dead.claim(entry)
    entry = replace(entry, sent=3, is_trying=True)
    assert await dead.keep(entry)
    return entry


@pytest.fixture
def journal(bot: Container, cast: Cast) -> DeliveryJournal:
    """That of a process that has just become the receiver."""
    deliveries = DeliveryRepository(bot.pool, bot.clock, cast.bot.id, "the next process")
    return DeliveryJournal(
        *(deliveries, bot.searching.quota, bot.telegram, bot.catalogue, bot.people.reachability, bot.clock),
        again_s=0.05,
    )


async def test_what_a_process_left_is_settled_and_told_once(
    bot: Container, journal: DeliveryJournal, left: DeliveryEntry, ann: Actor, cast: Cast
) -> None:
    """Scenario 3: what was sent and the file on its way are charged, the rest is free at once; it is told once."""
    assert await charged(bot.pool, cast.ann.id) == 10

    await journal.run()
    told = await ann.wait_message(containing="3 of 10 were sent")
    await ann.expect_nothing_until(journal.run())

    assert "One more was on its way" in told.text
    assert await charged(bot.pool, cast.ann.id) == left.sent + 1


async def test_what_cannot_be_told_now_is_told_later(
    bot: Container, journal: DeliveryJournal, left: DeliveryEntry, dc: DataCenter, ann: Actor, cast: Cast
) -> None:
    """A chat that Telegram puts off hears of it afterwards, once; its slots do not wait for that."""
    flood = dc.faults.add(Fault(WRITING, error=(420, "FLOOD_WAIT_100"), times=2))

    await journal.run()
    await ann.wait_message(containing="3 of 10 were sent")

    assert flood.hits == 2
    assert sum("I was restarted" in seen.text for seen in ann.received) == 1
    assert await charged(bot.pool, cast.ann.id) == left.sent + 1


async def test_a_reader_who_is_gone_is_noted(
    bot: Container, journal: DeliveryJournal, left: DeliveryEntry, dc: DataCenter, cast: Cast
) -> None:
    """Whoever blocked the bot meanwhile is told nothing, and nothing of the job stays."""
    dc.faults.add(Fault(WRITING, error=(403, "USER_IS_BLOCKED"), times=None))

    await journal.run()

    person = await bot.pool.find_one("users", {"_id": cast.ann.id})
    assert person is not None
    assert person["unreachable_why"] == "blocked"
    assert await bot.pool.count("deliveries", {}) == 0
    assert await charged(bot.pool, cast.ann.id) == left.sent + 1


async def test_a_job_that_was_left_keeps_others_out_until_it_is_settled(
    bot: Container, journal: DeliveryJournal, left: DeliveryEntry, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """While nobody knows whether a job runs in another process, no second one begins; settling lets the next one in."""
    await post_files(bot, bob, cast, ["Judex 1.mkv", "Judex 2.mkv"])
    await search(ann, "judex")
    page = await bot.searching.search.search(cast.ann.id, "judex")
    reader = await bot.users.get_user(cast.ann.id)
    assert reader is not None
    reader = replace(reader, premium_until=datetime(2100, 1, 1, tzinfo=UTC))
    watcher = DeliveryProgress(bot.telegram, reader.id, bot.catalogue.for_language("en"))

    with pytest.raises(BusyError):
        await bot.delivering.send_all.start(reader, page.session.id, 1, watcher)
    await journal.run()
    await bot.delivering.send_all.start(reader, page.session.id, 1, watcher)
    await ann.wait_edit(containing="Sent 2 of 2")

    assert left.job.owner_id == reader.id


async def test_a_word_that_may_have_arrived_is_not_said_again(
    bot: Container, left: DeliveryEntry, ann: Actor, cast: Cast
) -> None:
    """Scenario 3: a process that dies between the word to the reader and the record of it has it said once."""

    class LosesTheDatabase(DeliveryRepository):
        """Once, right before the job is forgotten."""

        lost = False

        async def end(self, entry: DeliveryEntry) -> None:
            if not self.lost:
                self.lost = True
                raise DatabaseUnavailableError("lost")
            await super().end(entry)

    deliveries = LosesTheDatabase(bot.pool, bot.clock, cast.bot.id, "the next process")
    await DeliveryJournal(
        *(deliveries, bot.searching.quota, bot.telegram, bot.catalogue, bot.people.reachability, bot.clock),
        again_s=0.05,
    ).run()

    assert left.job.owner_id == cast.ann.id
    assert deliveries.lost
    assert sum("I was restarted" in seen.text for seen in ann.received) == 1
    assert await bot.pool.count("deliveries", {}) == 0


@pytest.mark.usefixtures("left")
async def test_however_many_were_left_all_are_settled(
    bot: Container, journal: DeliveryJournal, monkeypatch: pytest.MonkeyPatch, cast: Cast, world: World
) -> None:
    """Scenario 3: more jobs than are read at a time are settled at the same start, not at the next one."""
    monkeypatch.setattr("repositories.delivery._MOST_TOLD", 2)
    dead = DeliveryRepository(bot.pool, bot.clock, cast.bot.id, "a dead process")
    for number in range(4):
        person = world.add_user(f"Reader {number}")
        await dead.claim(DeliveryEntry(DeliveryJob(f"{number:016x}", person.id, 10), language="en"))

    await journal.run()

    assert await bot.pool.count("deliveries", {}) == 0
