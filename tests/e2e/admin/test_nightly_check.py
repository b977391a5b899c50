"""The nightly check of the stores, in a bot that speaks to Telegram."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.domain.consistency import Check
from core.domain.group import SearchMode
from tests.e2e.admin.talk import ask, night_is_over
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.owner import Owner
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_it_runs_with_the_daily_maintenance_and_admins_read_of_it(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Its steps are the maintenance's; a report of a file that is deleted is gone after the next night."""
    await night_is_over(bot)
    assert set(await bot.upkeep.consistency.results()) == set(Check)
    [post] = await post_files(bot, bob, cast, ["Faust.mkv"])
    [media] = await bot.pool.find("media_files", {})
    await bot.pool.insert_one("file_reports", {"_id": f"{media['_id']}:gone", "media": media["_id"], "told": True})
    await bot.upkeep.consistency.check_references()
    assert await bot.pool.count("file_reports", {}) == 1
    bob.delete_posts(cast.channel.full_id, [post.id], push=True)
    async with asyncio.timeout(10):
        while await bot.pool.count("media_files", {}):
            await bot.clock.sleep(0.01)

    await bot.upkeep.consistency.check_references()

    assert await bot.pool.count("file_reports", {}) == 0
    shown = await ask(bob, "/stats")
    assert "Checked by night, last " in shown
    assert "Words about files that are gone, removed: 1" in shown


async def test_groups_are_lost_where_telegram_says_so(
    bot: Container, world: World, owner: Owner, bob: Actor, cast: Cast
) -> None:
    """Supergroups and basic groups, private and public, that threw the bot out are noted; those it is in are not."""
    private = owner.create_supergroup("Private").full_id
    owner.add_bot(private)
    small = owner.create_basic_group("Small", members=[cast.bot.id])
    here = owner.create_basic_group("Here", members=[cast.bot.id]).full_id
    groups = (cast.group.full_id, private, small.full_id, here)
    for group in groups:
        await bot.serving.searching.groups._groups.set_search_mode(group, SearchMode.ALL)
    check = bot.upkeep.consistency.check_groups
    await night_is_over(bot)  # its own look at a group may end after one of these
    await check()
    assert await bot.pool.count("groups", {"gone_since": {"$exists": True}}) == 0

    for group in (cast.group.full_id, private):
        owner.remove_bot(group)
    world.group_life.remove(small, cast.bot.id, actor_id=bob.user_id)
    await check()

    lost = await bot.pool.find("groups", {"gone_since": {"$exists": True}})
    assert {int(group["_id"]) for group in lost} == {cast.group.full_id, private, small.full_id}
    owner.add_bot(cast.group.full_id)
    await check()
    assert await bot.pool.count("groups", {"gone_since": {"$exists": True}}) == 2


async def test_a_process_that_stands_by_notes_no_group_as_lost(setup: BotSetup, cast: Cast) -> None:
    """Without a login nobody knows where the bot is, so nothing is noted and the day's work is not held up."""
    async with setup.running() as bot:
        await night_is_over(bot)
        await bot.serving.searching.groups._groups.set_search_mode(cast.group.full_id, SearchMode.ALL)
        await bot.client.stop()
        async with asyncio.timeout(10):
            await bot.upkeep.consistency.check_groups()
        assert await bot.pool.count("groups", {"gone_since": {"$exists": True}}) == 0
        await bot.client.start()
