"""People who block the bot are flagged and kept, and come back, over the wire."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from core.domain.audience import Segment, Unreachable

if TYPE_CHECKING:
    from core.container import Container
    from core.domain.user import User
    from sandbox.actor import Actor
    from sandbox.world import World
    from tests.e2e.conftest import Cast


async def person(bot: Container, user_id: int) -> User:
    found = await bot.users.get_user(user_id)
    assert found is not None
    return found


async def until_it_is(bot: Container, user_id: int, why: Unreachable | None) -> User:
    """The stored person, as soon as the bot knows them as lost for this reason, or as reachable."""
    async with asyncio.timeout(10):
        while (found := await person(bot, user_id)).unreachable is not why:
            await bot.clock.sleep(0.01)
    return found


async def test_who_blocks_the_bot_is_flagged_at_once_and_revived_by_taking_that_back(
    bot: Container, ann: Actor, cast: Cast
) -> None:
    """Scenario 106: no message has to fail first; premium stays, and the person is in no segment meanwhile."""
    ann.say("/start")
    await ann.wait_message()
    until = bot.clock.utc_now() + timedelta(days=9)
    await bot.users.set_premium(cast.ann.id, until)
    assert await bot.people.audience.count(Segment()) == 1

    ann.block_bot()
    lost = await until_it_is(bot, cast.ann.id, Unreachable.BLOCKED)
    assert lost.is_premium(bot.clock.utc_now())
    assert await bot.people.audience.page(Segment(), 0, 10) == []

    ann.unblock_bot()
    await until_it_is(bot, cast.ann.id, None)
    assert await bot.people.audience.page(Segment(), 0, 10) == [cast.ann.id]


async def test_start_revives_and_a_group_does_not(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 106: whoever starts the bot can be written to again, with the ban and the premium they had."""
    for actor in (ann, bob):
        actor.say("/start")
        await actor.wait_message()
    for actor in (ann, bob):
        await bot.people.reachability.lost(actor.user_id, Unreachable.NEVER_STARTED)
    await bot.users.set_ban(cast.bob.id, "spam")

    ann.mention(cast.group.id, "faust")
    await ann.wait_message(lambda seen: seen.chat_id == cast.group.full_id)
    assert (await person(bot, cast.ann.id)).unreachable is Unreachable.NEVER_STARTED
    ann.say("/start")
    await ann.wait_message(lambda seen: seen.chat_id == cast.bot.id)
    assert (await until_it_is(bot, cast.ann.id, None)).seen_on == bot.searching.quota.today().isoformat()

    bob.say("/start")
    assert (await until_it_is(bot, cast.bob.id, None)).ban_reason == "spam"
    assert await bot.people.audience.page(Segment(), 0, 10) == [cast.ann.id]


async def test_what_a_person_reads_makes_the_segment(bot: Container, ann: Actor, world: World, cast: Cast) -> None:
    """A segment by language is of those whose app is in it, unless they chose another one."""
    world.accounts[cast.ann.id].language = "pt-br"
    ann.say("/start")
    await ann.wait_message()
    portuguese, hindi = Segment.parse("language:pt"), Segment.parse("language:hi")
    assert portuguese is not None
    assert hindi is not None
    assert await bot.people.audience.page(portuguese, 0, 10) == [cast.ann.id]
    await bot.users.set_language(cast.ann.id, "hi")
    assert await bot.people.audience.page(portuguese, 0, 10) == []
    assert await bot.people.audience.page(hindi, 0, 10) == [cast.ann.id]
