"""Who is here, and one person closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Role
from tests.e2e.admin.talk import ask, ask_seen, audited

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.seen import Seen
    from tests.e2e.conftest import Cast


def labels(seen: Seen) -> list[str]:
    return [button.text for row in seen.buttons for button in row]


async def test_people_are_listed_by_when_they_were_here(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """In pages of twenty, whoever was here today first."""
    await ask(ann, "/help")
    for number in range(25):
        person = {"_id": 1000 + number, "first_name": f"<Old> {number}", "seen_on": f"2020-01-{number + 1:02}"}
        await bot.pool.insert_one("users", person)
    await bot.users.set_ban(1024, "spam")

    page = await ask_seen(bob, "/users")
    lines = page.text.splitlines()
    assert {line.split(" (")[0] for line in lines[2:4]} == {"Ann @ann_reader", "Bob @bob_owner"}
    assert lines[4].startswith("<Old> 24 (1024) 2020-01-25 ⛔")
    assert len(lines) == 2 + 20
    assert labels(page) == ["›"]

    await bob.press(page, "›")
    second = await bob.wait_edit(of=page)
    assert labels(second) == ["‹"]
    assert "<Old> 0 (1000) 2020-01-01" in second.text
    assert (await ask(bob, "/users 99")) == second.text
    assert "/users 2" in await ask(bob, "/users all")


async def test_a_profile_has_what_may_be_done(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Premium once for every profile shown, however often it is pressed; a ban and its end; all of it noted."""
    await ask(ann, "/help")
    profile = await ask_seen(bob, "/user @ann_reader")
    assert profile.text.startswith(f"Ann @ann_reader ({cast.ann.id})\nIs a reader.\nNo premium\nFiles today: 0 of ")
    assert labels(profile) == ["⛔ Ban", "⭐ Premium"]

    premium = profile.button("Premium").data
    await bob.press(profile, data=premium)
    shown = await bob.wait_edit(of=profile, containing="Premium until")
    await bob.press(profile, data=premium)
    assert await ask(bob, f"/user {cast.ann.id}") == shown.text
    assert labels(shown) == ["⛔ Ban", "⭐ Premium", "End premium"]

    await bob.press(shown, "Ban")
    banned = await bob.wait_edit(of=profile, containing="Banned")
    ann.say("faust")
    await ann.wait_message(containing="You cannot use this bot.")
    await bob.press(banned, "Allow again")
    await bob.wait_edit(of=profile, containing="Premium until")
    assert [action for _, action in await audited(bot)] == ["premium_given", "person_banned", "person_unbanned"]


async def test_profiles_of_strangers_and_of_peers(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Nobody is made up, and nobody is offered to ban somebody of their own rank."""
    assert await ask(bob, "/user 424242") == "I have never met 424242."
    assert "/user" in await ask(bob, "/user")
    await ask(ann, "/help")
    await bot.users.set_role(cast.ann.id, Role.ADMIN)
    assert labels(await ask_seen(ann, f"/user {cast.ann.id}")) == ["⭐ Premium"]
    assert labels(await ask_seen(bob, f"/user {cast.ann.id}")) == ["⛔ Ban", "⭐ Premium"]
