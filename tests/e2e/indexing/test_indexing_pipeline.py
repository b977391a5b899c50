"""From a channel to the index and back to the truth: kills, lost rights, albums, and lost updates, over the wire."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from core.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from core.container import Container
    from core.domain.indexing import QueuedEvent
    from tests.e2e.channel_truth import Posts
    from tests.e2e.indexing.stage import Stage


def change_everything(stage: Stage) -> None:
    """Fifty posts, ten edits and ten deletions of old and new posts, none of which a bot that is away is told of."""
    old = sorted(stage.posts)
    for number in range(50):
        stage.post(f"While down {number:02}.mkv", 5000 + number)
    new = sorted(stage.posts.keys() - set(old))
    for _, message_id in [*old[:5], *new[:5]]:
        stage.owner.edit_post(stage.channel.id, message_id, f"Edited {message_id}")
    stage.owner.delete_posts(stage.channel.id, [message_id for _, message_id in [*old[-5:], *new[-5:]]])


async def test_after_a_time_away_the_index_equals_the_channel(stage: Stage) -> None:
    """Scenarios 61, 69 and 70: while a killed bot is down 50 posts, 10 edits and 10 deletions happen."""
    async with stage.setup.process() as bot:
        for number in range(30):
            stage.post(f"Before {number:02}.mkv", 1000 + number)
        await stage.is_in_step()
        await bot.kill()

        change_everything(stage)
        await bot.start()

        await stage.is_in_step()
        assert stage.library.count() == 70


async def test_five_kills_in_a_burst_store_every_post_once(stage: Stage) -> None:
    """Scenarios 61 and 66: killed at five points of a burst, every post is indexed exactly once, and counted once."""
    seeded = Random(5)
    async with stage.setup.process() as bot:
        for kill in range(5):
            before, at = stage.library.count(), seeded.randint(1, 190)
            for number in range(200):
                stage.post(f"Burst {kill} {number:03}.mkv", 1000 + number)
                if number % 20 == 0:
                    await asyncio.sleep(0)
            enough = min(before + at, 200 * kill + 190)
            await until(lambda: stage.library.count() >= enough)  # noqa: B023  (awaited within the round)
            await bot.kill()
            await bot.start()

        await stage.is_in_step()
        assert stage.library.count() == 1000
        assert await bot.terminate() == 0
        assert stage.library.counted_today() == 1000


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(20):
        while not holds():
            await Clock().sleep(0.001)


async def test_a_stop_in_a_burst_leaves_nothing_behind(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenario 66: what waits in the queue is stored before the bot ends; the rest is found at the next start."""
    async with stage.running() as bot:
        store, may_store = bot.indexing.service.process, asyncio.Event()

        async def store_later(batch: Sequence[QueuedEvent]) -> None:
            await may_store.wait()
            await store(batch)

        monkeypatch.setattr(bot.indexing.service, "process", store_later)
        for number in range(300):
            stage.post(f"Stop {number:03}.mkv", 1000 + number)
        await until(lambda: bot.indexing.queue.depth > 20)
        may_store.set()
    assert bot.indexing.queue.depth == 0
    assert stage.library.count() > 20

    async with stage.running():
        await stage.is_in_step()
    assert stage.library.count() == 300
    assert stage.library.counted_today() == 300


async def test_a_channel_that_throws_the_bot_out_is_paused(stage: Stage) -> None:
    """Scenario 74: paused, the admins told once; back in, what was posted meanwhile is fetched and the admin told."""
    stage.world.says(stage.cast.bob.id, stage.cast.bot.id, "/start")
    async with stage.running() as bot:
        stage.post("Before.mkv")
        await stage.is_in_step()
        stage.ann.say("/start")
        await stage.ann.wait_message()
        stage.bob.say(f"/role {stage.ann.user_id} admin")
        await stage.bob.wait_message(containing="is an admin now")

        stage.owner.set_bot_rights(stage.channel.id, admin=False)
        told = await stage.bob.wait_message(containing="cannot read")
        assert "Files" in told.text
        await stage.ann.wait_message(containing="cannot read")
        stage.post("Meanwhile.mkv")
        bot.indexing.index_list.mark_all()
        bot.indexing.index_list.mark_all()

        stage.owner.set_bot_rights(stage.channel.id, admin=True)
        await stage.bob.wait_message(containing="can read")
        await stage.is_in_step()
        stage.post("Afterwards.mkv")
        await stage.is_in_step()
        channel = await bot.indexing.index_list.load()
        assert [found.paused for found in channel] == [None]
    assert sum("cannot read" in seen.text for seen in stage.bob.received) == 1


async def test_a_channel_with_another_name_is_the_same_channel(stage: Stage) -> None:
    """Scenario 78: a channel seeded by its @name is pinned to its id, and indexed whatever it is called later."""
    stage.owner.rename(stage.channel.id, "first_name_of_it")
    async with stage.running(CHANNELS="@first_name_of_it"):
        stage.post("Before.mkv")
        await stage.is_in_step()
        stage.owner.rename(stage.channel.id, "second_name_of_it")
        stage.post("Renamed.mkv")
        await stage.is_in_step()
    stage.post("While down.mkv")
    async with stage.running(CHANNELS="@first_name_of_it"):
        await stage.is_in_step()


async def test_an_album_is_found_by_its_one_caption(stage: Stage) -> None:
    """Scenarios 69 and 71: all files of an album have its caption: live, edited, and posted while the bot is down."""
    channel = stage.channel
    async with stage.running():
        album = stage.owner.post_album(channel.id, ["a.mkv", "b.mkv", "c.mkv"], "The caption")
        await stage.library.equals(with_captions(stage, {m.id: "The caption" for m in album}))
        stage.owner.edit_post(channel.id, album[0].id, "Another caption")
        await stage.library.equals(with_captions(stage, {m.id: "Another caption" for m in album}))
    down = stage.owner.post_album(channel.id, ["d.mkv", "e.mkv"], "While down")
    stage.owner.edit_post(channel.id, album[0].id, "Edited while down")
    async with stage.running():
        captions = {m.id: "Edited while down" for m in album} | {m.id: "While down" for m in down}
        await stage.library.equals(with_captions(stage, captions))


def with_captions(stage: Stage, captions: dict[int, str]) -> Posts:
    """The channel as it is, with the captions that the posts are shown with."""
    return {key: (name, captions.get(key[1], caption)) for key, (name, caption) in stage.posts.items()}


async def test_what_a_lost_connection_swallowed_is_indexed_at_once(bot: Container, stage: Stage) -> None:
    """Scenario 61: posts whose updates were lost or were too many to push are found right after the reconnection."""
    stage.post("Before.mkv")
    await stage.is_in_step()
    for policy in ("drop", "too_long"):
        await until(lambda: not bot.indexing.index_list.with_gap())
        stage.dc.offline = policy
        stage.dc.trouble.turn_away = True
        stage.dc.trouble.drop_all()
        stage.post(f"Swallowed {policy}.mkv")
        stage.dc.trouble.turn_away = False
        await stage.is_in_step()
