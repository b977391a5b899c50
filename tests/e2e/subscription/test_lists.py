"""The bot's own list, as admins change it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.container import Stores
from core.domain.subscription import MOST_REQUIRED
from tests.e2e.admin.talk import ask, audited
from tests.e2e.library import post_files
from tests.e2e.subscription.gate import again, refused_search, until
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.owner import Owner
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_named_channel_is_pinned_to_its_id(
    bot: Container, ann: Actor, bob: Actor, owner: Owner, cast: Cast, news: Channel
) -> None:
    """Scenario 78: a channel added by its name stays required under another name, and the button opens that."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    assert "Nobody has to be" in await ask(bob, "/fsub")
    assert "https://t.me/news_box" in await ask(bob, "/fsub_add @News_Box")
    assert bot.runtime.current.force_subscribe_chats == str(news.full_id)

    owner.rename(news.id, "daily_news")
    await bot.subscribing.watch.look_at(news.full_id)
    refusal = await refused_search(ann, "nosferatu")
    assert refusal.button("Join News").url == "https://t.me/daily_news"
    assert "daily_news" in await ask(bob, "/fsub")

    assert "any more" in await ask(bob, "/fsub_remove @daily_news")
    await search(ann, "nosferatu")
    assert "not on the list" in await ask(bob, f"/fsub_remove {news.full_id}")
    assert [action for _, action in await audited(bot)] == ["subscription_added", "subscription_removed"]


async def test_private_chats_get_a_link_that_is_made_once_and_kept(
    setup: BotSetup, ann: Actor, cleo: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """A link of the bot, one by which people ask to be let in, or the admin's own; also over a restart."""
    secret = world.add_channel("Secret", creator=cast.bob.id, admins=[cast.bot.id])
    closed = world.add_channel("Closed", creator=cast.bob.id, admins=[cast.bot.id])
    given = world.add_channel("Given", creator=cast.bob.id, admins=[cast.bot.id])
    async with setup.running() as bot:
        assert "https://t.me/+" in await ask(bob, f"/fsub_add {secret.full_id}")
        assert "https://t.me/+" in await ask(bob, f"/fsub_add {closed.full_id} request")
        assert "https://t.me/+Own_Link" in await ask(bob, f"/fsub_add {given.full_id} https://t.me/+Own_Link")
        assert "no invitation" in await ask(bob, f"/fsub_add {given.full_id} https://example.org/+Own_Link")
        first = await refused_search(ann, "nosferatu")
    async with setup.running() as bot:
        second = await refused_search(cleo, "nosferatu")

        links = [[button.url for row in seen.buttons for button in row if button.url] for seen in (first, second)]
        assert links[0] == links[1]
        assert len(links[0]) == 3
        assert [invite.needs_approval for invite in (*secret.invites.values(), *closed.invites.values())] == [
            False,
            True,
        ]
        assert ann.follow_link(str(links[0][0])) is True
        assert ann.follow_link(str(links[0][1])) is False
        ann.join(given.id)
        await until(bot, lambda: _waits(bot, closed, cast))
        await again(ann, first)
        await ann.wait_message(containing="nosferatu")


async def test_what_is_wrong_with_a_chat_is_said_with_its_remedy(
    bot: Container, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 98: a chat whose members the bot does not see gets on no list, so that nobody is locked out."""
    foreign = world.add_channel("Foreign", creator=cast.ann.id, username="foreign_box")
    hidden = world.add_channel("Hidden", creator=cast.ann.id)
    club = world.add_group("Club", creator=cast.bob.id, members=[cast.bot.id])
    for command, sentence in {
        "/fsub_add": "/fsub_add @name",
        "/fsub_add one two three": "/fsub_add @name",
        "/fsub_add !": "no channel or group",
        "/fsub_add @nobody_here_at_all": "I cannot find @nobody_here_at_all",
        f"/fsub_add {hidden.full_id}": "I cannot find",
        f"/fsub_add @{foreign.username}": "I do not see who is in Foreign",
        f"/fsub_add {club.full_id}": "I do not see who is in Club",
        "/fsub_add @ann_reader": "I cannot find @ann_reader",
        "/fsub_remove": "/fsub_remove @name",
        "/fsub_remove @nobody_here_at_all": "not on the list",
    }.items():
        assert sentence in await ask(bob, command), command
    assert bot.runtime.current.force_subscribe_chats == ""


async def test_admins_who_change_the_list_at_once_lose_nothing(
    bot: Container, bob: Actor, cast: Cast, world: World
) -> None:
    """Every chat that was said to be added is on the list; it takes ten."""
    channels = [
        world.add_channel(f"N{number}", creator=cast.bob.id, username=f"news_{number}_box", admins=[cast.bot.id])
        for number in range(MOST_REQUIRED + 1)
    ]
    lists = bot.subscribing.lists
    await asyncio.gather(*(lists.add(cast.bob.id, channel.full_id) for channel in channels[:MOST_REQUIRED]))

    assert {chat.id for chat in await lists.listed()} == {channel.full_id for channel in channels[:MOST_REQUIRED]}
    assert "10 chats on the list" in await ask(bob, f"/fsub_add {channels[MOST_REQUIRED].full_id}")


async def test_a_required_group_becomes_a_supergroup(
    setup: BotSetup, ann: Actor, bob: Actor, owner: Owner, cast: Cast
) -> None:
    """Scenario 102: members of a basic group count, and the supergroup takes its place on the list."""
    group = owner.create_basic_group("Club", [cast.bot.id, cast.ann.id])
    owner._world.group_life.set_admin(group, cast.bot.id, admin=True, actor_id=cast.bob.id)
    async with setup.running(FORCE_SUBSCRIBE_CHATS=str(group.full_id)) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        await search(ann, "nosferatu")
        await bot.subscribing.lists._groups.require(cast.group.full_id, group.full_id, MOST_REQUIRED)

        club = owner.migrate(group)

        async def moved() -> bool:
            listed = await bot.subscribing.lists.group_list(cast.group.full_id)
            in_group = [chat.id for chat in listed] == [club.full_id]
            return in_group and bot.runtime.current.force_subscribe_chats == str(club.full_id)

        await until(bot, moved)
        await search(ann, "nosferatu")


async def test_everything_works_in_the_demo(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, owner: Owner, cast: Cast, world: World
) -> None:
    """The in-memory database runs every query about lists, links and requests."""
    secret = world.add_channel("Secret", creator=cast.bob.id, admins=[cast.bot.id])
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        await ask(bob, f"/fsub_add {secret.full_id} request")
        assert "Everything is as it should be" in await ask(bob, "/verify")
        refusal = await refused_search(ann, "nosferatu")
        ann.follow_link(str(refusal.button("Join Secret").url))
        await until(bot, lambda: _waits(bot, secret, cast))
        await again(ann, refusal)
        await ann.wait_message(containing="nosferatu")
        owner.decide_request(secret.id, cast.ann.id, approved=True)
        group = bot.subscribing.lists
        for _ in range(2):
            await group.add_in_group(cast.group.full_id, cast.bob.id, secret.full_id)
        assert [chat.title for chat in await group.group_list(cast.group.full_id)] == ["Secret"]
        await group.remove_in_group(cast.group.full_id, cast.bob.id, secret.full_id)
        assert await group.group_list(cast.group.full_id) == ()
        assert "any more" in await ask(bob, f"/fsub_remove {secret.full_id}")


async def _waits(bot: Container, chat: Channel, cast: Cast) -> bool:
    return await bot.pool.count("join_requests", {"_id": f"{chat.full_id}:{cast.ann.id}"}) == 1
