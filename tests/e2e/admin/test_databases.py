"""What admins see of the databases, and do about them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pymongo
import pytest

from config.settings import load_settings
from core.container import Stores, open_container
from core.database.circuit_breaker import CircuitBreakerState
from tests.e2e.admin.talk import ask, ask_seen, audited
from tests.e2e.library import post_files
from tests.fixtures.tcp_proxy import TcpProxy
from tests.fixtures.waiting import Stopwatch, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.stores import InMemoryStores
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

PASSWORD = "never-shown"


@pytest.fixture
async def proxy(mongo_uri: str, mongo_database: str) -> AsyncIterator[TcpProxy]:
    """Between the bot and its second database."""
    [(_, port)] = pymongo.uri_parser.parse_uri(mongo_uri)["nodelist"]
    async with TcpProxy(port or 27017) as proxy:
        yield proxy
    with pymongo.MongoClient[dict[str, object]](mongo_uri) as client:
        client.drop_database(f"{mongo_database}_2")


@asynccontextmanager
async def two_databases(setup: BotSetup, proxy: TcpProxy, mongo_database: str, **more: str) -> AsyncIterator[Container]:
    """The bot on two databases that are measured, the second behind a proxy and an address with a secret in it."""
    uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&appname={PASSWORD}"
    environ = {"DATABASE_URIS": uri, "DATABASE_NAMES": f"{mongo_database}_2", **more}
    async with setup.running(**environ) as bot:
        while any(view.used_bytes is None for view in bot.upkeep.databases.all()):
            await bot.clock.sleep(0.01)
        yield bot


async def second_is_gone(bot: Container, proxy: TcpProxy) -> None:
    """Refuse connections to the second database, and return when its breaker is open, which one failure does now."""
    await bot.runtime.change("database_max_failures", 1, 0)
    proxy.refuse()
    await until(lambda: bot.databases.database(2).breaker.state is not CircuitBreakerState.CLOSED)


async def test_files_go_where_an_admin_wants_them_while_it_can_take_them(
    setup: BotSetup, proxy: TcpProxy, mongo_database: str, bob: Actor, cast: Cast
) -> None:
    """`/dbswitch` is obeyed at once, says whether the database is fit, and what stands in where it is not."""
    async with two_databases(setup, proxy, mongo_database) as bot:
        answer = await ask(bob, "/dbswitch 2")
        assert "go to database 2 from now on: it is healthy and has 512" in answer
        bob.post_file(cast.channel.id, "Faust.mkv")
        while not await bot.databases.database(2).count("media_files", {}):
            await bot.clock.sleep(0.01)
        assert "as an admin chose" in await ask(bob, "/dbinfo 2")

        await second_is_gone(bot, proxy)
        answer = await ask(bob, "/dbswitch 2")
        assert "does not answer" in answer
        assert "Until then new files go to database 1" in answer
        await post_files(bot, bob, cast, ["Vampyr.mkv"])
        assert "in place of the chosen one" in await ask(bob, "/dbinfo 1")

        assert "No database is chosen" in await ask(bob, "/dbswitch auto")
        assert bot.runtime.current.database_preferred == 0
        assert [action for _, action in await audited(bot)] == ["database_preferred"] * 3


async def test_other_processes_obey_within_two_seconds(setup: BotSetup, bot: Container, bob: Actor) -> None:
    """Scenario 131: what one process is told, the chosen database and maintenance mode, holds in all of them."""
    async with open_container(load_settings(setup.environ, env_file=None), environ=setup.environ) as other:
        await other.runtime.load()
        with Stopwatch() as passed:
            await ask(bob, "/dbswitch 1")
            await ask(bob, "/maintenance on")
            await until(lambda: other.upkeep.databases.preferred == 1 and other.people.maintenance.is_on)
        assert passed.seconds < 2.5
        await other.tasks.close(1)


async def test_a_database_that_does_not_answer_is_seen_and_asked_again(
    setup: BotSetup, proxy: TcpProxy, mongo_database: str, bob: Actor, cast: Cast
) -> None:
    """A broken database has a button; pressed too early it says so, pressed in time the database is back at once."""
    async with two_databases(setup, proxy, mongo_database, DATABASE_RECOVERY_TIMEOUT="3600") as bot:
        healthy = await ask_seen(bob, "/dbstats")
        assert healthy.text.count("It answers") == 2
        assert healthy.buttons == ()

        await second_is_gone(bot, proxy)
        breaker = bot.databases.database(2).breaker
        broken = await ask_seen(bob, "/dbstats")
        assert "left alone" in broken.text
        assert "It takes no new files: it does not answer." in broken.text
        pressed = await bob.press(broken, "Ask database 2 again")
        assert pressed.text == "Database 2 does not answer."
        assert breaker.state is CircuitBreakerState.OPEN

        await bot.runtime.change("database_max_failures", 5, bob.user_id)
        proxy.accept()
        async with asyncio.timeout(10):  # the driver looks twice a second whether it can connect
            while pressed.text != "Database 2 answers.":
                pressed = await bob.press(broken, "Ask database 2 again")
        mended = await bob.wait_edit(containing="Database 2\nIt answers")
        assert mended.text.count("It answers") == 2
        assert (cast.bob.id, "breaker_reset") in await audited(bot)


async def test_sizes_are_told_and_addresses_are_not(
    setup: BotSetup, proxy: TcpProxy, mongo_database: str, bob: Actor
) -> None:
    """Scenario 129: size, room and files of each database; no address, no secret; wrong numbers are explained."""
    async with two_databases(setup, proxy, mongo_database, DATABASE_SIZE_LIMIT_GB="1") as bot:
        told = [await ask(bob, text) for text in ("/dbstats", "/dbinfo 1", "/dbinfo 2")]
        assert all(" of 1 GB, about 0 files" in text for text in told)
        assert "of room is left" in told[1]
        assert "No change of a file waits for it" in told[1]
        for wrong in ("/dbinfo", "/dbinfo two", "/dbinfo 1 2", "/dbinfo ²"):
            told.append(await ask(bob, wrong))
            assert told[-1].startswith("Please name")
        for wrong in ("/dbinfo 3", "/dbswitch 3", "/dbinfo 0", "/dbswitch 0"):
            told.append(await ask(bob, wrong))
            assert "numbers are 1 to 2" in told[-1] if "3" in wrong else told[-1].startswith("Please name")
        await bot.runtime.change("database_size_limit_gb", 0, 1)
        assert "without a limit" in await ask(bob, "/dbstats")
        everything = " ".join(told)
        assert PASSWORD not in everything
        assert "mongodb" not in everything
        assert str(proxy.port) not in everything


async def test_a_single_database_in_memory_is_shown_too(
    setup: BotSetup, bob: Actor, stores: InMemoryStores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As in the demo: one database takes everything, and there is none to switch to."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        async with asyncio.timeout(10):
            while bot.upkeep.databases.taking_files() is None:
                await bot.clock.sleep(0.01)
        shown = await ask(bob, "/dbstats")
        assert "New files go here." in shown
        assert "/dbswitch" not in shown
        assert "of room is left" in await ask(bob, "/dbinfo 1")
        assert await ask(bob, "/dbinfo 2") == "There is one database only; its number is 1."
