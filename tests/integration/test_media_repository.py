"""Files, their sources, edits and deletions, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.domain.media import MediaKind, MediaSource
from core.errors import DatabaseUnavailableError
from core.search.plan import SearchPlan
from repositories.media import MediaRepository
from repositories.media_document import COLLECTION
from tests.fixtures.media_posts import CHANNEL, names, post
from tests.fixtures.media_stores import batches_on


@pytest.fixture
async def media(either_pool):
    await ensure_indexes(either_pool)
    return MediaRepository(MultiDatabaseManager([either_pool], Clock()))


@pytest.fixture
def batches(either_pool, media):
    return batches_on(either_pool)


async def test_a_stored_file_comes_back_whole(media, batches):
    """Name, caption, size, kind, duration and source are what the post said."""
    item = post(1, "Ночь.mkv", caption="A caption", duration_s=61, kind=MediaKind.AUDIO)
    outcome = await batches.save_batch([item])
    stored = await media.get_by_unique_id("u1")

    assert (outcome.new, outcome.known, outcome.rejected) == (1, 0, ())
    assert stored is not None
    assert (stored.name, stored.caption, stored.size, stored.kind) == (item.name, "A caption", 1001, MediaKind.AUDIO)
    assert (stored.sources, stored.duration_s, stored.file_id) == ((item.source,), 61, "f1")
    assert await media.get(stored.id) == stored
    assert await media.get(stored.id + 1) is None


async def test_a_file_posted_again_is_one_record_with_both_sources(media, batches, either_pool):
    """Scenario 67: in one batch, in two batches and in two channels; the first name stays."""
    first = post(1, "First.mkv")
    again = replace(first, name="Second.mkv", source=MediaSource(CHANNEL, 2))
    elsewhere = replace(first, name="Third.mkv", source=MediaSource(CHANNEL - 1, 3), edited_at=99)

    one = await batches.save_batch([first, again])
    two = await batches.save_batch([elsewhere, first])
    stored = await media.get_by_unique_id("u1")

    assert (one.new, one.known) == (1, 1)
    assert (two.new, two.known) == (0, 2)
    assert stored is not None
    assert stored.sources == (first.source, again.source, elsewhere.source)
    assert stored.name == "First.mkv"
    assert await either_pool.count(COLLECTION, {}) == 1


async def test_ten_sources_are_kept(media, batches):
    """A file posted everywhere does not grow its record without bound."""
    for number in range(1, 15):
        await batches.save_batch([replace(post(1, "Faust.mkv"), source=MediaSource(CHANNEL, number))])
    await batches.save_batch([replace(post(2, "F.mkv"), source=MediaSource(CHANNEL, n)) for n in range(20, 40)])

    for unique_id in ("u1", "u2"):
        stored = await media.get_by_unique_id(unique_id)
        assert stored is not None
        assert len(stored.sources) == 10


async def test_two_writers_of_one_file_make_one_record(media, batches, either_pool):
    """Scenario 67: a file that another process stores between our question and our insert gains our source."""
    other = batches_on(either_pool)
    asked = batches.batch_duplicate_check

    async def ask_then_lose_the_race(unique_ids):
        known = await asked(unique_ids)
        batches.batch_duplicate_check = asked
        await other.save_batch([replace(post(1, "Faust.mkv"), source=MediaSource(CHANNEL, 77))])
        return known

    batches.batch_duplicate_check = ask_then_lose_the_race
    outcome = await batches.save_batch([post(1, "Faust.mkv"), post(2, "Aelita.mkv")])
    stored = await media.get_by_unique_id("u1")

    assert (outcome.new, outcome.known, outcome.rejected) == (1, 1, ())
    assert stored is not None
    assert {source.message_id for source in stored.sources} == {77, 1}


async def test_an_id_that_is_taken_is_replaced(media, batches, either_pool):
    """Two processes that draw one id lose no file: the second takes the next id."""
    await batches.save_batch([post(1, "Faust.mkv")])
    taken = (await media.get_by_unique_id("u1")).id

    class Colliding:
        def __init__(self):
            self.drawn = iter([taken, taken + 1, taken + 2])

        def next(self):
            return next(self.drawn)

    outcome = await batches_on(either_pool, ids=Colliding()).save_batch([post(2, "A.mkv"), post(3, "B.mkv")])

    assert (outcome.new, outcome.rejected) == (2, ())
    assert await either_pool.count(COLLECTION, {}) == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"file_id": ""}, "no_file_id"),
        ({"unique_id": ""}, "no_file_id"),
        ({"name": "\ud800.mkv"}, "bad_text"),
        ({"caption": "x" * 10_000}, "text_too_long"),
        ({"size": 1 << 70}, "bad_number"),
        ({"size": -1}, "bad_number"),
    ],
)
async def test_a_bad_file_is_rejected_alone(media, batches, bad, reason):
    """Scenario 79: its neighbours are stored, and the reason is one of a few short words."""
    item = replace(post(1, "Bad.mkv"), **bad)
    outcome = await batches.save_batch([post(2, "Good.mkv"), item, post(3, "Better.mkv")])

    assert outcome.rejected == ((item, reason),)
    assert outcome.new == 2
    assert await names(media, "good") == ["Good.mkv"]


async def test_saving_a_batch_again_changes_nothing(media, batches, either_pool):
    """A batch whose answer was lost is simply saved again."""
    batch = [post(n, f"Faust {n}.mkv") for n in range(1, 6)]
    await batches.save_batch(batch)
    before = await either_pool.find(COLLECTION, {})
    outcome = await batches.save_batch(batch)

    assert (outcome.new, outcome.known) == (0, 5)
    assert await either_pool.find(COLLECTION, {}) == before


async def test_an_edited_caption_is_found_and_the_old_one_is_not(media, batches):
    """Scenario 69: the words follow the caption."""
    item = post(1, "video.mp4", caption="wrong title")
    await batches.save_batch([item])

    assert (await media.apply_edit(replace(item, caption="Nosferatu", edited_at=100))).is_known
    assert await names(media, "nosferatu") == ["video.mp4"]
    assert await names(media, "wrong") == []
    assert (await media.apply_edit(replace(item, caption=None, edited_at=101))).is_known
    assert await names(media, "nosferatu") == []


async def test_the_newer_edit_wins_whatever_comes_last(media, batches):
    """Scenario 69: an old edit that arrives late changes nothing."""
    item = post(1, "video.mp4")
    await batches.save_batch([item])
    await media.apply_edit(replace(item, caption="newer", edited_at=200))

    assert (await media.apply_edit(replace(item, caption="older", edited_at=150))).is_known
    assert await names(media, "newer") == ["video.mp4"]
    assert await names(media, "older") == []


async def test_an_edit_missed_while_down_arrives_with_the_post(media, batches):
    """Scenario 69: the channel's difference brings the post anew, edited; the same post may rename its file."""
    item = post(1, "video.mp4", caption="old")
    await batches.save_batch([item])
    await batches.save_batch([replace(item, caption="fresh", edited_at=300)])

    assert await names(media, "fresh") == ["video.mp4"]


async def test_an_edited_post_becomes_a_source(media, batches):
    """A post that took over a known file by an edit can be fetched from; without a date nothing is renamed."""
    await batches.save_batch([post(1, "Faust.mkv")])

    assert (await media.apply_edit(replace(post(1, "Other.mkv"), source=MediaSource(CHANNEL, 9)))).is_known
    stored = await media.get_by_unique_id("u1")

    assert [source.message_id for source in stored.sources] == [1, 9]
    assert stored.name == "Faust.mkv"


async def test_an_edit_of_an_unknown_file_is_to_be_stored(media, batches):
    """The caller learns that there is nothing to edit."""
    assert not (await media.apply_edit(replace(post(1, "A.mkv"), edited_at=5))).is_known


async def test_a_post_whose_file_was_replaced_leaves_the_old_file(media, batches):
    """An edit may exchange the file of a post: the old file loses the post, and with its only post it goes."""
    old = post(1, "Old.mkv")
    await batches.save_batch([old])
    new = replace(post(2, "New.mkv", source=old.source), edited_at=10)

    assert not (await media.apply_edit(new)).is_known
    await batches.save_batch([new])

    assert await media.get_by_unique_id("u1") is None
    assert await names(media, "new") == ["New.mkv"]


async def test_a_deleted_post_takes_its_file_only_with_the_last_source(media, batches):
    """Scenario 70: the file stays while another post has it; deleting again removes nothing."""
    await batches.save_batch([post(1, "Faust.mkv"), replace(post(1, "Faust.mkv"), source=MediaSource(CHANNEL - 1, 1))])
    await batches.save_batch([post(2, "Faust two.mkv")])

    assert await media.remove_source(CHANNEL, [1, 2, 99]) == (2, ())
    assert await names(media, "faust") == ["Faust.mkv"]
    assert await media.remove_source(CHANNEL, [1, 2, 99]) == (0, ())
    assert await media.remove_source(CHANNEL - 1, [1]) == (1, ())
    assert await names(media, "faust") == []


@pytest.mark.parametrize("step", ["delete_many", "update_many"])
async def test_a_deletion_that_is_cut_short_is_finished_by_its_repetition(
    media, batches, either_pool, monkeypatch, step
):
    """Whichever step fails, no file is left without a post, where no later deletion would find it."""
    lonely, elsewhere = post(1, "Faust.mkv"), post(2, "Nosferatu.mkv")
    other_post = replace(elsewhere, source=MediaSource(CHANNEL - 1, 5))
    await batches.save_batch([lonely, elsewhere, other_post])

    async def away(*_, **__):
        raise DatabaseUnavailableError(step)

    with monkeypatch.context() as patch:
        patch.setattr(either_pool, step, away)
        with pytest.raises(DatabaseUnavailableError):
            await media.remove_source(CHANNEL, [1, 2])
    await media.remove_source(CHANNEL, [1, 2])

    stored = await either_pool.find(COLLECTION, {})
    assert [(document["u"], document["src"]) for document in stored] == [("u2", [{"ch": CHANNEL - 1, "mi": 5}])]


async def test_deletions_of_all_posts_of_a_file_at_once_leave_nothing(media, batches, either_pool):
    """Each of them sees the others' posts; the last one takes the file along all the same."""
    posts = [replace(post(1, "Faust.mkv"), source=MediaSource(CHANNEL - n, 1)) for n in range(6)]
    await batches.save_batch(posts)

    await asyncio.gather(*(media.remove_source(CHANNEL - n, [1]) for n in range(6)))

    assert await either_pool.find(COLLECTION, {}) == []


async def test_a_dead_file_leaves_the_results_and_a_new_post_brings_it_back(media, batches):
    """A file whose source is gone is not listed; posted again it has its words, its source and its id back."""
    await batches.save_batch([post(1, "Faust.mkv")])
    dead = (await media.get_by_unique_id("u1")).id
    await media.mark_dead(dead)

    assert await names(media, "faust") == []
    assert await media.get(dead) is None
    assert await media.get_by_unique_id("u1") is None
    await batches.save_batch([replace(post(1, "Faust.mkv"), source=MediaSource(CHANNEL, 50), file_id="fresh")])
    revived = await media.get(dead)
    assert revived is not None
    assert (revived.sources, revived.file_id) == ((MediaSource(CHANNEL, 50),), "fresh")
    assert await names(media, "faust") == ["Faust.mkv"]


async def test_a_file_id_is_healed(media, batches):
    """The next delivery uses the fresh reference."""
    await batches.save_batch([post(1, "Faust.mkv")])
    stored = await media.get_by_unique_id("u1")

    assert await media.update_file_id(stored.id, "healed")
    assert (await media.get(stored.id)).file_id == "healed"
    assert not await media.update_file_id(stored.id + 1, "healed")


async def test_a_dead_database_is_an_error_and_no_empty_result(memory_pool, stores):
    """Scenario 56: every read says that the database did not answer."""
    media = MediaRepository(MultiDatabaseManager([memory_pool], Clock()))
    stores.database_down = True

    with pytest.raises(DatabaseUnavailableError):
        await media.search_files(SearchPlan((1,)), 10)
    with pytest.raises(DatabaseUnavailableError):
        await media.get_many([1])
