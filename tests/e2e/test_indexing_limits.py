"""More posts, changes and refusals than indexing likes: nothing is lost, and what is left out is counted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pymongo
import pytest
from pyrogram.handlers import RawUpdateHandler

from tests.e2e.admin.talk import ask
from tests.e2e.channel_truth import Library, posts_of
from tests.e2e.test_main_path import file_labels, search
from tests.fixtures.tcp_proxy import TcpProxy
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

_SMALL_QUEUES = {"MESSAGE_QUEUE_SIZE": "10", "OVERFLOW_QUEUE_SIZE": "10", "BATCH_SIZE_SMALL": "5"}


@pytest.fixture
def library(mongo_uri: str, mongo_database: str) -> Iterator[Library]:
    """The stored files, read past the bot."""
    library = Library(mongo_uri, mongo_database)
    yield library
    library.close()


@pytest.fixture
def rules(mongo_uri: str, mongo_database: str) -> Iterator[Rules]:
    """What the real database refuses."""
    with pymongo.MongoClient[dict[str, Any]](mongo_uri) as client:
        yield Rules(client[mongo_database])


class Rules:
    """Document validators of the real server: it refuses every write whose result does not fit."""

    def __init__(self, database: pymongo.database.Database[dict[str, Any]]) -> None:
        self._database = database

    def only(self, collection: str, fits: dict[str, Any]) -> None:
        """Take only such documents from now on; an empty rule takes all."""
        self._database.command("collMod", collection, validator=fits)


@asynccontextmanager
async def behind_proxy(setup: BotSetup, mongo_uri: str, **changes: str) -> AsyncIterator[tuple[Container, TcpProxy]]:
    """The bot, and the way to its database, which can be held up."""
    port = pymongo.uri_parser.parse_uri(mongo_uri)["nodelist"][0][1]
    async with TcpProxy(port) as proxy:
        uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        async with setup.running(DATABASE_URI=uri, **changes) as bot:
            yield bot, proxy


async def scraped(bot: Container, sample: str) -> float:
    """A sample of /metrics, as `name{label="value"}` without the prefix; 0 when it is not there."""
    async with aiohttp.ClientSession() as http, http.get(f"{bot.operations.sidecar.url}/metrics") as answer:
        assert answer.status == 200
        lines = (await answer.text()).splitlines()
    found = [line.rpartition(" ")[2] for line in lines if line.startswith(f"file_filter_{sample} ")]
    return float(found[0]) if found else 0.0


def handlers_of(bot: Container) -> list[Any]:
    """All handlers of the client: the bot's, and the one that every pyrofork client has of its own."""
    return [handler for group in bot.client.dispatcher.groups.values() for handler in group]


async def test_a_burst_beyond_both_queues_loses_nothing(
    setup: BotSetup,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    world: World,
    library: Library,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 65: with the database held up both queues fill, twice; the admin is told once, and all is found."""
    monkeypatch.chdir(tmp_path)
    bob.say("/start")
    async with behind_proxy(setup, mongo_uri, **_SMALL_QUEUES) as (bot, way):
        for burst in ("First", "Second"):
            await until(lambda: not bot.indexing.index_list.with_gap())  # while there is one, nothing is queued
            way.stall()
            before = bot.metrics.posts_shed._value.get()
            for number in range(60):
                bob.post_file(cast.channel.id, f"{burst} burst {number:02}.mkv", 1000 + number)
            await until(lambda: bot.metrics.posts_shed._value.get() > before)  # noqa: B023  (awaited within the round)
            way.flow()
            await library.equals(posts_of(world, cast.channel))

        await bob.wait_message(containing="Nothing is lost")
        assert "of 120" in (await search(ann, "burst")).text
        await until(lambda: bot.indexing.queue.depth == 0)
    assert sum("Nothing is lost" in seen.text for seen in bob.received) == 1


async def test_one_file_in_many_posts_of_two_channels_is_one_result(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World, library: Library
) -> None:
    """Scenario 67: posted twice at once in each of two channels, a file is one record with all four sources."""
    other = world.add_channel("Other", creator=cast.bob.id, admins=[cast.bot.id])
    assert "Other" in await ask(bob, f"/add_channel {other.full_id}")
    await until(lambda: not bot.indexing.index_list.with_gap())
    file = world.add_document("Vampyr.1932.mkv", 1000)

    posts = [
        (channel.full_id, world.post(channel.id, author=cast.bob.id, file=file).id)
        for channel in (cast.channel, other, cast.channel, other)
    ]
    await library.equals(dict.fromkeys(posts, ("Vampyr.1932.mkv", None)))
    await until(lambda: bot.indexing.queue.depth == 0)  # what is stored is counted a moment later

    assert library.count() == 1
    assert len(file_labels(await search(ann, "vampyr"))) == 1
    assert await scraped(bot, "posts_indexed_total") == 1
    assert await scraped(bot, "posts_duplicate_total") == 3
    assert await scraped(bot, 'tasks_failed_total{task="store_events"}') == 0


async def test_a_steady_channel_loses_nothing_while_the_list_changes(
    bot: Container, dc: DataCenter, bob: Actor, cast: Cast, world: World, library: Library
) -> None:
    """Scenario 75: others come, go and are switched while posts flow; one static handler hears them all, live."""
    others = [world.add_channel(f"Other {n}", creator=cast.bob.id, admins=[cast.bot.id]) for n in range(2)]
    await until(lambda: not bot.indexing.index_list.with_gap())
    handlers, mark = handlers_of(bot), dc.recorder.mark()
    over = asyncio.Event()

    async def post_steadily() -> None:
        while not over.is_set():
            bob.post_file(cast.channel.id, f"Steady {len(posts_of(world, cast.channel)):04}.mkv")
            await bot.clock.sleep(0.004)

    posting = bot.tasks.spawn(post_steadily(), name="posting")
    await change_the_list(bob, others)
    over.set()
    await posting
    await library.equals(posts_of(world, cast.channel))

    assert library.count() > 48  # as many as there were commands
    asked = [call.request.channel.channel_id for call in dc.recorder.since(mark) if "GetChannelDiff" in call.name]
    assert cast.channel.id not in asked  # every post came by itself: no look at the channel was due
    assert sum(isinstance(handler, RawUpdateHandler) for handler in handlers) == 1
    assert handlers_of(bot) == handlers


async def change_the_list(bob: Actor, others: list[Channel]) -> None:
    """Add, switch off, switch on and remove channels, over and over, every command answered."""
    for _ in range(6):
        for other in others:
            for command in ("add", "toggle", "toggle", "remove"):
                answer = await ask(bob, f"/{command}_channel {other.full_id}")
                assert other.title in answer


async def test_what_cannot_be_stored_is_left_out_alone(
    setup: BotSetup,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    library: Library,
    rules: Rules,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 79: an endless name, a size beyond numbers and one the database refuses cost nobody else the index."""
    monkeypatch.chdir(tmp_path)
    async with behind_proxy(setup, mongo_uri) as (bot, way):
        await until(lambda: not bot.indexing.index_list.with_gap())
        rules.only("media_files", {"n": {"$ne": "Refused by rule.mkv"}})
        names = ["Good one.mkv", "Long " * 2000, "Good two.mkv", "Refused by rule.mkv", "Good three.mkv"]
        way.stall()  # so that they wait together
        for number, name in enumerate(names):
            bob.post_file(cast.channel.id, name, 1000 + number)
        bob.post_file(cast.channel.id, "Huge.mkv", 1 << 60)
        bob.post_file(cast.channel.id, "Good four.mkv", 2000)
        await until(lambda: bot.indexing.queue.depth == 7)
        way.flow()
        await until(lambda: bot.indexing.queue.depth == 0)

        assert sorted(name for name, _ in library.posts().values()) == sorted(
            f"Good {n}.mkv" for n in ("one", "two", "three", "four")
        )
        assert len(file_labels(await search(ann, "good"))) == 4
        for reason in ("text_too_long", "bad_number", "database_refused"):
            assert await scraped(bot, f'posts_rejected_total{{reason="{reason}"}}') == 1, reason
        assert await scraped(bot, 'posts_rejected_total{reason="failed"}') == 0


async def test_a_worker_that_dies_is_started_again_and_counted(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World, library: Library, rules: Rules
) -> None:
    """Scenario 138: an error that nobody expects ends the indexing task; it is counted, and posts are still indexed."""
    await until(lambda: not bot.indexing.index_list.with_gap())
    rules.only("indexed_channels", {"pts": {"$lt": 0}})
    bob.post_file(cast.channel.id, "Before the fall.mkv", 1)
    await until(bot.metrics.tasks_failed.labels("indexing")._value.get)
    rules.only("indexed_channels", {})

    bob.post_file(cast.channel.id, "After the fall.mkv", 2)
    await library.equals(posts_of(world, cast.channel))
    await until(lambda: bot.indexing.queue.depth == 0)

    assert len(file_labels(await search(ann, "fall"))) == 2
    assert await scraped(bot, 'tasks_failed_total{task="indexing"}') > 0
    assert "indexing" in bot.tasks.names
