"""The queue between live posts and the database: order, overflow, outages, and what never stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from core.errors import DatabaseUnavailableError
from tests.integration.services.indexer import FILMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    import pytest

    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.channel_wire import FakeChannel
    from tests.integration.services.indexer import Indexer


async def test_overflow_keeps_the_order(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 65: what the first queue cannot hold waits in the second, and everything is stored as it came."""
    indexer.take(*(films.post(f"{n:02}") for n in range(20)))
    assert (indexer.queue.message_queue.qsize(), indexer.queue.overflow_queue.qsize()) == (10, 10)

    indexer.queue.start()
    await indexer.queue.drain()

    assert await indexer.names() == [f"{n:02}" for n in range(20)]
    assert indexer.queue.depth == 0


async def test_nobody_overtakes_what_waits_in_the_overflow(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 65: a post that finds room in the first queue still stands behind those that came before it."""
    main, overflow = indexer.queue.message_queue, indexer.queue.overflow_queue
    posts = [films.post(f"{n:02}") for n in range(13)]
    indexer.take(*posts[:11])
    main.get_nowait()
    indexer.take(posts[11])
    assert (main.qsize(), overflow.qsize()) == (9, 2)

    indexer.tasks.supervise(indexer.queue._process_overflow_queue, name="mover")
    await asyncio.sleep(0)
    assert (main.qsize(), overflow.qsize(), indexer.queue.depth) == (10, 0, 11)
    main.get_nowait()
    indexer.take(posts[12])  # the mover still holds the one before it
    assert (main.qsize(), overflow.qsize()) == (9, 1)
    await asyncio.sleep(0)

    assert [main.get_nowait().event for _ in range(10)] == posts[2:12]
    await asyncio.sleep(0)
    assert main.get_nowait().event == posts[12]


async def test_a_dead_database_loses_nothing(indexer: Indexer, films: FakeChannel, stores: InMemoryStores) -> None:
    """Posts that arrive while the database is gone wait, and are stored when it is back."""
    indexer.queue.start()
    stores.database_down = True
    indexer.take(*(films.post(name) for name in ("first", "second")))
    await indexer.clock.wait_sleeping(1)
    indexer.take(films.post("third"))
    stores.database_down = False
    assert indexer.queue.depth == 3

    indexer.clock.advance(1)
    await indexer.queue.drain()

    assert await indexer.names() == ["first", "second", "third"]
    assert await indexer.pts() == films.pts


async def test_draining_waits_until_all_is_stored(indexer: Indexer, films: FakeChannel, stores: InMemoryStores) -> None:
    """Scenario 66: a shutdown that drains the queue waits for the database, and leaves nothing behind."""
    indexer.queue.start()
    stores.database_down = True
    indexer.take(*(films.post(f"{n}") for n in range(5)))
    draining = asyncio.ensure_future(indexer.queue.drain())
    await indexer.clock.wait_sleeping(1)
    assert not draining.done()

    stores.database_down = False
    indexer.clock.advance(1)
    await draining

    assert len(await indexer.names()) == 5


async def test_draining_ends_although_posts_keep_coming(indexer: Indexer, films: FakeChannel) -> None:
    """Waiting for what was taken does not wait for what is taken afterwards."""
    indexer.queue.start()
    indexer.take(films.post("0"))
    draining = asyncio.ensure_future(indexer.queue.drain())
    for n in range(1, 2000):
        if draining.done():
            break
        if indexer.queue.depth < 5:
            indexer.take(films.post(f"{n}"))
        await asyncio.sleep(0)

    assert draining.done()
    assert "0" in await indexer.names()


async def test_a_shutdown_without_time_leaves_the_rest_to_the_next_start(
    indexer: Indexer,
    films: FakeChannel,
    memory_pool: DatabaseConnectionPool,
    start: Callable[..., AbstractAsyncContextManager[Indexer]],
) -> None:
    """Scenario 66: what was queued and not stored when the process died is found by the next one."""
    indexer.take(*(films.post(f"{n}") for n in range(5)))
    await indexer.tasks.close(1)

    async with start(memory_pool) as restarted:
        await restarted.index_list.load()
        assert await restarted.scan.scan(FILMS)

        assert sorted(await restarted.names()) == [f"{n}" for n in range(5)]


async def test_what_never_stores_holds_up_nothing(indexer: Indexer, films: FakeChannel) -> None:
    """A post that fails for a reason of its own is counted and left out; the rest of its batch and the next go on."""
    good, bad, better = films.post("good"), films.post("bad"), films.post("better")
    assert bad.media is not None
    broken = replace(bad, media=replace(bad.media, size="a lot"))

    with capture_logs() as logs:
        indexer.take(good, broken, better)
        indexer.queue.start()
        await indexer.queue.drain()

    assert await indexer.names() == ["good", "better"]
    assert indexer.counted("posts_rejected", reason="failed") == 1
    assert [log["pts"] for log in logs if log["event"] == "event_not_stored"] == [bad.pts]
    assert await indexer.pts() == films.pts


async def test_one_refused_file_is_rejected_alone(indexer: Indexer, films: FakeChannel) -> None:
    """A file that no record can hold is rejected with its reason, and its batch is stored."""
    good, bad = films.post("good"), films.post("\ud800")
    indexer.take(good, bad)
    indexer.queue.start()
    await indexer.queue.drain()

    assert await indexer.names() == ["good"]
    assert indexer.counted("posts_rejected", reason="bad_text") == 1


async def test_sizes_that_an_admin_stored_count_from_the_start(
    start: Callable[..., AbstractAsyncContextManager[Indexer]], memory_pool: DatabaseConnectionPool
) -> None:
    """What was read from the database between building and starting is obeyed, not the defaults."""
    async with start(memory_pool, message_queue_size=10, overflow_queue_size=10) as indexer:
        await indexer.queue._runtime.change("message_queue_size", 12, by=1)
        indexer.queue.start()

        assert (indexer.queue.message_queue.maxsize, indexer.queue.overflow_queue.maxsize) == (12, 10)


async def test_progress_that_the_primary_does_not_take_holds_nothing_up_and_follows(
    indexer: Indexer, films: FakeChannel, books: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 122: posts are stored though the pts of their channel cannot be, which lags and is made up for."""
    before = await indexer.channels.get(FILMS)
    assert before is not None

    async def away(*_: object) -> None:
        raise DatabaseUnavailableError("full")

    with monkeypatch.context() as patch:
        patch.setattr(indexer.channels, "advance", away)
        first, last = films.post("one"), films.post("two")
        indexer.take(first, last)
        indexer.queue.start()
        await indexer.queue.drain()
        assert await indexer.pool.count("media_files", {}) == 2
        assert await indexer.channels.get(FILMS) == before

    indexer.take(books.post("three"))
    await indexer.queue.drain()

    after = await indexer.channels.get(FILMS)
    assert after is not None
    assert (after.pts, after.last_message_id) == (last.pts, last.message_id)
