"""Files, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pymongo
import pytest

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import DatabaseUnavailableError
from core.search.plan import SearchPlan
from core.search.query import parse_query
from repositories.media import MediaRepository, SearchIndexMissingError
from repositories.media_document import COLLECTION, plan_filter
from tests.fixtures.media_stores import batches_on
from tests.fixtures.plans import plan_alternatives, plan_search, plan_title_search

CHANNEL = -1001234567890


def post(number, name, **changes):
    """A video of its own in a post of its own."""
    fields = {
        "unique_id": f"u{number}",
        "file_id": f"f{number}",
        "name": name,
        "caption": None,
        "size": 1000 + number,
        "kind": MediaKind.VIDEO,
        "source": MediaSource(CHANNEL, number),
    }
    return NewMedia(**{**fields, **changes})


@pytest.fixture
async def media(either_pool):
    await ensure_indexes(either_pool)
    return MediaRepository(MultiDatabaseManager([either_pool], Clock()))


@pytest.fixture
def batches(either_pool, media):
    return batches_on(either_pool)


async def names(media, text, limit=200):
    return [found.name for found in (await media.search_files(plan_search(parse_query(text, 200)), limit)).files]


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


async def test_a_search_finds_all_words_newest_first(media, batches):
    """Only files with every word, the newest first, and a walk goes on below an id."""
    await batches.save_batch([post(n, f"The Kid part {n}.mkv") for n in range(1, 8)])
    await batches.save_batch([post(9, "The Cure.mkv"), post(10, "Kid Auto Races.mkv", caption="the races")])
    plan = plan_search(parse_query("kid the", 200))

    found = await media.search_files(plan, 3)
    rest = (await media.search_files(plan, 10, cursor=found.cursor)).files

    assert [file.name for file in found.files] == ["Kid Auto Races.mkv", "The Kid part 7.mkv", "The Kid part 6.mkv"]
    assert [file.name for file in rest] == [f"The Kid part {n}.mkv" for n in (5, 4, 3, 2, 1)]
    assert await media.count_matches(plan) == (8, ())
    assert await media.count_matches(plan, 5) == (5, ())


@pytest.mark.parametrize(
    ("name", "caption", "query"),
    [
        ("Аэлита 1924.mkv", None, "аэлита"),
        ("Аэлита 1924.mkv", None, "aelita 1924"),
        ("ألف ليلة وليلة.pdf", None, "الف ليلة"),
        ("羅生門 1950.mkv", None, "羅生門"),
        ("राजा हरिश्चन्द्र.mp4", None, "राजा"),
        ("Οδύσσεια.pdf", None, "ΟΔΥΣΣΕΙΑ"),
        ("춘향전.mp4", None, "춘향전"),
        ("Amélie.mkv", None, "amelie"),
        ("Les Vampires 1x02.mkv", None, "vampires season 1 episode 2"),
        ("Faust 1920x1080.mkv", None, "1080p"),
        ("Faust 1080p.mkv", None, "ｆａｕｓｔ　１０８０ｐ"),
        ("Spider-Man.mkv", None, "spiderman"),
        ("video.mp4", "Страшное кино", "кино страшное"),
    ],
)
async def test_a_file_is_found_as_people_type_it(media, batches, name, caption, query):
    """Scenarios 46, 49 and 50: order, accents, width, script and spelling of numbers do not matter."""
    await batches.save_batch([post(1, name, caption=caption), post(2, "Other.mkv")])

    assert await names(media, query) == [name]


@pytest.mark.parametrize(
    ("name", "query"),
    [("Spiderman.mkv", "spider man"), ("Spider Man.mkv", "spiderman"), ("Brigada.mkv", "Бригада")],
)
async def test_another_reading_is_one_more_lookup(media, batches, name, query):
    """Scenario 49: a space too many or too few, or the other script, is found by the alternatives."""
    await batches.save_batch([post(1, name), post(2, "Spider.mkv"), post(3, "Man.mkv")])
    plan = plan_alternatives(parse_query(query, 200))

    assert await names(media, query) == []
    assert [file.name for file in (await media.search_files(plan, 10)).files] == [name]


async def test_operators_in_a_query_are_words(media, batches):
    """Scenario 60: `$where` finds files that are called so, and nothing else."""
    await batches.save_batch([post(1, "$where is he.mkv"), post(2, "Other.mkv")])

    assert await names(media, "$where") == ["$where is he.mkv"]
    assert await names(media, '{"$gt": ""}') == []


async def test_files_come_in_the_order_asked(media, batches):
    """Ranking decides the order of a page, not the database; what is gone leaves a gap."""
    await batches.save_batch([post(n, f"Faust {n}.mkv") for n in range(1, 5)])
    one, two, three, four = [
        file.id for file in reversed((await media.search_files(plan_search(parse_query("faust", 9)), 9)).files)
    ]
    await media.mark_dead(two)

    assert [file.id for file in (await media.get_many([three, two, 12345, one, four])).files] == [three, one, four]
    assert await media.get_many([]) == ([], 0)


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


async def test_a_missing_index_is_said_and_never_scanned_around(pool):
    """While the index is being built, a search is refused as an outage, not answered by a scan of the library."""
    await pool.insert_one(COLLECTION, {"_id": 1, "h": [1]})

    with pytest.raises(SearchIndexMissingError):
        await MediaRepository(MultiDatabaseManager([pool], Clock())).search_files(SearchPlan((1,)), 10)
    with pytest.raises(SearchIndexMissingError):
        await MediaRepository(MultiDatabaseManager([pool], Clock())).count_matches(SearchPlan((1,)))


@pytest.mark.parametrize(
    "plan",
    [
        plan_search(parse_query("common", 200)),
        plan_search(parse_query("common rare3", 200)),
        plan_title_search(parse_query("common rare3", 200)),
        plan_alternatives(parse_query("rare three", 200)),
    ],
    ids=["word", "words", "title", "alternatives"],
)
async def test_every_search_is_one_ordered_walk_of_the_index(pool, mongo_uri, mongo_database, plan):
    """No query shape sorts, scans the collection, or examines a document more than its lead gives it."""
    await ensure_indexes(pool)
    batches = batches_on(pool)
    await batches.save_batch([post(n, f"common rare{n % 20} three.mkv") for n in range(1, 101)])
    with pymongo.MongoClient(mongo_uri) as client:
        collection = client[mongo_database][COLLECTION]
        explained = client[mongo_database].command(
            "explain",
            {"find": COLLECTION, "filter": plan_filter(plan), "sort": {"_id": -1}, "limit": 201, "hint": "h"},
            verbosity="executionStats",
        )
        with_lead = collection.count_documents({"h": {"$in": list(plan.leads)}})
    stages = str(explained["queryPlanner"]["winningPlan"])

    assert _index_bounds(explained["queryPlanner"]["winningPlan"]) == {f"[{lead}, {lead}]" for lead in plan.leads}
    assert explained["queryPlanner"]["rejectedPlans"] == []
    assert "'SORT'" not in stages
    assert "COLLSCAN" not in stages
    assert explained["executionStats"]["totalDocsExamined"] <= with_lead


def _index_bounds(stage):
    """The word bounds of every index scan below a stage."""
    bounds = set(stage["indexBounds"]["h"]) if stage["stage"] == "IXSCAN" else set()
    for below in (*stage.get("inputStages", ()), *([stage["inputStage"]] if "inputStage" in stage else [])):
        bounds |= _index_bounds(below)
    return bounds
