"""The slow audit: what no update and no difference has told of is put right all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.telegram.gateway import SourceGoneError
from tests.integration.services.indexer import BOOKS, FILMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
    from tests.integration.services.indexer import Indexer


async def index(indexer: Indexer, films: FakeChannel, count: int) -> None:
    """Post files and let the bot index them as live posts."""
    indexer.queue.start()
    for number in range(1, count + 1):
        indexer.take(films.post(f"{number:03}"))
        if number % 10 == 0:
            await indexer.queue.drain()
    await indexer.queue.drain()


async def audit(indexer: Indexer, *, steps: int) -> None:
    """Take that many steps, behind those of the other channel, where nothing is."""
    while (other := await indexer.channels.get(BOOKS)) is not None and other.audited_at is None:
        await indexer.audit.step()
    for _ in range(steps):
        await indexer.audit.step()


async def test_the_audit_makes_the_library_equal_to_the_channel(indexer: Indexer, films: FakeChannel) -> None:
    """Scenarios 61, 69 and 70: posts, edits and deletions without any trace in Telegram's record are put right."""
    await index(indexer, films, 450)
    del films.posts[3], films.posts[205], films.posts[450]
    films.edit(7, at=50, caption="never told")
    films.edit(410, at=50, file="another file")
    await indexer.media.remove_source(FILMS, [20, 400])
    films.events.clear()

    await audit(indexer, steps=3)

    expected = sorted(media.name for media in films.posts.values())
    assert sorted(await indexer.names()) == expected
    edited = await indexer.media.get_by_unique_id("007")
    assert edited is not None
    assert edited.caption == "never told"
    assert indexer.counted("posts_audited", outcome="gone") == 3
    assert indexer.counted("posts_audited", outcome="added") == 2
    assert indexer.counted("posts_audited", outcome="edited") == 2


async def test_posts_from_before_the_channel_was_listed_stay_out(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """What was posted before the channel was indexed is not read in: that is the back-fill's business."""
    indexer.queue.start()
    films.pts = 100
    for number in range(210):
        films.post(f"old {number}")
    films.events.clear()
    await indexer.channels.advance(FILMS, films.pts, 210)
    indexer.take(films.post("first"), films.post("second"))
    indexer.index_list.mark_all()
    assert await indexer.scan.scan(FILMS)
    telegram.asked.clear()

    await audit(indexer, steps=2)

    assert sorted(await indexer.names()) == ["first", "second"]
    assert telegram.asked.count(("fetch_posts", FILMS)) == 1


async def test_the_place_of_the_audit_outlives_the_process(
    indexer: Indexer,
    films: FakeChannel,
    telegram: FakeTelegram,
    start: Callable[..., AbstractAsyncContextManager[Indexer]],
    memory_pool: DatabaseConnectionPool,
) -> None:
    """A process that starts again goes on with the block where the one before it stopped."""
    await index(indexer, films, 450)
    await audit(indexer, steps=1)

    async with start(memory_pool) as restarted:
        await restarted.index_list.load()
        assert await restarted.scan.scan(FILMS)
        telegram.asked.clear()
        await audit(restarted, steps=2)
        channel = await restarted.channels.get(FILMS)

    assert telegram.asked.count(("fetch_posts", FILMS)) == 2
    assert channel is not None
    assert (channel.audited_to, channel.audited_at) == (0, restarted.clock.utc_now())


async def test_a_channel_is_read_once_in_so_many_days(
    indexer: Indexer, films: FakeChannel, books: FakeChannel, telegram: FakeTelegram
) -> None:
    """Every channel has its turn, then nothing is due until the days of the setting have passed."""
    indexer.queue.start()
    indexer.take(films.post("film"), books.post("book"))
    await indexer.queue.drain()
    telegram.asked.clear()

    pauses = [await indexer.audit.step() for _ in range(3)]
    assert pauses == [60, 60, 600]
    assert [asked for asked in telegram.asked if asked[0] == "fetch_posts"] == [
        ("fetch_posts", BOOKS),
        ("fetch_posts", FILMS),
    ]

    indexer.clock.advance(timedelta(days=7).total_seconds())
    assert await indexer.audit.step() == 60


async def test_the_audit_brings_nothing_back_that_was_just_deleted(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """Scenario 70: an answer that a live event has overtaken is thrown away, and the block is read again."""
    await index(indexer, films, 5)
    films.posts[6] = films.posts[5]
    doomed = films.post("doomed")
    await indexer.channels.advance(FILMS, 0, doomed.message_id)
    fetch = telegram.fetch_posts

    async def fetch_and_delete(channel_id: int, message_ids: range) -> list[object]:
        posts = await fetch(channel_id, message_ids)
        indexer.take(doomed, films.delete(doomed.message_id))
        await indexer.queue.drain()
        telegram.fetch_posts = fetch
        return posts

    telegram.fetch_posts = fetch_and_delete
    await audit(indexer, steps=2)

    assert "doomed" not in await indexer.names()


async def test_a_channel_that_may_not_be_read_is_paused(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """Scenario 74: the audit takes no file away because the bot may not look; the admins are told once."""
    await index(indexer, films, 3)
    telegram.refusals[FILMS] = SourceGoneError("CHANNEL_PRIVATE")

    await audit(indexer, steps=3)
    await indexer.tasks.close(1)

    assert await indexer.names() == ["001", "002", "003"]
    assert [told for told in telegram.told if "cannot read" in told] == telegram.told
    assert len(telegram.told) == 1
