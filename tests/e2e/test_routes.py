"""Scenario 38: whatever the bot shows can be used: every button and every published command has a handler."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from redis.asyncio import Redis

import handlers.buttons
from handlers import build_manager
from handlers.base import Press
from handlers.callback_data import CallbackData
from sandbox.datacenter.faults import Fault
from sandbox.datacenter.methods.bots import commands_for
from tests.e2e.broadcast.crowd import ask as broadcast
from tests.e2e.broadcast.crowd import says
from tests.e2e.library import indexed, post_files
from tests.e2e.past import QUICK, fill, link
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from handlers.manager import HandlerManager
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.seen import Seen
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

KINDS = {kind for kind in vars(handlers.buttons).values() if isinstance(kind, type) and issubclass(kind, CallbackData)}
KINDS.remove(CallbackData)


def kind_of(manager: HandlerManager, data: bytes) -> type[CallbackData]:
    """The kind of button that the route for this data reads, which must be able to read it."""
    trigger = manager.presses[data.decode().partition(":")[0]].trigger
    assert isinstance(trigger, Press)
    assert trigger.data.unpack(data).pack().encode() == data
    return trigger.data


async def test_every_kind_of_button_has_a_route(bot: Container) -> None:
    """Scenario 38: each declared kind is routed under its own prefix, and no route waits for another kind."""
    assert {route.trigger for route in build_manager(bot).presses.values()} == {Press(kind) for kind in KINDS}


async def show_buttons(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> Seen:
    """Have a page turned, narrowed and sent, suggestions offered, and a page shown in a group; returns the page."""
    await post_files(bot, bob, cast, [f"Barrabas.{n:02}.mkv" for n in range(45)])
    bob.post_file(cast.channel.id, "Barrabas.mp3", kind="audio")
    await indexed(bot, 46)
    page = await search(ann, "barrabas")
    await ann.press(page, "›")
    page = await ann.wait_edit(of=page, containing="11–20 of 46")
    await ann.press(page, "›")
    page = await ann.wait_edit(of=page, containing="21–30 of 46")
    assert {label for row in page.buttons[-1:] for label, *_ in row} == {"«", "‹", "3 / 5", "›", "»"}
    await ann.press(page, "🎵 · 1")
    await ann.wait_edit(of=page, containing="1–1 of 1")
    await ann.press(page, "Send all")
    await ann.wait_edit(containing="of 1")
    await ann.wait_message(containing="deleted in")
    ann.say("/suggest barr")
    await ann.wait_message(lambda seen: seen.buttons != ())
    ann.mention(cast.group.id, "barrabas")
    await ann.wait_message(containing="1–10 of 46")
    bob.say("/deleteall barrabas")
    await bob.wait_message(containing="Delete all")
    return page


async def show_list_of_banned(bot: Container, bob: Actor) -> None:
    """Have more people banned than a page of the list has."""
    for user_id in range(1, 12):
        await bot.users.set_ban(user_id, "spam")
    bob.say("/banned")
    await bob.wait_message(containing="11 people are banned")


async def show_broadcast(dc: DataCenter, bob: Actor) -> None:
    """Have a broadcast asked about, sent, paused and ended."""
    question = await broadcast(bob, "News for all")
    stuck = dc.faults.add(Fault("messages.SendMessage", action="hold", match=says("News for all"), times=None))
    await bob.press(question, "Send it")
    running = await bob.wait_edit(of=question, containing="is on its way")
    await bob.press(running, "Pause")
    stuck.release()
    await bob.press(await bob.wait_edit(of=question, containing="is paused"), "Stop")
    await bob.wait_edit(of=question, containing="stopped")


async def show_gate(ann: Actor, bob: Actor, world: World, cast: Cast) -> None:
    """Have a reader asked to join a channel."""
    world.add_channel("News", creator=cast.bob.id, username="news_box", admins=[cast.bot.id])
    for command in ("/fsub_add @news_box", "/fsub_remove @news_box"):
        bob.say(command)
        await bob.wait_message(containing="News")
        ann.say("barrabas")
        await ann.wait_message(lambda seen: seen.buttons != ())


async def show_settings(bob: Actor) -> None:
    """Have the sections shown, one of them, a number that was changed and a switch."""
    bob.say("/bsetting")
    sections = await bob.wait_message(containing="Settings")
    await bob.press(sections, "Search")
    for line in ("result_page_size 9", "search_captions"):
        bob.say(f"/bsetting {line}")
        await bob.wait_message(containing="Takes")


async def show_people(bot: Container, ann: Actor, bob: Actor) -> None:
    """Have a full page of people shown, one who is banned, one with premium, and the question before a restart."""
    for number in range(30):
        await bot.pool.insert_one("users", {"_id": 1000 + number, "first_name": "Old", "seen_on": "2020-01-01"})
    await bot.users.set_ban(1, "spam")
    await bot.users.set_premium(ann.user_id, bot.clock.utc_now() + timedelta(days=1))
    shown = (
        ("/users", "Who was here"),
        ("/user 1", "Banned"),
        (f"/user {ann.user_id}", "Premium"),
        ("/restart", "Restart"),
    )
    for command, words in shown:
        bob.say(command)
        await bob.wait_message(containing=words)


async def show_databases(bot: Container, bob: Actor) -> None:
    """Have a database shown that is not asked any more."""
    for _ in range(bot.runtime.current.database_max_failures):
        bot.pool.breaker._record_failure()
    bob.say("/dbstats")
    await bob.wait_message(lambda seen: seen.buttons != ())


async def show_past(ann: Actor, bob: Actor, dc: DataCenter, old: Channel) -> None:
    """Have a channel asked for, and its past offered, walked and paused."""
    posts = fill(bob, old, 30)
    ann.say(link(old, posts[-1]))
    await bob.wait_message(containing="asks to index")
    bob.say(link(old, posts[-1]))
    offer = await bob.wait_message(containing="Index 30 messages")
    held = dc.faults.add(Fault("channels.GetMessages", action="hold", match=lambda request: request.id[0].id == 11))
    await bob.press(offer, "Start")
    await held.held()
    await bob.press(await bob.wait_edit(of=offer, containing="Indexing"), "Pause")
    await bob.wait_edit(of=offer, containing="is paused")
    held.release()


async def expire_pages(setup: BotSetup) -> None:
    """What an hour does to every page in Redis."""
    async with Redis.from_url(setup.environ["REDIS_URI"]) as client:
        async for key in client.scan_iter("ffb:session:*"):
            await client.delete(key)


async def test_every_button_that_is_shown_has_a_route(
    setup: BotSetup, dc: DataCenter, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 38: the buttons of pages of any kind and of a running delivery are read by the routes they lead to.

    Every declared kind is among them, so a new kind has to be shown here.
    """
    async with setup.running(**QUICK, AUTO_DELETE_S="3600") as bot:
        page = await show_buttons(bot, ann, bob, cast)
        await show_list_of_banned(bot, bob)
        await show_settings(bob)
        await show_people(bot, ann, bob)
        await show_broadcast(dc, bob)
        await show_gate(ann, bob, world, cast)
        await show_past(ann, bob, dc, world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id]))
        await show_databases(bot, bob)
    await expire_pages(setup)
    async with setup.running() as bot:
        await ann.press(page, "›")
        await ann.wait_edit(of=page, containing="expired")
        manager = build_manager(bot)

    buttons = [button for seen in (*ann.received, *bob.received) for row in seen.buttons for button in row]
    assert all((button.data is None) is (button.url is not None) for button in buttons)
    assert {kind_of(manager, button.data) for button in buttons if button.data is not None} == KINDS


async def test_every_published_command_has_a_route(bot: Container, dc: DataCenter, ann: Actor, cast: Cast) -> None:
    """Scenario 38: what Telegram's apps offer after the start is the bot's menu, and the bot knows each command."""
    await dc.recorder.wait_call("bots.SetBotCommands")
    manager = build_manager(bot)

    offered = commands_for(cast.bot, cast.ann)

    menu = manager.menu(bot.catalogue.for_language("en"))
    assert [(command.command, command.description) for command in offered] == menu
    assert {"start", "help"} <= {name for name, _ in menu}
    for name, _ in menu:
        ann.say(f"/{name}")
        assert "I do not know" not in (await ann.wait_message()).text


async def test_publishing_commands_never_delays_the_start(setup: BotSetup, dc: DataCenter, ann: Actor) -> None:
    """While Telegram wants an hour's pause before it takes the menu, the bot answers."""
    dc.faults.add(Fault("bots.SetBotCommands", error=(420, "FLOOD_WAIT_3600"), times=5))
    async with setup.running() as bot:
        ann.say("/help")

        assert (await ann.wait_message()).text
        assert "command_menu" in bot.tasks.names
