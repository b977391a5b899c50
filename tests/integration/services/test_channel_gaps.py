"""Live updates of indexed channels: what they show to be missing is found again in Telegram's record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.indexing import ChannelTooLong
from tests.integration.services.indexer import BOOKS, FILMS

if TYPE_CHECKING:
    from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
    from tests.integration.services.indexer import Indexer


async def test_posts_in_order_advance_what_is_known_for_good(indexer: Indexer, films: FakeChannel) -> None:
    """Live posts without a gap are stored, the channel's durable pts follows, and Telegram is not asked."""
    indexer.take(films.post("one"), films.post("two"))
    indexer.queue.start()
    await indexer.queue.drain()

    assert await indexer.names() == ["one", "two"]
    assert await indexer.pts() == films.pts
    assert indexer.index_list.with_gap() == []


async def test_a_missed_post_is_noticed_and_found(indexer: Indexer, films: FakeChannel) -> None:
    """A counter that skips shows that a post was missed: what is known for good stops there until it is found."""
    before = films.pts
    films.post("missed")
    indexer.take(films.post("seen"))
    indexer.queue.start()
    await indexer.queue.drain()
    assert (indexer.index_list.with_gap(), await indexer.pts()) == ([FILMS], before)

    assert await indexer.scan.scan(FILMS)

    assert sorted(await indexer.names()) == ["missed", "seen"]
    assert (indexer.index_list.with_gap(), await indexer.pts()) == ([], films.pts)


async def test_an_update_told_twice_is_no_gap(indexer: Indexer, films: FakeChannel) -> None:
    """Telegram may repeat an update; it is passed over."""
    post = films.post("one")
    indexer.take(post, post)

    assert indexer.queue.depth == 1
    assert indexer.index_list.with_gap() == []


async def test_shed_posts_are_found_again(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 65: posts that no queue had room for are told of once, and none of them is lost."""
    indexer.take(*(films.post(f"{n:02}") for n in range(30)))
    assert indexer.queue.depth == 20

    indexer.queue.start()
    assert await indexer.scan.scan(FILMS)

    assert sorted(await indexer.names()) == [f"{n:02}" for n in range(30)]
    assert (indexer.index_list.with_gap(), await indexer.pts()) == ([], films.pts)


async def test_a_channel_beyond_pushing_is_looked_at(indexer: Indexer, films: FakeChannel) -> None:
    """When Telegram says that too much happened to push it, the channel's record is asked for."""
    films.post("unseen")
    indexer.index_list.take(ChannelTooLong(FILMS))
    assert indexer.index_list.with_gap() == [FILMS]

    await indexer.scan.scan(FILMS)

    assert await indexer.names() == ["unseen"]


async def test_a_channel_that_is_not_listed_is_none_of_our_business(indexer: Indexer, films: FakeChannel) -> None:
    """Updates of a channel outside the index list are neither stored nor looked at."""
    films.id = -1999
    indexer.take(films.post("private"))

    assert (indexer.queue.depth, indexer.index_list.with_gap()) == (0, [])


async def test_a_gap_of_one_channel_is_its_own(indexer: Indexer, films: FakeChannel, books: FakeChannel) -> None:
    """A gap in one channel does not hold up what is known of another."""
    films.post("missed")
    indexer.take(films.post("seen"), books.post("book"))
    indexer.queue.start()
    await indexer.queue.drain()

    assert indexer.index_list.with_gap() == [FILMS]
    assert await indexer.pts(BOOKS) == books.pts


async def test_an_edited_caption_replaces_the_old_one(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 69: the newer edit wins, in whichever order the two are stored."""
    post = films.post("film")
    older = films.edit(post.message_id, at=50, caption="older")
    newer = films.edit(post.message_id, at=60, caption="newer")
    await indexer.indexing.store([post])
    await indexer.indexing.store([newer])
    await indexer.indexing.store([older])

    stored = await indexer.media.get_by_unique_id("film")
    assert stored is not None
    assert stored.caption == "newer"


async def test_a_replaced_file_leaves_its_post(indexer: Indexer, films: FakeChannel) -> None:
    """An edit that puts another file into a post takes the post from the first file, which goes with its last post."""
    first, again = films.post("draft"), films.post("draft again", file="draft")
    indexer.take(first, again, films.edit(first.message_id, at=50, file="final"))
    indexer.queue.start()
    await indexer.queue.drain()
    kept = await indexer.media.get_by_unique_id("draft")
    assert kept is not None
    assert [source.message_id for source in kept.sources] == [again.message_id]

    indexer.take(films.edit(again.message_id, at=60, file="final"))
    await indexer.queue.drain()

    assert await indexer.media.get_by_unique_id("draft") is None
    final = await indexer.media.get_by_unique_id("final")
    assert final is not None
    assert [source.message_id for source in final.sources] == [first.message_id, again.message_id]


async def test_a_deleted_post_leaves_the_library(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 70: a file goes with its last post; one that stands in another post stays."""
    once, twice, again = films.post("once"), films.post("twice"), films.post("copy", file="twice")
    indexer.take(once, twice, again, films.delete(once.message_id, twice.message_id))
    indexer.queue.start()
    await indexer.queue.drain()

    assert await indexer.names() == ["twice"]
    assert await indexer.pts() == films.pts


async def test_the_same_file_twice_is_one_record(indexer: Indexer, films: FakeChannel, books: FakeChannel) -> None:
    """Scenario 67: twice in one batch and once more in another channel: one file with three sources, no rejection."""
    indexer.take(films.post("film"), films.post("again", file="film"), books.post("elsewhere", file="film"))
    indexer.queue.start()
    await indexer.queue.drain()

    assert await indexer.names() == ["film"]
    stored = await indexer.media.get_by_unique_id("film")
    assert stored is not None
    assert {(source.channel_id, source.message_id) for source in stored.sources} == {(FILMS, 1), (FILMS, 2), (BOOKS, 1)}
    assert (indexer.counted("posts_indexed"), indexer.counted("posts_duplicate")) == (1, 2)


async def test_a_look_at_a_channel_asks_for_nothing_twice(
    indexer: Indexer, films: FakeChannel, telegram: FakeTelegram
) -> None:
    """A channel where nothing happened costs one question."""
    telegram.asked.clear()

    assert await indexer.scan.scan(FILMS)

    assert telegram.asked == [("channel_changes", FILMS)]
