"""Appointing people, and what their roles let them do."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sandbox.actor import Actor
from sandbox.datacenter.methods.bots import commands_for
from tests.e2e.admin.talk import ask, audited
from tests.e2e.past import QUICK, fill, forward
from tests.e2e.test_group_search import heard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.container import Container
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@pytest.fixture
def carol(world: World, cast: Cast) -> Iterator[Actor]:
    """Carol, who has started the bot."""
    account = world.add_user("Carol", username="carol_moderates", phone="9996623333")
    world.says(account.id, cast.bot.id, "/start")
    with closing(Actor(world, account.id, cast.bot.id)) as actor:
        yield actor


async def meet(person: Actor) -> None:
    """Return when the bot knows the person, and has answered everything before."""
    person.say("/help")
    await person.wait_message(containing="How to search")


def menu_of(world: World, cast: Cast, actor: Actor) -> set[str]:
    """The commands that the person's app offers now."""
    return {command.command for command in commands_for(cast.bot, world.accounts[actor.user_id])}


async def appoint(owner: Actor, person: Actor, role: str) -> str:
    """Have the owner give a role; what the bot answers."""
    return await ask(owner, f"/role {person.user_id} {role}")


async def published(dc: DataCenter, world: World, cast: Cast, actor: Actor, command: str, *, offered: bool) -> None:
    """Return when the person's app offers a command, or offers it no more."""
    async with asyncio.timeout(10):
        while (command in menu_of(world, cast, actor)) is not offered:
            await dc.clock.sleep(0.01)


async def test_a_moderator_may_do_what_moderators_do_and_nothing_else(
    bot: Container, dc: DataCenter, world: World, ann: Actor, bob: Actor, carol: Actor, cast: Cast
) -> None:
    """Who is appointed can ban at once, sees the commands for it, and neither deletes files nor appoints."""
    await meet(carol)
    assert "for the admins" in await ask(carol, f"/ban {cast.ann.id}")

    assert "Carol" in await appoint(bob, carol, "moderator")

    assert "is banned" in await ask(carol, f"/ban {cast.ann.id}")
    for command in ("/delete x", "/add_channel -1001234567890", f"/role {cast.ann.id} admin", "/roles", "/verify"):
        assert "Your role does not allow that" in await ask(carol, command)
    await published(dc, world, cast, carol, "ban", offered=True)
    assert not {"delete", "role", "add_channel", "verify"} & menu_of(world, cast, carol)

    assert "a reader" in await appoint(bob, carol, "reader")

    assert "for the admins" in await ask(carol, f"/unban {cast.ann.id}")
    await published(dc, world, cast, carol, "ban", offered=False)
    assert "start" in menu_of(world, cast, carol)
    entries = await bot.pool.find("audit_log", {"action": "role_set"}, sort=[("at", 1)])
    assert [entry["details"] for entry in entries] == [
        {"person": carol.user_id, "role": "moderator", "before": "reader"},
        {"person": carol.user_id, "role": "reader", "before": "moderator"},
    ]


async def test_a_role_outlives_a_restart(
    setup: BotSetup, dc: DataCenter, world: World, ann: Actor, bob: Actor, carol: Actor, cast: Cast
) -> None:
    """What the owner gave is there after the start, in the menu, too."""
    async with setup.running():
        await meet(carol)
        await appoint(bob, carol, "admin")
        await published(dc, world, cast, carol, "delete", offered=True)
    cast.bot.commands.clear()

    async with setup.running():
        await published(dc, world, cast, carol, "delete", offered=True)
        assert "role" not in menu_of(world, cast, carol)
        assert "is banned" in await ask(carol, f"/ban {cast.ann.id}")


async def test_nobody_raises_themselves_or_touches_who_stands_as_high(
    setup: BotSetup, world: World, bob: Actor, carol: Actor, ann: Actor, cast: Cast
) -> None:
    """Roles come from the owner alone; neither ban nor dismissal reaches an equal, a higher one or the owner."""
    dora = world.add_user("Dora", username="dora_admin")
    with closing(Actor(world, dora.id, cast.bot.id)) as admin:
        async with setup.running(ADMINS=f"{cast.bob.id} {dora.id}") as bot:
            await meet(carol)
            assert "settings of the bot name" in await appoint(bob, admin, "reader")
            assert "settings of the bot name" in await appoint(bob, bob, "reader")
            assert "moderator and admin" in await appoint(bob, carol, "owner")
            assert "never written to me" in await ask(bob, "/role 12345 admin")
            for role in ("moderator", "admin"):
                await appoint(bob, carol, role)
                for person in (carol, admin):
                    assert "Your role does not allow that" in await appoint(person, ann, "moderator")
                assert "cannot ban yourself" in await ask(carol, f"/ban {carol.user_id}")
                for victim in (bob, admin):
                    assert "whose role is below yours" in await ask(carol, f"/ban {victim.user_id}")
            assert "whose role is below yours" in await ask(admin, f"/ban {carol.user_id}")
            assert "is banned" in await ask(bob, f"/ban {carol.user_id}")
            assert "You cannot use this bot" in await ask(carol, f"/ban {cast.ann.id}")
            assert [action for _, action in await audited(bot)] == ["role_set", "role_set", "person_banned"]


async def test_the_owner_sees_who_has_which_role(bot: Container, bob: Actor, carol: Actor, cast: Cast) -> None:
    """One by one, and everybody, the highest first."""
    await meet(carol)
    await appoint(bob, carol, "moderator")

    assert await ask(bob, "/role @carol_moderates") == f"{carol.user_id} is a moderator."
    assert await ask(bob, f"/role {cast.ann.id}") == f"{cast.ann.id} is a reader."
    assert await ask(bob, f"/role {cast.bob.id}") == f"{cast.bob.id} is the owner."
    listed = (await ask(bob, "/roles")).splitlines()
    assert listed[1:] == [f"Bob ({cast.bob.id}): the owner", f"Carol ({carol.user_id}): a moderator"]
    assert "Roles: moderator, admin" in await ask(bob, "/role")
    assert "moderator and admin" in await ask(bob, f"/role {carol.user_id} emperor")


async def test_in_the_name_of_a_chat_a_moderator_has_no_rights(
    bot: Container, ann: Actor, bob: Actor, carol: Actor, cast: Cast
) -> None:
    """Scenario 40: whoever hides behind the group or a channel is told why nothing is done; nobody is banned."""
    await meet(carol)
    await appoint(bob, carol, "moderator")
    bob.say_in(cast.group.id, f"/ban@filter_test_bot {cast.ann.id}", send_as=cast.group.id)
    assert "in the name of a chat" in (await heard(ann, chat_id=cast.group.full_id)).text

    assert await bot.pool.find_one("users", {"ban_reason": {"$ne": None}}) is None


async def test_of_two_moderators_who_decide_at_once_the_first_stands(
    setup: BotSetup, world: World, ann: Actor, bob: Actor, carol: Actor, cast: Cast
) -> None:
    """Scenario 42: appointed moderators are asked, one job starts at most, and the second sees who took it."""
    old = world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id])
    posts = fill(bob, old, 3)
    bob.say("/start")
    async with setup.running(**QUICK) as bot:
        await meet(carol)
        await appoint(bob, carol, "moderator")
        forward(world, ann, posts[-1])
        asked = [await person.wait_message(containing="Ann asks to index") for person in (bob, carol)]

        answers = await asyncio.gather(bob.press(asked[0], "Accept"), carol.press(asked[1], "Reject"))

        request = await bot.pool.find_one("index_requests", {})
        assert request is not None
        loser = answers[1] if request["state"] == "accepted" else answers[0]
        winner = "Bob has accepted" if request["state"] == "accepted" else "Carol has rejected"
        assert loser.text is not None
        assert loser.text.startswith(winner)
        await ann.wait_message(containing="Old films")
        assert await bot.pool.count("index_jobs", {}) == (request["state"] == "accepted")


async def test_a_moderator_may_steer_the_job_that_they_accepted(
    setup: BotSetup, world: World, ann: Actor, bob: Actor, carol: Actor, cast: Cast
) -> None:
    """The buttons of the job are for whoever decides on requests, so that the moderator is not left alone with it."""
    old = world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id])
    posts = fill(bob, old, 12)
    bob.say("/start")
    async with setup.running(**QUICK):
        await meet(carol)
        await appoint(bob, carol, "moderator")
        forward(world, ann, posts[-1])
        asked = await carol.wait_message(containing="Ann asks to index")
        await carol.press(asked, "Accept")
        await carol.wait_edit(of=asked, containing="is indexed")

        forward(world, carol, posts[-1])
        await carol.wait_message(lambda seen: bool(seen.buttons))
