"""Giving and taking premium, and what its end means, over the wire."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.clock import Clock
from core.text.formatting import zoned_moment
from sandbox.actor import Actor
from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask, audited
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

MONTH = timedelta(days=30)
HOUR = timedelta(hours=1)


class LaterClock(Clock):
    """Real time, an hour later."""

    def utc_now(self) -> datetime:
        return datetime.now(UTC) + HOUR

    def unix(self) -> float:
        return self.utc_now().timestamp()


@pytest.fixture
def cid(world: World, cast: Cast) -> Iterator[Actor]:
    """Somebody whom the bot has never met, but may write to."""
    actor = Actor(world, world.add_user("Cid").id, cast.bot.id)
    actor.say("/start")
    yield actor
    actor.close()


async def stored_end(pool: DatabaseConnectionPool, user_id: int) -> datetime:
    """When a person's premium ends, as stored."""
    found = await pool.find_one("users", {"_id": user_id})
    assert found is not None
    end: datetime = found["premium_until"]
    return end


def shown(moment: datetime) -> str:
    return zoned_moment(moment, UTC, "en")


async def test_a_renewal_is_counted_from_the_end_and_the_person_is_told(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 11: who is given premium twice has both periods, and hears of each end."""
    ann.say("/plans")
    before = await ann.wait_message(containing="What you get")
    assert "no premium" in before.text
    assert "10 more files" in before.text

    given = await ask(bob, f"/addpremium {cast.ann.id} 2w")
    first = await stored_end(bot.pool, cast.ann.id)
    assert "14 days more" in given
    assert "was told" in given
    assert shown(first) in (await ann.wait_message(containing="You have premium until")).text

    await ask(bob, f"/addpremium @{cast.ann.username}")
    assert await stored_end(bot.pool, cast.ann.id) == first + MONTH
    assert shown(first + MONTH) in (await ann.wait_message(containing="You have premium until")).text
    ann.say("/plans")
    plans = await ann.wait_message(containing="What you get")
    assert shown(first + MONTH) in plans.text
    assert "more files" not in plans.text
    assert await audited(bot) == [(cast.bob.id, "premium_given")] * 2


async def test_premium_ends_to_the_second_while_every_cache_is_warm(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 9: what is remembered of a person says premium, and yet nothing is free behind the end."""
    await bot.runtime.change("non_premium_daily_limit", 1, cast.bob.id)
    await post_files(bot, bob, cast, [f"Faust {year}.mkv" for year in (1926, 1960, 1994, 2011)])
    page = await search(ann, "faust")
    await bot.users.set_premium(cast.ann.id, bot.clock.utc_now() + HOUR)
    for year in ("1926", "1960"):
        await ann.press(page, year)
        await ann.wait_message(lambda seen: seen.document is not None)
    end = bot.clock.utc_now() + timedelta(seconds=1)
    await bot.users.set_premium(cast.ann.id, end)
    await ask(ann, "/id")  # from here on this end is remembered
    later = {"$set": {"premium_until": end + MONTH}}
    await bot.pool.update_one("users", {"_id": cast.ann.id}, later)  # behind the caches: who asks the database sees it

    await bot.clock.sleep(max(0.0, (end - bot.clock.utc_now()).total_seconds()))

    await ann.press(page, "1994")
    await ann.wait_message(lambda seen: seen.document is not None)
    refused = await ann.press(page, "2011")
    assert "today" in (refused.text or "")
    assert len(ann.files()) == 3
    ann.say("/plans")
    assert "Your premium ended" in (await ann.wait_message(containing="What you get")).text


async def test_a_killed_bot_gives_premium_once_and_tells_once(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, pool: DatabaseConnectionPool
) -> None:
    """Scenario 11: killed before it knows that the person was told, a bot goes on later, and repeats nothing."""
    async with setup.process() as bot:
        dc.faults.add(Fault("messages.SendMessage", action="drop_after", match=_to(ann)))
        bob.say(f"/addpremium {ann.user_id} 30d")
        await ann.wait_message(containing="You have premium until")
        await bot.kill()
        end = await stored_end(pool, ann.user_id)
        await bot.start()

        report = await bob.wait_message(containing="30 days more")

    assert shown(end) in report.text
    assert await stored_end(pool, ann.user_id) == end
    assert len([seen for seen in ann.received if "You have premium until" in seen.text]) == 1
    [entry] = await pool.find("premium_grants", {})
    assert "pending" not in entry
    assert entry["until"] == end


async def test_premium_is_taken_and_its_end_is_told(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Whoever has premium can lose it at once; whoever has none cannot."""
    await bot.users.set_premium(cast.ann.id, bot.clock.utc_now() + MONTH)
    assert "has ended" in await ask(bob, f"/removepremium {cast.ann.id}")
    await ann.wait_message(containing="ended by an admin")
    assert "has no premium" in await ask(bob, f"/removepremium {cast.ann.id}")
    ann.say("/plans")
    assert "no premium" in (await ann.wait_message(containing="What you get")).text
    assert await audited(bot) == [(cast.bob.id, "premium_taken")]


async def test_in_a_group_nobody_reads_what_another_person_has(bot: Container, ann: Actor, cast: Cast) -> None:
    """What both plans give may be asked anywhere; how a reader stands is told in private alone."""
    await bot.users.set_premium(cast.ann.id, bot.clock.utc_now() + MONTH)
    ann.say_in(cast.group.id, "/plans@filter_test_bot")
    answer = await ann.wait_message(lambda seen: seen.chat_id == cast.group.full_id)
    assert "10 files a day" in answer.text
    assert "premium until" not in answer.text


async def test_who_cannot_be_told_has_premium_nevertheless(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 108: the admin sees why the person could not be told, and the reason is kept."""
    stranger, gone = world.add_user("Cid"), world.add_user("Dan")
    world.says(gone.id, cast.bot.id, "/start")
    world.deactivate(gone.id)
    ann.block_bot()

    answers = [await ask(bob, f"/addpremium {person.id} 5d") for person in (cast.ann, stranger, gone)]

    assert ["have blocked me" in answers[0], "never started me" in answers[1], "is deleted" in answers[2]] == [True] * 3
    stored = {found["_id"]: found for found in await bot.pool.find("users", {"unreachable_since": {"$ne": None}})}
    reasons = {cast.ann.id: "blocked", stranger.id: "never_started", gone.id: "deactivated"}
    assert {user_id: found["unreachable_why"] for user_id, found in stored.items()} == reasons
    assert all(found["premium_until"] > bot.clock.utc_now() for found in stored.values())


@pytest.mark.parametrize(
    "text",
    ["", " 30d", " {ann} 0d", " {ann} 3651", " {ann} 99999y", " {ann} soon", " {ann} 30d and more", " -5 30d"],
)
async def test_nothing_is_given_to_nobody_or_for_no_time(bot: Container, bob: Actor, cast: Cast, text: str) -> None:
    """What cannot be read is answered with how it is written, and changes nothing."""
    answer = await ask(bob, "/addpremium" + text.format(ann=cast.ann.id))
    assert answer
    assert await bot.pool.count("premium_grants", {}) == 0
    assert await audited(bot) == []


async def test_the_end_is_told_before_and_after_and_each_time_once(
    setup: BotSetup, ann: Actor, bob: Actor, cid: Actor, pool: DatabaseConnectionPool
) -> None:
    """A reminder and the end reach a person once, though the bot restarts and sweeps again and again."""
    async with setup.running(PREMIUM_SWEEP_S="1") as bot:
        await ask(bob, f"/addpremium {ann.user_id} 30d")
        await ask(bob, f"/addpremium {cid.user_id} 1d")
        end = bot.clock.utc_now() + HOUR / 2
        await bot.users.set_premium(ann.user_id, end)
        await ann.wait_message(containing="Your premium ends on")
    async with setup.running(PREMIUM_SWEEP_S="1", clock=LaterClock()):
        await ann.wait_message(containing="Your premium ended on")
    async with setup.running(PREMIUM_SWEEP_S="1", clock=LaterClock()) as bot:
        swept = await _sweep_after(pool, bot.clock.utc_now(), bot)
        assert swept > end
    told = [seen.text.split(" on ")[0] for seen in ann.received if seen.text.startswith("Your premium e")]
    assert told == ["Your premium ends", "Your premium ended"]
    assert not [seen for seen in cid.received if "Your premium" in seen.text]  # who has it for a day knows


async def _sweep_after(pool: DatabaseConnectionPool, moment: datetime, bot: Container) -> datetime:
    """When a complete sweep began that began later than `moment`."""
    async with asyncio.timeout(10):
        while (found := await pool.find_one("maintenance", {"_id": "premium_sweep"}) or {}).get("at", moment) <= moment:
            await bot.clock.sleep(0.02)
    at: datetime = found["at"]
    return at


def _to(person: Actor) -> Callable[[Any], bool]:
    return lambda request: getattr(request.peer, "user_id", 0) == person.user_id
