"""The commands of admins on the stores of the demo, which are in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.container import Stores
from core.domain.restart import RestartNote
from tests.e2e.admin.talk import ask, ask_seen, names, unique_id, until
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from sandbox.actor import Actor
    from sandbox.stores import InMemoryStores
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_every_command_works_in_the_demo(setup: BotSetup, stores: InMemoryStores, bob: Actor, cast: Cast) -> None:
    """The in-memory database runs every query that the commands make."""
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        posts = await post_files(bot, bob, cast, ["Faust.mkv", "Vampyr.mkv", "Vampyr.2.mkv", "Kid.mkv"])
        assert "4 files" in await ask(bob, "/list_channels")
        assert "1 of 1" in await ask(bob, "/verify")
        assert "is taken down" in await ask(bob, f"/takedown {unique_id(posts[0])} why")
        assert "is deleted" in await ask(bob, f"/delete {unique_id(posts[3])}")
        asked = await ask_seen(bob, "/deleteall vampyr")
        await bob.press(asked, "Delete")
        await until(bot, [])
        assert "switched off" in await ask(bob, f"/toggle_channel {cast.channel.full_id}")
        assert "switched on" in await ask(bob, f"/toggle_channel {cast.channel.full_id}")
        assert "not on the list" in await ask(bob, f"/remove_channel {cast.channel.full_id}")
        assert "is on the list" in await ask(bob, f"/add_channel {cast.channel.full_id}")
        assert "may be indexed" in await ask(bob, f"/takedown undo {unique_id(posts[0])}")
        assert await names(bot) == []
        assert "Active today: 1" in await ask(bob, "/stats")
        assert "Bob" in await ask(bob, "/users")
        assert "Is the owner" in await ask(bob, f"/user {cast.bob.id}")
        bot.reports.errors.note(ValueError("seen"), "test")
        assert "seen" in await ask(bob, "/errors")
        assert "forgotten" in await ask(bob, "/errors clear")
        assert "errors_cleared" in await ask(bob, "/audit")
        asked_at = bot.clock.utc_now() + timedelta(minutes=1)  # by a clock that is ahead, so that no time has passed
        await bot.reports.restarts._notes.add(RestartNote(7, cast.bob.id, None, asked_at))
        await bot.reports.restarts.tell()
        await bob.wait_message(containing="I am back, after 0 seconds")
        assert await bot.reports.restarts._notes.all() == []
