"""A local Telegram for tests that speak to it over TCP."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymongo
import pytest
from pyrogram import Client
from pyrogram.enums import ParseMode

from core.clock import Clock
from core.container import Stores
from sandbox.actor import Actor
from sandbox.clients import attach_pyrofork, session_string
from sandbox.datacenter.server import DataCenter
from sandbox.world import World
from tests.e2e.bots import BotSetup, bot_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from core.container import Container
    from sandbox.stores import InMemoryStores
    from sandbox.world.accounts import Account
    from sandbox.world.chats import Channel


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in the world of a test; Ann has started the bot, Bob has not, and owns both chats."""

    bot: Account
    ann: Account
    bob: Account
    channel: Channel
    group: Channel


@pytest.fixture
def clock() -> Clock:
    """Real time: the clients under test live in it."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """An empty world."""
    return World(clock)


def people(world: World) -> Cast:
    """A bot, two people, a private channel and a public group where the bot is an admin."""
    token = "7000000001:a-bot-of-the-local-telegram-only"
    bot = world.add_bot(token, "Filter", "filter_test_bot", inline_placeholder="Search files")
    ann = world.add_user("Ann", username="ann_reader", phone="9996621111")
    bob = world.add_user("Bob", username="bob_owner", phone="9996622222")
    channel = world.add_channel("Files", creator=bob.id, admins=[bot.id])
    group = world.add_group("Friends", creator=bob.id, username="friends_group", admins=[bot.id], members=[ann.id])
    world.says(ann.id, bot.id, "/start")
    return Cast(bot, ann, bob, channel, group)


@pytest.fixture
def cast(world: World) -> Cast:
    """Those who are in the world of this test."""
    return people(world)


@pytest.fixture
async def dc(world: World, clock: Clock) -> AsyncIterator[DataCenter]:
    """A data centre over the world; fails the test that meets an error of the data centre's own."""
    datacenter = DataCenter(world, clock=clock)
    await datacenter.start()
    yield datacenter
    await datacenter.stop()
    assert datacenter.problems == []


@pytest.fixture
async def connect(
    dc: DataCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[Account], Awaitable[Client]]]:
    """Start a bare pyrofork client that is logged in as an account; stopped after the test."""
    monkeypatch.chdir(tmp_path)
    clients: list[Client] = []

    async def start(account: Account) -> Client:
        session = session_string(dc, account.id, is_bot=account.is_bot)
        client = Client(
            f"client{len(clients)}", session_string=session, workdir=str(tmp_path), parse_mode=ParseMode.HTML
        )
        attach_pyrofork(client, dc.host, dc.port, dc.key.public_pem)
        await client.start()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.stop()


@pytest.fixture
def ann(world: World, cast: Cast) -> Iterator[Actor]:
    """Ann, driven without a client."""
    actor = Actor(world, cast.ann.id, cast.bot.id)
    yield actor
    actor.close()


@pytest.fixture
def bob(world: World, cast: Cast) -> Iterator[Actor]:
    """Bob, who owns the channel and administers the bot, driven without a client."""
    actor = Actor(world, cast.bob.id, cast.bot.id)
    yield actor
    actor.close()


@pytest.fixture
def mongo_database(mongo_uri: str, emptied_databases: list[str]) -> Iterator[str]:
    """A database that is this test's own, without documents; a test before it may have had the indexes built."""
    name = emptied_databases.pop() if emptied_databases else f"test_{uuid.uuid4().hex[:16]}"
    yield name
    with pymongo.MongoClient(mongo_uri) as client:
        database = client[name]
        for collection in database.list_collection_names():
            database[collection].delete_many({})
    emptied_databases.append(name)


@pytest.fixture
def setup(dc: DataCenter, cast: Cast, tmp_path: Path, mongo_uri: str, mongo_database: str, redis_url: str) -> BotSetup:
    """How the ordinary bot is started against this test's Telegram, on real stores."""
    return bot_environment(dc, cast, tmp_path, mongo_uri, mongo_database, redis_url)


@pytest.fixture
async def bot(setup: BotSetup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Container]:
    """The ordinary bot, running in this process."""
    monkeypatch.chdir(tmp_path)
    async with setup.running() as container:
        yield container


@pytest.fixture
async def memory_bot(
    setup: BotSetup, stores: InMemoryStores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Container]:
    """The ordinary bot on stores in memory, which a test loses and brings back through `stores`."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as container:
        yield container
