"""What the bot says of its own set-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrogram.raw.types import ChatAdminRights

from core.services import self_check
from tests.e2e.admin.talk import ask

if TYPE_CHECKING:
    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.owner import Owner
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_good_set_up_is_called_good(bot: Container, bob: Actor) -> None:
    """Nothing to do: it says so, and what it cannot see."""
    told = await ask(bob, "/verify")

    assert "1 of 1 channels" in told
    assert "Everything is as it should be" in told
    assert "/setinlinefeedback" in told


async def test_every_mistake_is_named_with_what_to_do(
    setup: BotSetup, bob: Actor, cast: Cast, world: World, owner: Owner
) -> None:
    """Scenarios 74, 102: lost rights, no inline mode, privacy, a wrong pin, a useless drop box, an open sidecar."""
    box = world.add_channel("Box", creator=cast.bob.id)
    cast.bot.inline_placeholder = None
    cast.bot.sees_all_group_messages = False
    async with setup.running(DELETE_CHANNEL=str(box.full_id), HTTP_HOST="0.0.0.0") as bot:
        await bot.pool.update_one("indexed_channels", {"_id": cast.channel.full_id}, {"$set": {"database": 7}})
        owner.remove_bot(cast.channel.full_id)

        bob.say("/verify")
        told = (await bob.wait_message(containing="can be read")).text  # the notice may come before

    for part in (
        "0 of 1 channels",
        "I may not see Files",
        "/setinline ",
        "/setprivacy",
        "pinned to database 7",
        f"drop box {box.full_id}",
        "HTTP_TOKEN",
    ):
        assert part in told, part
    assert "as it should be" not in told


async def test_a_drop_box_needs_the_right_to_post(
    setup: BotSetup, bob: Actor, cast: Cast, world: World, owner: Owner
) -> None:
    """An admin that may not write could not answer."""
    box = world.add_channel("Box", creator=cast.bob.id, admins=[cast.bot.id])
    async with setup.running(DELETE_CHANNEL=str(box.full_id)):
        assert "drop box" not in await ask(bob, "/verify")
        owner.set_bot_rights(box.id, admin=True, rights=ChatAdminRights(delete_messages=True))
        assert f"drop box {box.full_id}" in await ask(bob, "/verify")


async def test_a_drop_box_on_the_index_list_is_named(setup: BotSetup, bob: Actor, cast: Cast) -> None:
    """Its posts delete files, so nothing of it is indexed."""
    async with setup.running(DELETE_CHANNEL=str(cast.channel.full_id)):
        assert "is on the index list too" in await ask(bob, "/verify")


async def test_the_owner_of_a_bot_without_channels_gets_a_checklist(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First run: told once, to the owner alone, at the start or when the owner starts the bot."""
    monkeypatch.setattr(self_check, "_UNREACHED_PAUSE_S", 0.05)
    async with setup.running(knows_channels=False, CHANNELS="", ADMINS=f"{cast.bob.id} {cast.ann.id}") as bot:
        await ask(ann, "/help")
        assert "self_check" in bot.tasks.names
        bob.say("/start")
        told = await bob.wait_message(containing="No channel is indexed yet")
        while "self_check" in bot.tasks.names:
            await bot.clock.sleep(0.01)

    assert "/add_channel" in told.text
    assert "/setinlinefeedback" in told.text
    assert not any("No channel is indexed" in seen.text for seen in ann.received)


async def test_the_owner_hears_at_the_start_of_channels_that_cannot_be_read(
    setup: BotSetup, bob: Actor, cast: Cast, owner: Owner
) -> None:
    """Scenario 74: rights that were lost while the bot was down."""
    bob.say("/start")
    async with setup.running() as bot:
        while "self_check" in bot.tasks.names:
            await bot.clock.sleep(0.01)
    assert not any("left to do" in seen.text for seen in bob.received)
    owner.remove_bot(cast.channel.full_id)

    async with setup.running():
        assert "I may not see Files" in (await bob.wait_message(containing="left to do")).text
