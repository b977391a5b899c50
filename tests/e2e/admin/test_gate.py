"""Who may use the commands of admins, and who sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers import build_manager
from sandbox.datacenter.methods.bots import commands_for
from tests.e2e.admin.talk import ask, audited, names
from tests.e2e.library import post_files
from tests.e2e.test_group_search import heard, silence

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_readers_are_refused_every_command_of_admins(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Whatever follows the command, a reader is told whom it is for, and nothing is done."""
    await post_files(bot, bob, cast, ["Faust.1926.mkv"])
    commands = [name for name, route in build_manager(bot).commands.items() if route.permission]
    assert {"add_channel", "remove_channel", "toggle_channel", "list_channels", "delete", "takedown", "deleteall"} <= {
        *commands
    }

    for command in commands:
        assert "for the admins" in await ask(ann, f"/{command} faust -1001234567890 undo")

    assert await names(bot) == ["Faust.1926.mkv"]
    assert await audited(bot) == []


async def test_an_admin_is_known_by_the_sender_alone(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 40: in the name of a group or channel nobody is an admin; in a group no admin is answered in public."""
    group = cast.group.id
    bob.say_in(group, "/list_channels@filter_test_bot", send_as=group)
    assert "in the name of a chat" in (await heard(ann, chat_id=cast.group.full_id)).text
    bob.say_in(group, "/list_channels@filter_test_bot")
    assert "private chat" in (await heard(ann, chat_id=cast.group.full_id)).text
    own = world.add_channel("Bob's", creator=cast.bob.id)
    bob.say_in(group, "/list_channels@filter_test_bot", send_as=own.id)
    assert "in the name of a chat" in (await heard(ann, chat_id=cast.group.full_id)).text
    ann.say_in(group, "/list_channels@filter_test_bot")
    assert "for the admins" in (await heard(ann, chat_id=cast.group.full_id)).text


async def test_commands_in_groups_may_be_meant_for_other_bots(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Many bots of a group know /delete: without this one's name it is passed over."""
    for actor in (bob, ann):
        actor.say_in(cast.group.id, "/delete all of it")

    await silence(ann, cast.group.id)


async def test_only_admins_are_offered_their_commands(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """The menu of an admin has the commands of admins behind those of everybody."""
    bob.say("/start")
    async with setup.running() as bot:
        await dc.recorder.wait_call("bots.SetBotCommands", lambda request: request.scope.QUALNAME.endswith("ScopePeer"))
        readers = [command.command for command in commands_for(cast.bot, cast.ann)]
        admins = [command.command for command in commands_for(cast.bot, cast.bob)]

        assert "start" in readers
        assert "deleteall" not in readers
        assert admins[: len(readers)] == readers
        assert {"deleteall", "add_channel", "takedown", "verify"} <= set(admins)
        assert build_manager(bot).menu(bot.catalogue.for_language("en"))[0][0] == "start"
