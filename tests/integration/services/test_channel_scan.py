"""Comparing channels with Telegram's record of them: at start, after gaps, and where the record is cut off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from core.database.indexes import ensure_indexes
from core.domain.indexing import ChannelTooLong
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError, TelegramRefusedError
from tests.fixtures.channel_wire import at_once
from tests.integration.services.indexer import BOOKS, FILMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
    from tests.integration.services.indexer import Indexer

    Start = Callable[..., AbstractAsyncContextManager[Indexer]]


async def settled(indexer: Indexer, *channels: FakeChannel) -> None:
    """Return when the durable pts of the channels is Telegram's."""
    async with asyncio.timeout(10):
        while [await indexer.pts(channel.id) for channel in channels] != [channel.pts for channel in channels]:
            pass


async def test_what_happened_while_the_bot_was_away_is_found(
    pool: DatabaseConnectionPool, films: FakeChannel, start: Start
) -> None:
    """Scenario 61: posts, edits and deletions made while no bot ran are stored at the next start, page by page."""
    await ensure_indexes(pool)
    async with start(pool) as indexer:
        await indexer.know(FILMS)
        indexer.queue.start()
        indexer.take(*(films.post(f"before {n}") for n in range(3)))
        await indexer.queue.drain()
    films.page = 2
    for n in range(5):
        films.post(f"away {n}")
    films.edit(1, at=50, caption="corrected")
    films.delete(2, 4)

    async with start(pool) as restarted:
        restarted.queue.start()
        restarted.tasks.supervise(lambda: restarted.scan.run([FILMS]), name="scan")
        await settled(restarted, films)

        assert sorted(await restarted.names()) == ["away 1", "away 2", "away 3", "away 4", "before 0", "before 2"]
        edited = await restarted.media.get_by_unique_id("before 0")
        assert edited is not None
        assert edited.caption == "corrected"


async def test_two_processes_store_the_same_posts_once(
    pool: DatabaseConnectionPool, films: FakeChannel, start: Start
) -> None:
    """Scenario 67: two bots that store the same posts at the same time make one record of each file."""
    await ensure_indexes(pool)
    async with start(pool) as one, start(pool) as other:
        await one.know(FILMS)
        await other.know(FILMS)
        posts = [films.post(f"{n}", file=f"{n % 20}") for n in range(60)]
        for indexer in (one, other):
            indexer.queue.start()
            indexer.take(*posts)
        await asyncio.gather(one.queue.drain(), other.queue.drain())

        assert sorted(await one.names(), key=int) == [f"{n}" for n in range(20)]
        stored = [await one.media.get_by_unique_id(f"{n}") for n in range(20)]
        assert [len(media.sources) for media in stored if media is not None] == [3] * 20
        rejected = [indexer.counted("posts_rejected", reason="failed") for indexer in (one, other)]
        assert rejected == [0, 0]


async def test_where_the_record_is_cut_off_ids_are_walked(indexer: Indexer, films: FakeChannel) -> None:
    """Behind a "too long", every id since the last stored one is read, holes included, in blocks of 200."""
    for n in range(450):
        films.post(f"{n}")
    films.delete(7, 250)
    films.kept_from = films.pts

    assert await indexer.scan.scan(FILMS)

    assert sorted(await indexer.names(), key=int) == [f"{n}" for n in range(450) if n not in (6, 249)]
    channel = await indexer.channels.get(FILMS)
    assert channel is not None
    assert (channel.pts, channel.last_message_id) == (films.pts, 450)


async def test_a_walk_that_is_cut_off_goes_on_where_it_was(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram, stores: InMemoryStores
) -> None:
    """A walk through many ids that fails half-way is not begun anew."""
    for n in range(450):
        films.post(f"{n}")
    films.kept_from = films.pts
    telegram.fail_after("fetch_posts", 2, TelegramUnavailableError("gone"))
    with pytest.raises(TelegramUnavailableError):
        await indexer.scan.scan(FILMS)
    assert len(await indexer.names()) == 400
    telegram.asked.clear()

    assert await indexer.scan.scan(FILMS)

    assert len(await indexer.names()) == 450
    assert [method for method, _ in telegram.asked] == ["channel_changes", "fetch_posts"]


@pytest.mark.parametrize(
    "refusal", [SourceGoneError("CHANNEL_PRIVATE"), TelegramRefusedError("method", "SOMETHING_NEW")], ids=str
)
async def test_a_channel_that_cannot_be_read_stops_no_other(
    indexer: Indexer, films: FakeChannel, books: FakeChannel, telegram: FakeTelegram, refusal: Exception
) -> None:
    """A channel that the bot may not read is named in the log; those listed behind it are read."""
    telegram.refusals[BOOKS] = refusal  # looked at first: lists are in the order of the ids
    books.post("unreadable")
    films.post("readable")
    indexer.index_list.mark_all()

    with capture_logs() as logs:
        indexer.tasks.supervise(lambda: indexer.scan.run(()), name="scan")
        await settled(indexer, films)

    assert await indexer.names() == ["readable"]
    assert [log["channel"] for log in logs if log["event"] == "channel_not_readable"] == [BOOKS]
    assert indexer.tasks.failures == 0


async def test_a_seed_that_cannot_be_read_yet_waits_on_the_list(
    memory_pool: DatabaseConnectionPool, films: FakeChannel, books: FakeChannel, telegram: FakeTelegram, start: Start
) -> None:
    """Scenario 74: an entry of CHANNELS without rights is logged, stops no other, and is read once it can be."""
    telegram.refusals[BOOKS] = SourceGoneError("CHANNEL_PRIVATE")
    async with start(memory_pool) as indexer:
        with capture_logs() as logs:
            indexer.tasks.supervise(lambda: indexer.scan.run((BOOKS, FILMS)), name="scan")
            await settled(indexer, films)

        assert {log["channel"] for log in logs if log["event"] == "channel_not_readable"} == {BOOKS}
        assert [channel.id for channel in await indexer.channels.list_all()] == [BOOKS, FILMS]

        telegram.refusals.clear()
        assert await indexer.scan.scan(BOOKS)
        books.post("readable at last")
        indexer.index_list.mark_all()
        await settled(indexer, books)
        assert "readable at last" in await indexer.names()


async def test_a_flood_wait_of_one_channel_is_waited_out_while_others_are_read(
    indexer: Indexer, films: FakeChannel, books: FakeChannel, telegram: FakeTelegram
) -> None:
    """Telegram is left alone for as long as it asks, and then the look that it put off is taken."""
    telegram.refusals[BOOKS] = RetryLaterError(90)
    books.post("late")
    films.post("prompt")
    indexer.index_list.mark_all()
    await indexer.index_list.wait_for_gap()  # nothing else calls for a look
    indexer.tasks.supervise(lambda: indexer.scan.run(()), name="scan")
    await indexer.clock.wait_sleeping(1)
    assert await indexer.names() == ["prompt"]

    telegram.refusals.clear()
    telegram.asked.clear()
    indexer.clock.advance(89)
    for _ in range(50):
        await asyncio.sleep(0)
    assert telegram.asked == []
    indexer.clock.advance(1)
    await settled(indexer, books)

    assert await indexer.names() == ["prompt", "late"]


async def test_the_list_waits_for_a_dead_database(indexer: Indexer, films: FakeChannel, stores: InMemoryStores) -> None:
    """Without the database the scan waits, and starts as soon as it is back."""
    stores.database_down = True
    films.post("film")
    indexer.tasks.supervise(lambda: indexer.scan.run(()), name="scan")
    await indexer.clock.wait_sleeping(1)
    indexer.index_list.mark_all()
    stores.database_down = False
    indexer.clock.advance(2)
    await settled(indexer, films)

    assert await indexer.names() == ["film"]


async def test_a_look_goes_on_until_it_has_met_the_live_updates(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """What is posted and pushed while a look is under way is looked at again before the gap counts as closed."""
    films.post("missed")
    indexer.take(films.post("pushed"))
    indexer.queue.start()
    late = iter(("while looking", "while looking again"))

    async def post_one_more() -> None:
        if (name := next(late, None)) is not None:
            films.post(f"missed {name}")
            indexer.take(films.post(name))

    telegram.meanwhile = post_one_more

    assert await indexer.scan.scan(FILMS)

    assert len(await indexer.names()) == 6
    assert (indexer.index_list.with_gap(), await indexer.pts()) == ([], films.pts)
    live = films.post("live again")
    indexer.take(live)
    await indexer.queue.drain()
    assert await indexer.pts() == live.pts


@pytest.mark.parametrize("refusal", [None, SourceGoneError("gone")], ids=["while it may be read", "while it may not"])
async def test_what_is_told_during_a_look_has_another_look(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram, refusal: Exception | None
) -> None:
    """Scenario 74: rights that change behind the answer of a look under way are seen by the next look, soon."""
    indexer.queue.start()
    if refusal is not None:
        telegram.refusals[FILMS] = refusal

    async def rights_change() -> None:
        telegram.meanwhile = at_once
        if telegram.refusals.pop(FILMS, None) is None:
            telegram.refusals[FILMS] = SourceGoneError("gone")
        indexer.index_list.take(ChannelTooLong(FILMS))

    telegram.meanwhile = rights_change
    indexer.index_list.take(ChannelTooLong(FILMS))
    indexer.tasks.supervise(lambda: indexer.scan.run([FILMS]), name="scan")

    async with asyncio.timeout(10):
        while indexer.index_list.with_gap() or indexer.index_list.is_paused(FILMS) is not (refusal is None):
            await asyncio.sleep(0)
            indexer.clock.advance(0.5)


async def test_a_record_that_lags_behind_is_not_asked_without_end(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """When Telegram's record does not hold yet what it has pushed, the look is put off instead of repeated at once."""
    films.post("missed")
    pushed = films.post("pushed")
    films.events.clear()
    films.posts.clear()
    films.pts = pushed.pts - 2
    indexer.take(pushed)
    indexer.queue.start()
    telegram.asked.clear()

    assert not await indexer.scan.scan(FILMS)

    assert telegram.asked == [("channel_changes", FILMS)]
    assert indexer.index_list.with_gap() == [FILMS]


async def test_a_post_is_not_stored_behind_its_deletion(
    indexer: Indexer, films: FakeChannel, stores: InMemoryStores
) -> None:
    """Scenario 70: a post that waits in the queue while a look finds its deletion does not come back from the dead."""
    films.post("missed")
    doomed = films.post("doomed")
    indexer.take(doomed)
    films.delete(doomed.message_id)
    looking = asyncio.ensure_future(indexer.scan.scan(FILMS))
    for _ in range(50):
        await asyncio.sleep(0)
    indexer.queue.start()

    assert await looking

    await indexer.queue.drain()
    assert await indexer.names() == ["missed"]


async def test_a_file_replaced_unseen_leaves_its_post(indexer: Indexer, films: FakeChannel) -> None:
    """A post that was given another file while nobody listened is a source of that one alone."""
    post = films.post("draft")
    indexer.take(post)
    indexer.queue.start()
    await indexer.queue.drain()
    films.edit(post.message_id, at=50, file="final")

    await indexer.scan.scan(FILMS)

    assert await indexer.names() == ["final"]


async def test_an_update_that_a_look_has_told_of_is_not_taken_while_it_is_stored(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram, stores: InMemoryStores
) -> None:
    """Scenario 70: a live update that comes between the answer to a look and its storing cannot undo what it found."""
    films.post("missed")
    indexer.take(films.post("seen"))
    doomed = films.post("doomed")
    films.delete(doomed.message_id)
    indexer.queue.start()
    afterwards = [films.post]

    async def hold_the_storing() -> None:
        stores.database_down = bool(afterwards)
        if afterwards:
            indexer.take(afterwards.pop()("waits"))

    telegram.meanwhile = hold_the_storing
    looking = asyncio.ensure_future(indexer.scan.scan(FILMS))
    await indexer.clock.wait_sleeping(1)

    indexer.take(doomed)

    assert indexer.queue.depth == 1
    stores.database_down = False
    indexer.clock.advance(1)
    assert await looking
    assert sorted(await indexer.names()) == ["missed", "seen", "waits"]


async def test_an_update_behind_the_look_that_told_of_it_is_passed_over(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """Scenario 70: a live update that comes after the answer to the look which covers it changes nothing any more."""
    films.post("missed")
    doomed = films.post("doomed")
    films.delete(doomed.message_id)
    indexer.index_list.mark_all()
    indexer.queue.start()
    assert await indexer.scan.scan(FILMS)

    indexer.take(doomed)
    await indexer.queue.drain()

    assert await indexer.names() == ["missed"]


async def test_a_look_that_fails_leaves_a_gap(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram, stores: InMemoryStores
) -> None:
    """What a look found and could not store is looked at again, although no live update showed it to be missing."""
    films.post("missed")

    async def lose_the_database() -> None:
        stores.database_down = True

    telegram.meanwhile = lose_the_database
    with pytest.raises(DatabaseUnavailableError):
        await indexer.scan.scan(FILMS)

    assert indexer.index_list.with_gap() == [FILMS]
