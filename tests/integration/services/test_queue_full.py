"""More is posted than can be stored at once: who is told, and how the gap closes while posts go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.integration.services.indexer import FILMS

if TYPE_CHECKING:
    from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
    from tests.integration.services.indexer import Indexer


async def test_a_full_queue_is_told_once_an_episode(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """Scenario 65: the admin is told once with depth and rate; again only after a calm minute with empty queues."""
    indexer.take(*(films.post(f"{n:02}") for n in range(50)))
    indexer.queue.start()
    assert await indexer.scan.scan(FILMS)
    indexer.take(*(films.post(f"again {n:02}") for n in range(50)))
    assert await indexer.scan.scan(FILMS)

    assert len(telegram.told) == 1
    assert "20 posts wait" in telegram.told[0]

    await indexer.clock.wait_sleeping(1)
    indexer.clock.advance(61)
    for _ in range(5):
        await asyncio.sleep(0)
    indexer.take(*(films.post(f"later {n:02}") for n in range(50)))
    assert await indexer.scan.scan(FILMS)

    assert len(telegram.told) == 2
    assert len(await indexer.names()) == 150


async def test_what_follows_a_shed_post_is_left_to_the_look(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 65: behind a post that was shed nothing is queued for nothing; the look at the record stores it once."""
    indexer.take(*(films.post(f"{n:02}") for n in range(21)))
    indexer.queue.start()
    await indexer.queue.drain()

    indexer.take(*(films.post(f"behind {n:02}") for n in range(5)))

    assert indexer.queue.depth == 0
    assert await indexer.scan.scan(FILMS)
    assert len(await indexer.names()) == 26


async def test_a_gap_closes_while_posts_go_on(indexer: Indexer, films: FakeChannel, telegram: FakeTelegram) -> None:
    """Posts that come one after the other while the record is read are queued, and need no further look."""
    films.post("missed")
    indexer.take(films.post("seen"))
    indexer.queue.start()

    async def post_more() -> None:
        indexer.take(films.post("meanwhile"), films.post("and more"))

    telegram.meanwhile = post_more
    telegram.asked.clear()

    assert await indexer.scan.scan(FILMS)
    assert telegram.asked == [("channel_changes", FILMS)]
    assert indexer.index_list.with_gap() == []

    indexer.take(films.post("last"))
    await indexer.queue.drain()
    assert sorted(await indexer.names()) == ["and more", "last", "meanwhile", "missed", "seen"]
    assert await indexer.pts() == films.pts


async def test_a_deletion_while_the_record_is_read_is_looked_at_again(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """A post whose deletion overtakes it on its way into the library does not stay there."""
    doomed = films.post("doomed")
    indexer.take(films.post("seen"))
    indexer.queue.start()
    await indexer.queue.drain()
    deletions = [films.delete]

    async def delete_meanwhile() -> None:
        if deletions:
            indexer.take(deletions.pop()(doomed.message_id))
            await indexer.queue.drain()

    telegram.meanwhile = delete_meanwhile

    assert await indexer.scan.scan(FILMS)
    assert await indexer.names() == ["seen"]
