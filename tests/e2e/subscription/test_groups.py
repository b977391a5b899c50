"""Groups with a list of their own, and refusals in public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.library import post_files
from tests.e2e.subscription.gate import again, delivered, knows, refused
from tests.e2e.test_group_search import ask, heard
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.seen import Seen
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.conftest import Cast


async def told(actor: Actor, group: Channel, text: str, *, send_as: int | None = None) -> str:
    """Say something in a group; what the bot answers there."""
    said = actor.say_in(group.id, text, send_as=send_as)
    return (await actor.wait_message(lambda seen: seen.message.reply_to == said.id)).text


def way_in(seen: Seen) -> str:
    """The address of the button into the private chat."""
    return str(seen.button("Go on in private").url)


async def test_a_group_has_its_own_list(
    bot: Container, ann: Actor, cleo: Actor, bob: Actor, cast: Cast, news: Channel, world: World
) -> None:
    """Its admins make it; it counts in that group and nowhere else, and the search goes on in the private chat."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    other = world.add_group("Other", creator=cast.bob.id, admins=[cast.bot.id], members=[cast.ann.id])
    assert "Nobody has to be" in await told(bob, cast.group, "/fsub_group")
    assert "people have to be in News" in await told(bob, cast.group, "/fsub_group add @news_box")
    assert "News" in await told(ann, cast.group, "/fsub_group list")

    ann.mention(cast.group.id, "nosferatu")
    public = await heard(ann, "Join News first", chat_id=cast.group.full_id)
    await ask(ann, other.id, "nosferatu")
    await search(ann, "nosferatu")

    await ann.open_link(way_in(public))
    refusal = await refused(ann)
    ann.join(news.id)
    await knows(bot, news.full_id, cast.ann.id, "m")
    await again(ann, refusal)
    page = await ann.wait_message(containing="nosferatu")
    assert page.chat_id == cast.bot.id
    assert file_labels(await ask(ann, cast.group.id, "nosferatu"))

    assert "any more" in await told(bob, cast.group, f"/fsub_group remove {news.full_id}")
    cleo.join(cast.group.id)
    await ask(cleo, cast.group.id, "nosferatu")


async def test_a_file_pressed_in_a_group_arrives_in_private_after_joining(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: the press opens the private chat, which knows what the group asks for; so does turning a page."""
    await post_files(bot, bob, cast, [f"Fantomas.{number:02}.mkv" for number in range(12)])
    page = await ask(ann, cast.group.id, "fantomas")
    await told(bob, cast.group, "/fsub_group add @news_box")

    await ann.open_link(str((await ann.press(page, file_labels(page)[0])).url))
    refusal = await refused(ann)
    ann.join(news.id)
    await knows(bot, news.full_id, cast.ann.id, "m")
    await again(ann, refusal)
    assert (await delivered(ann)).chat_id == cast.bot.id

    ann.leave(news.id)
    await knows(bot, news.full_id, cast.ann.id, "a")
    address = str((await ann.press(page, "›")).url)
    ann.join(news.id)
    await knows(bot, news.full_id, cast.ann.id, "m")
    await ann.open_link(address)
    await ann.wait_edit(of=page, containing="11–12 of 12")


async def test_only_admins_of_the_group_change_its_list(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel, world: World
) -> None:
    """Scenario 95: rights are looked at at the action; nobody gets a way into a private chat that is not theirs."""
    group = cast.group
    assert "admins of this group" in await told(ann, group, "/fsub_group add @news_box")
    world.membership.promote(group, cast.ann.id, actor_id=cast.bob.id)
    refusal = await told(ann, group, f"/fsub_group add {cast.channel.full_id}")
    assert "Only an admin of it" in refusal
    assert not cast.channel.invites
    assert "in News now" in await told(ann, group, "/fsub_group add @news_box")
    world.membership.demote(group, cast.ann.id, actor_id=cast.bob.id)
    assert "admins of this group" in await told(ann, group, "/fsub_group remove @news_box")

    assert "Only an admin of it" in await told(bob, group, f"/fsub_group add {cast.channel.full_id}", send_as=group.id)
    assert "any more" in await told(bob, group, "/fsub_group remove @news_box", send_as=group.id)
    assert "/fsub_group add @name" in await told(bob, group, "/fsub_group what")
    bob.say("/fsub_group add @news_box")
    assert "belongs in the group" in (await bob.wait_message()).text


async def test_talk_that_is_not_for_the_bot_brings_no_refusal(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """In a group where every title is a search, who has not joined is told so only when they name the bot."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    await told(bob, cast.group, "/search_mode all")
    ann.say_in(cast.group.id, "nosferatu")
    named = ann.mention(cast.group.id, "nosferatu")

    refusal = await heard(ann, "Join News first", chat_id=cast.group.full_id)

    assert refusal.message.reply_to == named.id
