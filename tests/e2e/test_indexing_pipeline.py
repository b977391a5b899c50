"""From a channel to the index and back to the truth: kills, lost rights, albums, and lost updates, over the wire."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from sandbox.owner import Owner
from tests.e2e.channel_truth import Library, posts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@pytest.fixture
def owner(world: World, cast: Cast) -> Owner:
    """Bob's other hand: albums, rights, deletions that bots are not told of."""
    return Owner(world, cast.bob.id, cast.bot.id)


@pytest.fixture
def library(mongo_uri: str, mongo_database: str) -> Iterator[Library]:
    """The stored files, read past the bot."""
    library = Library(mongo_uri, mongo_database)
    yield library
    library.close()


@asynccontextmanager
async def running(
    setup: BotSetup, monkeypatch: pytest.MonkeyPatch, folder: Path, **changes: str
) -> AsyncIterator[Container]:
    """The bot in this process."""
    monkeypatch.chdir(folder)
    async with setup.running(**changes) as bot:
        yield bot


def change_everything(owner: Owner, bob: Actor, cast: Cast, world: World) -> None:
    """Fifty posts, ten edits and ten deletions of old and new posts, none of which a bot that is away is told of."""
    old = sorted(posts_of(world, cast.channel))
    for number in range(50):
        bob.post_file(cast.channel.id, f"While down {number:02}.mkv", 5000 + number)
    new = sorted(posts_of(world, cast.channel).keys() - set(old))
    for _, message_id in [*old[:5], *new[:5]]:
        owner.edit_post(cast.channel.id, message_id, f"Edited {message_id}")
    owner.delete_posts(cast.channel.id, [message_id for _, message_id in [*old[-5:], *new[-5:]]])


async def test_after_a_time_away_the_index_equals_the_channel(
    setup: BotSetup, owner: Owner, bob: Actor, cast: Cast, world: World, library: Library
) -> None:
    """Scenarios 61, 69 and 70: while a killed bot is down 50 posts, 10 edits and 10 deletions happen."""
    async with setup.process() as bot:
        for number in range(30):
            bob.post_file(cast.channel.id, f"Before {number:02}.mkv", 1000 + number)
        await library.equals(posts_of(world, cast.channel))
        await bot.kill()

        change_everything(owner, bob, cast, world)
        await bot.start()

        await library.equals(posts_of(world, cast.channel))
        assert library.count() == 70


async def test_five_kills_in_a_burst_store_every_post_once(
    setup: BotSetup, bob: Actor, cast: Cast, world: World, library: Library
) -> None:
    """Scenarios 61 and 66: killed at five points of a burst, every post is indexed exactly once, and counted once."""
    seeded = Random(5)
    async with setup.process() as bot:
        for kill in range(5):
            before, at = library.count(), seeded.randint(1, 190)
            for number in range(200):
                bob.post_file(cast.channel.id, f"Burst {kill} {number:03}.mkv", 1000 + number)
                if number % 20 == 0:
                    await asyncio.sleep(0)
            enough = min(before + at, 200 * kill + 190)
            await until(lambda: library.count() >= enough)  # noqa: B023  (awaited within the round)
            await bot.kill()
            await bot.start()

        await library.equals(posts_of(world, cast.channel))
        assert library.count() == 1000
        assert await bot.terminate() == 0
        assert library.counted_today() == 1000


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(20):
        while not holds():
            await Clock().sleep(0.001)


async def test_a_stop_in_a_burst_leaves_nothing_behind(
    setup: BotSetup,
    bob: Actor,
    cast: Cast,
    world: World,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 66: what waits in the queue is stored before the bot ends; the rest is found at the next start."""
    async with running(setup, monkeypatch, tmp_path) as bot:
        for number in range(300):
            bob.post_file(cast.channel.id, f"Stop {number:03}.mkv", 1000 + number)
        await until(lambda: bot.indexing.queue.depth > 20)
    assert bot.indexing.queue.depth == 0
    assert library.count() > 20

    async with running(setup, monkeypatch, tmp_path):
        await library.equals(posts_of(world, cast.channel))
    assert library.count() == 300
    assert library.counted_today() == 300


async def test_a_channel_that_throws_the_bot_out_is_paused(
    setup: BotSetup,
    owner: Owner,
    bob: Actor,
    cast: Cast,
    world: World,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 74: paused, the admin told once; back in, what was posted meanwhile is fetched and the admin told."""
    world.says(cast.bob.id, cast.bot.id, "/start")
    async with running(setup, monkeypatch, tmp_path) as bot:
        bob.post_file(cast.channel.id, "Before.mkv")
        await library.equals(posts_of(world, cast.channel))

        owner.set_bot_rights(cast.channel.id, admin=False)
        told = await bob.wait_message(containing="cannot read")
        assert "Files" in told.text
        bob.post_file(cast.channel.id, "Meanwhile.mkv")
        bot.indexing.index_list.mark_all()
        bot.indexing.index_list.mark_all()

        owner.set_bot_rights(cast.channel.id, admin=True)
        await bob.wait_message(containing="can read")
        await library.equals(posts_of(world, cast.channel))
        bob.post_file(cast.channel.id, "Afterwards.mkv")
        await library.equals(posts_of(world, cast.channel))
        channel = await bot.indexing.index_list.load()
        assert [found.paused for found in channel] == [None]
    assert sum("cannot read" in seen.text for seen in bob.received) == 1


async def test_a_channel_with_another_name_is_the_same_channel(
    setup: BotSetup,
    owner: Owner,
    bob: Actor,
    cast: Cast,
    world: World,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 78: a channel seeded by its @name is pinned to its id, and indexed whatever it is called later."""
    owner.rename(cast.channel.id, "first_name_of_it")
    async with running(setup, monkeypatch, tmp_path, CHANNELS="@first_name_of_it"):
        bob.post_file(cast.channel.id, "Before.mkv")
        await library.equals(posts_of(world, cast.channel))
        owner.rename(cast.channel.id, "second_name_of_it")
        bob.post_file(cast.channel.id, "Renamed.mkv")
        await library.equals(posts_of(world, cast.channel))
    bob.post_file(cast.channel.id, "While down.mkv")
    async with running(setup, monkeypatch, tmp_path, CHANNELS="@first_name_of_it"):
        await library.equals(posts_of(world, cast.channel))


async def test_an_album_is_found_by_its_one_caption(
    setup: BotSetup,
    owner: Owner,
    cast: Cast,
    world: World,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenarios 69 and 71: all files of an album have its caption: live, edited, and posted while the bot is down."""
    channel = cast.channel
    async with running(setup, monkeypatch, tmp_path):
        album = owner.post_album(channel.id, ["a.mkv", "b.mkv", "c.mkv"], "The caption")
        await library.equals(with_captions(world, cast, {m.id: "The caption" for m in album}))
        owner.edit_post(channel.id, album[0].id, "Another caption")
        await library.equals(with_captions(world, cast, {m.id: "Another caption" for m in album}))
    down = owner.post_album(channel.id, ["d.mkv", "e.mkv"], "While down")
    owner.edit_post(channel.id, album[0].id, "Edited while down")
    async with running(setup, monkeypatch, tmp_path):
        captions = {m.id: "Edited while down" for m in album} | {m.id: "While down" for m in down}
        await library.equals(with_captions(world, cast, captions))


def with_captions(world: World, cast: Cast, captions: dict[int, str]) -> dict[tuple[int, int], tuple[str, str | None]]:
    """The channel as it is, with the captions that the posts are shown with."""
    posts = posts_of(world, cast.channel)
    return {key: (name, captions.get(key[1], caption)) for key, (name, caption) in posts.items()}


async def test_what_a_lost_connection_swallowed_is_indexed_at_once(
    bot: Container, dc: DataCenter, bob: Actor, cast: Cast, world: World, library: Library
) -> None:
    """Scenario 61: posts whose updates were lost or were too many to push are found right after the reconnection."""
    bob.post_file(cast.channel.id, "Before.mkv")
    await library.equals(posts_of(world, cast.channel))
    for policy in ("drop", "too_long"):
        await until(lambda: not bot.indexing.index_list.with_gap())
        dc.offline = policy
        dc.trouble.turn_away = True
        dc.trouble.drop_all()
        bob.post_file(cast.channel.id, f"Swallowed {policy}.mkv")
        dc.trouble.turn_away = False
        await library.equals(posts_of(world, cast.channel))
