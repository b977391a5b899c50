"""References that expire, sources that go, and everybody who wants the file at that moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import night_is_over
from tests.e2e.delivery.wishes import charged, fetch, has_file
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

CROWD = 100
GONE = "This file is no longer available at its source."


async def crowd_of(count: int, words: str, new_reader: Callable[[str], Actor]) -> list[tuple[Actor, str]]:
    """So many people who see the same file on a page of their own: the person, and the label to press."""
    readers = [new_reader(f"Reader {n}") for n in range(count)]
    pages = await asyncio.gather(*(search(reader, words) for reader in readers))
    return list(zip(readers, pages, strict=True))


async def test_a_crowd_heals_a_file_once(
    bot: Container,
    world: World,
    dc: DataCenter,
    bob: Actor,
    cast: Cast,
    new_reader: Callable[[str], Actor],
) -> None:
    """Scenario 80: a hundred people press a file whose reference expired: all have it, and its source is asked once."""
    await post_files(bot, bob, cast, ["Caligari.1920.mkv"])
    crowd = await crowd_of(CROWD, "caligari", new_reader)
    world.expire_file_references()
    mark = dc.recorder.mark()

    await asyncio.gather(*(reader.press(page, "Caligari") for reader, page in crowd))
    await asyncio.gather(*(reader.wait_message(has_file) for reader, _ in crowd))

    calls = [call.name for call in dc.recorder.since(mark)]
    assert calls.count("channels.GetMessages") == 1
    assert [len(reader.files()) for reader, _ in crowd] == [1] * CROWD


async def test_a_crowd_learns_that_a_file_is_gone(
    bot: Container,
    world: World,
    dc: DataCenter,
    bob: Actor,
    cast: Cast,
    new_reader: Callable[[str], Actor],
) -> None:
    """Scenario 81: everybody is told and nobody charged; one report names all who asked, and the admins hear of one."""
    await night_is_over(bot)  # which tells of reports as well
    bob.say("/start")
    await bob.wait_message(containing="Hello")
    (post,) = await post_files(bot, bob, cast, ["Golem.1920.mkv"])
    crowd = await crowd_of(10, "golem", new_reader)
    bob.delete(post)
    world.expire_file_references()
    mark = dc.recorder.mark()

    answers = await asyncio.gather(*(reader.press(page, "Golem") for reader, page in crowd))

    assert {answer.text for answer in answers} == {GONE}
    assert [call.name for call in dc.recorder.since(mark)].count("channels.GetMessages") == 1
    assert [await charged(bot.pool, reader.user_id) for reader, _ in crowd] == [0] * len(crowd)
    [report] = await bot.pool.find("file_reports", {})
    assert sorted(report["reporters"]) == [reader.user_id for reader, _ in crowd]
    assert (await search(crowd[0][0], "golem")).text.startswith("Nothing found")
    for _ in range(2):
        await bot.delivering.reports.tell_admins()
    assert "One file could not be fetched" in (await bob.wait_message(containing="channels any more")).text
    bob.say("/start")
    await bob.wait_message(containing="Hello")
    assert sum("channels any more" in seen.text for seen in bob.received) == 1


async def test_another_source_heals_a_file(setup: BotSetup, world: World, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 81: a file whose first post is gone comes from its next one; nobody notices, and nothing is reported."""
    async with setup.running() as bot:
        (post,) = await post_files(bot, bob, cast, ["Golem.1920.mkv"])
        world.post(cast.channel.id, author=cast.bob.id, file=post.body.file.id)
        async with asyncio.timeout(10):
            while await bot.pool.count("media_files", {"src.1": {"$exists": True}}) == 0:
                await bot.clock.sleep(0.01)
        bob.delete(post)
        world.expire_file_references()

        delivered = await fetch(ann, "golem", "Golem")

        assert delivered.document is not None
        assert await bot.pool.count("file_reports", {}) == 0
        assert await charged(bot.pool, cast.ann.id) == 1


async def test_a_source_that_cannot_be_asked_says_nothing_of_the_file(
    bot: Container, world: World, dc: DataCenter, bob: Actor, cast: Cast, new_reader: Callable[[str], Actor]
) -> None:
    """Scenario 81: an outage of the source is no proof: a crowd learns it at once, and has the file afterwards."""
    await post_files(bot, bob, cast, ["Golem.1920.mkv"])
    crowd = await crowd_of(10, "golem", new_reader)
    world.expire_file_references()
    outage = dc.faults.add(Fault("channels.GetMessages", error=(420, "FLOOD_WAIT_3000"), times=None, delay=0.5))

    answers = await asyncio.gather(*(reader.press(page, "Golem") for reader, page in crowd))
    dc.faults.lift(outage)

    assert GONE not in {answer.text for answer in answers}
    assert outage.hits == 1
    assert [await charged(bot.pool, reader.user_id) for reader, _ in crowd] == [0] * len(crowd)
    await asyncio.gather(*(reader.press(page, "Golem") for reader, page in crowd))
    await asyncio.gather(*(reader.wait_message(has_file) for reader, _ in crowd))


async def test_a_channel_that_is_out_of_sight_for_a_while_costs_none_of_its_files(
    bot: Container, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 74: while the bot may not see an indexed channel, nothing is known of its files; they come again."""
    await post_files(bot, bob, cast, ["Golem.1920.mkv"])
    page = await search(ann, "golem")
    bob.remove_bot(cast.channel.full_id)
    world.expire_file_references()

    answer = await ann.press(page, "Golem")
    assert "cannot read the channel" in str(answer.text)
    assert await charged(bot.pool, cast.ann.id) == 0

    bob.set_bot_rights(cast.channel.full_id, admin=True)
    await ann.press(page, "Golem")
    await ann.wait_message(has_file)
    assert await bot.pool.count("file_reports", {}) == 0
