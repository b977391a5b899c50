"""Scenario 71: all files of an album are found by its one caption."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from core.database.multi_pool import MultiDatabaseManager
from core.domain.indexing import ChannelEdit, ChannelPost
from core.services.album_captions import AlbumCaptions
from repositories.media_album import MediaAlbumRepository
from tests.fixtures.channel_wire import FakeChannel
from tests.integration.services.indexer import BOOKS, FILMS

if TYPE_CHECKING:
    from tests.integration.services.indexer import Indexer

ALBUM, OTHER = 9_000_000_000_000_001, 9_000_000_000_000_002
NAMES = ("a.mkv", "b.mkv", "c.mkv", "d.mkv")


async def captions(indexer: Indexer) -> dict[str, str | None]:
    """What is stored as each file's caption."""
    found = await indexer.pool.find("media_files", {}, sort=[("_id", 1)])
    return {document["n"]: document.get("c") for document in found}


@pytest.mark.parametrize("at", [0, 2, 3])
async def test_an_album_shares_its_caption(indexer: Indexer, films: FakeChannel, at: int) -> None:
    """Scenario 71: wherever the caption stands, all files of a batch have it, and a neighbouring album has its own."""
    await indexer.indexing.store(
        [*films.album(ALBUM, *NAMES, caption="Shared words", at=at), *films.album(OTHER, "e.mkv", "f.mkv", caption="")]
    )

    assert await captions(indexer) == {**dict.fromkeys(NAMES, "Shared words"), "e.mkv": None, "f.mkv": None}


@pytest.mark.parametrize("at", [0, 3])
async def test_an_album_cut_by_two_batches_shares_its_caption(indexer: Indexer, films: FakeChannel, at: int) -> None:
    """Scenario 71: the caption reaches files that were stored before it, and those that come later."""
    album = films.album(ALBUM, *NAMES, caption="Shared words", at=at)

    await indexer.indexing.store(album[:2])
    await indexer.indexing.store(album[2:])

    assert await captions(indexer) == dict.fromkeys(NAMES, "Shared words")


async def test_an_edited_caption_is_edited_for_all(indexer: Indexer, films: FakeChannel) -> None:
    """Scenarios 69 and 71: the edit of the one post that has the caption changes what all are found by."""
    posts = films.album(ALBUM, *NAMES, caption="Wrong")
    await indexer.indexing.store(posts)

    await indexer.indexing.store([films.edit(1, at=50, caption="Right")])
    assert await captions(indexer) == dict.fromkeys(NAMES, "Right")
    await indexer.indexing.store([films.edit(2, at=60, caption="My own")])
    await indexer.indexing.store([films.edit(1, at=70, caption="Once more")])
    assert await captions(indexer) == {**dict.fromkeys(NAMES, "Once more"), "b.mkv": "My own"}
    await indexer.indexing.store([films.edit(1, at=80, caption=None), films.edit(2, at=80, caption=None)])
    assert await captions(indexer) == dict.fromkeys(NAMES)


@pytest.mark.parametrize("seed", range(5))
async def test_the_end_is_the_same_in_every_order(indexer: Indexer, films: FakeChannel, seed: int) -> None:
    """Scenario 71: posts and edits of an album, repeated, in any order and batches, come to the same captions."""
    order = Random(seed)
    events = [
        *films.album(ALBUM, *NAMES, caption="First"),
        films.edit(1, at=50, caption="Second"),
        films.edit(3, at=55, caption="Own"),
        films.edit(1, at=60, caption="Third"),
    ]
    events += order.sample(events, 3)
    order.shuffle(events)
    while events:
        batch = order.randint(1, 4)
        await indexer.indexing.store(events[:batch])
        del events[:batch]

    stored = await captions(indexer)
    assert stored == {**dict.fromkeys(NAMES, "Third"), "c.mkv": "Own"}
    assert indexer.counted("posts_indexed") == 4


async def test_the_look_at_the_record_shares_captions_too(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 71: an album that was missed has its caption, also where it is cut by the end of a page."""
    films.page = 3
    films.album(ALBUM, *NAMES, caption="Missed words", at=3)
    indexer.index_list.mark_all()
    indexer.queue.start()

    assert await indexer.scan.scan(FILMS)

    assert await captions(indexer) == dict.fromkeys(NAMES, "Missed words")


async def test_a_walk_by_ids_shares_captions_too(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 71: an album that lies on the border of two blocks of a walk has its caption."""
    for n in range(198):
        films.post(f"{n:03}")
    films.album(ALBUM, *NAMES, caption="Walked words", at=0)
    films.kept_from = films.pts
    films.edit(1, at=5, caption="something that moves the counter")
    indexer.index_list.mark_all()
    indexer.queue.start()

    assert await indexer.scan.scan(FILMS)

    stored = await captions(indexer)
    assert {name: stored[name] for name in NAMES} == dict.fromkeys(NAMES, "Walked words")


async def test_a_lent_caption_finds_the_file(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 71: a file is indexed under the words that it was lent."""
    posts = films.album(ALBUM, *NAMES, caption="Moonshine")
    await indexer.indexing.store(posts[:1])
    await indexer.indexing.store(posts[1:])
    lone = films.post("g.mkv", caption="Moonshine")
    await indexer.indexing.store([lone])

    found = {d["n"]: set(d["h"]) for d in await indexer.pool.find("media_files", {})}
    shared = set.intersection(*found.values())
    assert len(shared) >= 2  # the caption's word and the extension
    assert not any(isinstance(post, ChannelEdit) for post in posts)


async def test_posts_of_one_batch_share_before_they_are_stored(films: FakeChannel) -> None:
    """Scenario 71: the first caption of an album is lent, each channel's album and every own caption apart."""
    posts = [
        *films.album(ALBUM, *NAMES[:3], caption="Second", at=1),
        films.post("own.mkv", album=ALBUM, caption="Third"),
        films.post("lone.mkv"),
        FakeChannel(BOOKS).post("elsewhere.mkv", album=ALBUM),
    ]
    shared = AlbumCaptions.share([post.media for post in posts if isinstance(post, ChannelPost) and post.media])

    assert [(media.caption, media.is_caption_lent) for media in shared] == [
        ("Second", True),
        ("Second", False),
        ("Second", True),
        ("Third", False),
        (None, False),
        (None, False),
    ]


def test_a_lent_caption_is_not_lent_on(films: FakeChannel) -> None:
    """Scenario 71: what an earlier post was lent stays behind the album's own caption, and alone is nobody's."""
    posts = films.album(ALBUM, *NAMES[:3], caption="Own", at=1)
    first, own, last = (post.media for post in posts if isinstance(post, ChannelPost) and post.media)
    lent = replace(first, caption="Lent long ago", is_caption_lent=True)

    assert [media.caption for media in AlbumCaptions.share([lent, own, last])] == ["Lent long ago", "Own", "Own"]
    assert [media.caption for media in AlbumCaptions.share([lent, last])] == ["Lent long ago", None]


async def test_a_caption_that_comes_between_is_kept(indexer: Indexer, films: FakeChannel) -> None:
    """Scenario 71: a file that gets a caption of its own between the reading and the lending keeps it."""
    albums = MediaAlbumRepository(MultiDatabaseManager([indexer.pool], indexer.clock))
    await indexer.indexing.store(films.album(ALBUM, "a.mkv", "b.mkv", caption=""))
    stored = await albums.parts(FILMS, [ALBUM], [1, 2])
    await indexer.indexing.store([films.edit(1, at=50, caption="Own")])

    await albums.lend([(part, "Lent") for part in stored[ALBUM]])

    assert await captions(indexer) == {"a.mkv": "Own", "b.mkv": "Lent"}
