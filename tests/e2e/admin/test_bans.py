"""Banning people and allowing them again."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from core.text.pseudo_locale import PSEUDO_LANGUAGE
from sandbox.actor import Actor
from tests.e2e.admin.talk import ask, ask_seen, audited
from tests.e2e.library import post_files
from tests.e2e.past import forward
from tests.e2e.test_group_search import answers, heard, silence

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.world import World
    from tests.e2e.conftest import Cast


async def test_banned_people_are_refused_everywhere(
    bot: Container, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 17: words, presses, links, inline queries and wishes of a banned person do nothing but say so."""
    old = world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id])
    await post_files(bot, bob, cast, ["Faust.1926.mkv"])
    page = await ask_seen(ann, "faust")
    assert (await ann.inline("faust")).results
    assert "is banned" in await ask(bob, f"/ban {cast.ann.id} asks for <too> much")

    assert await ask(ann, "faust") == "You cannot use this bot. The reason: asks for <too> much"
    button = next(button for row in page.buttons for button in row if "Faust" in button.text)
    refused = await ann.press(page, data=button.data)
    assert refused.alert
    assert "You cannot use this bot" in (refused.text or "")
    offered = await ann.inline("faust nosferatu")
    assert offered.results == ()
    assert offered.switch_pm is not None
    assert offered.switch_pm.text == "You cannot use this bot."
    forward(world, ann, bob.post_file(old.id, "x.mkv"))
    ann.start("A" * 22)
    ann.say("/help")
    assert (await ann.press(page, data=b"x:y")).alert  # behind all of it, which is handled by then
    assert "may use me again" in await ask(bob, f"/unban {cast.ann.id}")

    assert await bot.pool.find_one("index_requests", {}) is None
    assert ann.files() == []
    await ann.press(page, data=button.data)
    await ann.wait_message(lambda seen: seen.document is not None)
    assert await audited(bot) == [(cast.bob.id, "person_banned"), (cast.bob.id, "person_unbanned")]


async def test_in_private_chats_banned_people_are_told_once_in_a_while(bot: Container, ann: Actor, bob: Actor) -> None:
    """Whoever goes on writing is not answered every time; a press always is, or its button would spin."""
    page = await ask_seen(ann, "/help")
    await ask(bob, f"/ban {ann.user_id}")
    assert await ask(ann, "first") == "You cannot use this bot."
    before = answers(ann)

    for number in range(5):
        ann.say(f"again {number}")
    for _ in range(2):
        assert (await ann.press(page, data=b"x:y")).alert

    await settled(bot)
    assert answers(ann) == before


async def test_a_ban_is_told_in_the_language_that_the_person_chose(bot: Container, ann: Actor, bob: Actor) -> None:
    """The ban stands before everything else, and still speaks as the person wanted to be spoken to."""
    await ask(ann, "/help")
    await bot.users.set_language(ann.user_id, PSEUDO_LANGUAGE)
    await ask(bob, f"/ban {ann.user_id}")

    told = await ask(ann, "faust")

    assert told == bot.catalogue.for_language(PSEUDO_LANGUAGE).plain("error-banned")
    assert told != bot.catalogue.for_language("en").plain("error-banned")


async def test_groups_hear_of_a_ban_once_a_day(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Commands and words of a banned person in groups are passed over in silence after one notice, without reason."""
    await ask(bob, f"/ban {cast.ann.id} a secret reason")
    ann.say_in(cast.group.id, "/help")
    told = await heard(bob, chat_id=cast.group.full_id)
    assert told.text == "You cannot use this bot."

    ann.say_in(cast.group.id, "/help")
    ann.mention(cast.group.id, "faust")
    ann.say_in(cast.group.id, "nosferatu a symphony")

    await silence(bob, cast.group.id)


async def test_the_person_may_be_named_in_every_usual_way(
    bot: Container, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """By @name, by a forwarded message of theirs in private, by answering one in a group; never in two ways."""
    await ask(ann, "/help")
    assert "Ann" in await ask(bob, "/ban @ANN_reader spam")
    await ask(bob, f"/unban {cast.ann.id}")

    [draft] = world.sharing.forwarded([ann.say("words")])
    words = world.write(cast.bob.id, cast.bot, draft)
    await bob.wait_message()
    assert "not both" in await ask(bob, "/ban 12345 spam", reply_to=words)
    assert f"Ann ({cast.ann.id}) is banned" in await ask(bob, "/ban spam", reply_to=words)
    await ask(bob, "/unban", reply_to=words)

    spoken = ann.say_in(cast.group.id, "buy this")
    bob.say_in(cast.group.id, "/ban@filter_test_bot spam", reply_to=spoken)
    assert "Ann" in (await heard(bob, "is banned", chat_id=cast.group.full_id)).text
    own = await ask_seen(bob, "/banned")
    assert "does not tell who wrote it" in await ask(bob, "/ban spam", reply_to=own.message)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "Write whom to ban"),
        ("-1001234567890 spam", "is no id of a person"),
        ("99999999999999999999", "is no id of a person"),
        ("Ann spam", "is no id of a person"),
        ("@nobody_has_this", "Nobody is called"),
        ("@friends_group", "Nobody is called"),
        ("@filter_test_bot", "Nobody is called"),
        ("12345 " + "x" * 201, "may have 200 characters"),
    ],
)
async def test_a_ban_of_nobody_is_explained(bot: Container, bob: Actor, words: str, answer: str) -> None:
    """What names no person bans none, and the answer says what is wrong."""
    assert answer in await ask(bob, f"/ban {words}")

    assert await bot.pool.find_one("users", {"ban_reason": {"$ne": None}}) is None


async def test_strangers_can_be_banned_before_they_come(bot: Container, world: World, bob: Actor, cast: Cast) -> None:
    """An id that the bot has never met is refused from its first message on."""
    stranger = world.add_user("Stranger")
    assert f"{stranger.id} ({stranger.id}) is banned" in await ask(bob, f"/ban {stranger.id}")

    with closing(Actor(world, stranger.id, cast.bot.id)) as actor:
        assert await ask(actor, "/start") == "You cannot use this bot."
    assert "is not banned" in await ask(bob, "/unban 12345")


async def test_the_list_of_banned_people_has_pages(bot: Container, bob: Actor, cast: Cast) -> None:
    """The last banned stand first, with who did it and why; no page is empty."""
    assert await ask(bob, "/banned") == "Nobody is banned."
    for number in range(1, 13):
        await ask(bob, f"/ban {1000 + number} reason {number}")

    first = await ask_seen(bob, "/banned")
    assert first.text.startswith("12 people are banned")
    assert first.text.index("reason 12") < first.text.index("reason 3")
    assert f"by {cast.bob.id}" in first.text
    await bob.press(first, "›")
    second = await bob.wait_edit(of=first)
    assert "reason 2" in second.text
    assert "reason 3" not in second.text
    await ask(bob, "/unban 1001")
    await ask(bob, "/unban 1002")
    await bob.press(second, data=b"bnp:2")
    assert "reason 3" in (await bob.wait_edit(of=first)).text


async def settled(bot: Container) -> None:
    """Return when nothing that arrived waits to be handled."""
    async with asyncio.timeout(10):
        while bot.receiving.lanes.waiting or bot.receiving.lanes.running:
            await bot.clock.sleep(0.01)
