"""Going on after joining where meanwhile something has changed: the page is gone, or the reader is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.world.chats import Role
from tests.e2e.library import post_files
from tests.e2e.subscription.gate import again, knows, refused, refused_search
from tests.e2e.test_group_search import ask
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.owner import Owner
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

FILMS = [f"Les.Vampires.{number:02}.mkv" for number in range(1, 13)]


async def test_a_page_that_is_gone_by_then_is_turned_in_a_new_message(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: joining took longer than the page was kept in the chat; "Try again" still shows what was pressed."""
    await post_files(gated, bob, cast, FILMS)
    ann.join(news.id)
    page = await search(ann, "vampires")
    ann.leave(news.id)
    await ann.press(page, "›")
    refusal = await refused(ann)
    ann.delete(page.message)
    ann.join(news.id)

    await again(ann, refusal)

    turned = await ann.wait_message(containing="11–12 of 12")
    assert len(file_labels(turned)) == 2


async def test_an_inline_search_for_a_kind_goes_on_for_that_kind(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: what comes after "Try again" is what was typed, its `| audio` included; other bars are words."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv", "Nosferatu.Score.mp3"])
    shown = await ann.inline("nosferatu | document")
    assert shown.switch_pm is not None
    ann.start(shown.switch_pm.start_param)
    refusal = await refused(ann)
    shown = await ann.inline("nosferatu | score")
    assert shown.switch_pm is not None
    ann.start(shown.switch_pm.start_param)
    second = await refused(ann)
    ann.join(news.id)

    await again(ann, refusal)
    page = await ann.wait_message(containing="nosferatu")
    assert "type:document" in page.text
    await again(ann, second)
    assert "score" in (await ann.wait_message(containing="nosferatu")).text


async def test_who_came_from_a_group_is_told_where_the_page_was_turned(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: the reader stands in the private chat, where nothing else tells that it worked."""
    await post_files(bot, bob, cast, FILMS)
    page = await ask(ann, cast.group.id, "vampires")
    said = bob.say_in(cast.group.id, "/fsub_group add @news_box")
    await bob.wait_message(lambda seen: seen.message.reply_to == said.id)
    address = str((await ann.press(page, "›")).url)
    ann.join(news.id)
    await knows(bot, news.full_id, cast.ann.id, "m")

    await ann.open_link(address)

    await ann.wait_edit(of=page, containing="11–12 of 12")
    assert "in the group" in (await ann.wait_message(lambda seen: seen.chat_id == cast.bot.id)).text


async def test_who_was_let_in_unannounced_goes_on_at_once(
    setup: BotSetup, ann: Actor, bob: Actor, owner: Owner, cast: Cast, world: World
) -> None:
    """Scenarios 28, 100: where asking to be let in does not count, "Try again" looks anew at who asked before."""
    secret = world.add_channel("Secret", creator=cast.bob.id, admins=[cast.bot.id])
    link = owner.invite_link(secret.id, needs_approval=True)
    changes = {"FORCE_SUBSCRIBE_CHATS": str(secret.full_id), "FORCE_SUBSCRIBE_JOIN_REQUESTS": "false"}
    async with setup.running(**changes) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        assert ann.follow_link(link) is False
        refusal = await refused_search(ann, "nosferatu")
        await knows(bot, secret.full_id, cast.ann.id, "p")
        secret.members[cast.ann.id] = replace(secret.members[cast.bot.id], role=Role.MEMBER, rights=None)
        bot.subscribing.memberships._just_asked.drop((secret.full_id, cast.ann.id))

        await again(ann, refusal)

        await ann.wait_message(containing="nosferatu")
