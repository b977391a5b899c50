"""The index list changes while the bot runs, and channels that may not be read wait on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.telegram.gateway import ChannelInfo, SourceGoneError, TelegramRefusedError
from tests.fixtures.channel_wire import FakeChannel
from tests.integration.services.indexer import BOOKS, FILMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.channel_wire import FakeTelegram
    from tests.integration.services.indexer import Indexer

NEWS = -1003


async def told(indexer: Indexer, telegram: FakeTelegram) -> list[str]:
    """What the admins were told, once everything that was begun has come to its end."""
    for _ in range(20):
        await asyncio.sleep(0)
    return telegram.told


async def test_an_added_channel_is_indexed_from_that_moment_on(indexer: Indexer, telegram: FakeTelegram) -> None:
    """What is posted after a channel was added is stored at once, what stood there before is not."""
    news = telegram.channels[NEWS] = FakeChannel(NEWS)
    news.post("before")
    indexer.queue.start()

    assert await indexer.index_list.add(ChannelInfo(NEWS, "News", "news", news.pts), 1)
    assert not await indexer.index_list.add(ChannelInfo(NEWS, "News", "news", news.pts))
    assert indexer.index_list.with_gap() == [NEWS]
    assert indexer.index_list.pins == {NEWS: 1}
    indexer.take(news.post("after"))
    assert await indexer.scan.scan(NEWS)

    assert await indexer.names() == ["after"]


async def test_a_removed_channel_is_indexed_no_more(indexer: Indexer, films: FakeChannel) -> None:
    """Its posts are passed over at once, its files stay, and nothing of it is known when it is added again."""
    indexer.queue.start()
    indexer.take(films.post("kept"))
    await indexer.queue.drain()

    assert await indexer.index_list.remove(FILMS)
    assert not await indexer.index_list.remove(FILMS)
    indexer.take(films.post("passed over"))
    assert await indexer.index_list.add(ChannelInfo(FILMS, "Films", None, films.pts))
    assert await indexer.scan.scan(FILMS)

    assert await indexer.names() == ["kept"]


async def test_a_channel_that_is_switched_on_again_is_caught_up(indexer: Indexer, films: FakeChannel) -> None:
    """While it is off its posts are passed over; switched on, they are fetched."""
    indexer.queue.start()
    assert await indexer.index_list.set_enabled(FILMS, enabled=False)
    assert not await indexer.index_list.set_enabled(NEWS, enabled=False)
    indexer.take(films.post("while off"))
    assert (indexer.queue.depth, indexer.index_list.is_indexed(FILMS)) == (0, False)

    assert await indexer.index_list.set_enabled(FILMS, enabled=True)
    assert await indexer.scan.scan(FILMS)

    assert await indexer.names() == ["while off"]


async def test_a_group_that_migrated_is_indexed_by_its_new_id(indexer: Indexer, telegram: FakeTelegram) -> None:
    """Scenario 102: the supergroup takes the place of the group; told twice, the second time changes nothing."""
    group = -555
    await indexer.index_list.add(ChannelInfo(group, "Group", None, 1), 1)
    supergroup = telegram.channels[NEWS] = FakeChannel(NEWS)
    indexer.queue.start()

    for _ in range(2):
        await indexer.index_list.migrate(group, NEWS)
    await indexer.index_list.migrate(-777, -1777)

    assert (indexer.index_list.is_indexed(group), indexer.index_list.is_indexed(-1777)) == (False, False)
    assert indexer.index_list.pins == {NEWS: 1}
    indexer.take(supergroup.post("in the supergroup"))
    assert await indexer.scan.scan(NEWS)
    assert await indexer.names() == ["in the supergroup"]


@pytest.mark.parametrize("refusal", [SourceGoneError("gone"), TelegramRefusedError("m", "WHATEVER")])
async def test_a_channel_that_may_not_be_read_waits(
    indexer: Indexer, films: FakeChannel, books: FakeChannel, telegram: FakeTelegram, refusal: Exception
) -> None:
    """Scenario 74: it is asked for now and then instead of again and again, told of once, and delays no other."""
    telegram.refusals[FILMS] = refusal
    indexer.queue.start()
    films.post("missed film")
    books.post("missed book")
    for _ in range(3):
        indexer.index_list.mark_all()
        await indexer.scan._close_gaps()
        await indexer.scan._close_gaps()

    assert telegram.asked.count(("channel_changes", FILMS)) == 1 + 3  # once by the fixture
    assert await indexer.names() == ["missed book"]
    assert len(await told(indexer, telegram)) == 1

    del telegram.refusals[FILMS]
    indexer.index_list.mark_all()
    await indexer.scan._close_gaps()

    assert sorted(await indexer.names()) == ["missed book", "missed film"]
    paused, resumed = await told(indexer, telegram)
    assert "cannot read" in paused
    assert "can read" in resumed
    assert not indexer.index_list.is_paused(FILMS)


async def test_a_restart_tells_nobody_again(
    indexer: Indexer,
    films: FakeChannel,
    telegram: FakeTelegram,
    start: Callable[..., AbstractAsyncContextManager[Indexer]],
    memory_pool: DatabaseConnectionPool,
) -> None:
    """Scenario 74: a channel that was paused before the start is looked at once, and nobody is told of it twice."""
    telegram.refusals[FILMS] = SourceGoneError("gone")
    indexer.index_list.mark_all()
    await indexer.scan._close_gaps()
    assert len(await told(indexer, telegram)) == 1

    async with start(memory_pool) as restarted:
        await restarted.index_list.load()
        assert restarted.index_list.is_paused(FILMS)
        await restarted.scan._close_gaps()
        assert len(await told(restarted, telegram)) == 1


async def test_news_of_a_paused_channel_has_it_looked_at(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """Scenario 74: a post that arrives shows that the bot is back, so the gap is filled at once."""
    indexer.queue.start()
    await indexer.index_list.pause(FILMS, "private")
    assert FILMS not in indexer.index_list.with_gap()
    films.post("missed")

    indexer.take(films.post("seen"))

    assert FILMS in indexer.index_list.with_gap()
    assert BOOKS not in indexer.index_list.with_gap()
    assert await indexer.scan.scan(FILMS)
    assert await indexer.names() == ["missed", "seen"]
