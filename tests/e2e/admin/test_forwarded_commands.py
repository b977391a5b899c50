"""What staff forward to the bot are somebody else's words, whatever they look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.admin.talk import ask, ask_seen, audited

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.world import World
    from tests.e2e.conftest import Cast


async def test_a_forwarded_command_is_no_order_of_who_forwards_it(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 32: to be banned by answering them, a spammer's words are forwarded to the bot; nobody obeys them."""
    bob.say("/start")
    await bob.wait_message(containing="Hello")
    for order in (f"/role {ann.user_id} admin", f"/addpremium {ann.user_id} 1y", "/maintenance on"):
        said = ann.say(order)
        await ann.wait_message(containing="for the admins")
        [draft] = world.sharing.forwarded([said])
        forwarded = world.write(bob.user_id, world.accounts[bob.bot_id], draft)

        assert "forwarded" in (await bob.wait_message(lambda seen: seen.sender_id == bob.bot_id)).text

    assert await audited(bot) == []
    assert "is banned" in await ask(bob, "/ban spam", reply_to=forwarded)
    assert [action for _, action in await audited(bot)] == ["person_banned"]


async def test_in_a_group_a_forwarded_command_is_talk(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 95: an admin of the group who forwards what somebody wrote changes nothing by it."""
    said = ann.say(f"/search_mode@{bot.telegram.username} command")
    await ann.wait_message(lambda seen: seen.sender_id == ann.bot_id)
    [draft] = world.sharing.forwarded([said])
    world.write(bob.user_id, cast.group, draft)

    asked = bob.say_in(cast.group.id, "/search_mode")
    answer = await bob.wait_message(lambda seen: seen.sender_id == bob.bot_id and seen.chat_id == cast.group.full_id)

    assert answer.message.reply_to == asked.id
    assert "command" not in answer.text.splitlines()[0]


async def test_forwarded_words_answer_no_question(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 32: what a spammer wrote does not become what everybody reads, because a question was open."""
    shown = await ask_seen(bob, "/bsetting maintenance_text")
    await bob.press(shown, "Change")
    said = ann.say("buy at example dot org")
    await ann.wait_message(lambda seen: seen.sender_id == ann.bot_id)
    [draft] = world.sharing.forwarded([said])
    world.write(bob.user_id, world.accounts[bob.bot_id], draft)
    await bob.wait_message(lambda seen: seen.sender_id == bob.bot_id)
    assert bot.runtime.current.maintenance_text == ""

    await ask(bob, "back at five")

    assert bot.runtime.current.maintenance_text == "back at five"
