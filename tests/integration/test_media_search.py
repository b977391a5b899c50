"""Finding files, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import pymongo
import pytest

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.search.plan import SearchPlan
from core.search.query import parse_query
from repositories.media import MediaRepository, SearchIndexMissingError
from repositories.media_document import COLLECTION, plan_filter
from tests.fixtures.media_posts import names, post
from tests.fixtures.media_stores import batches_on
from tests.fixtures.plans import plan_alternatives, plan_search, plan_title_search


@pytest.fixture
async def media(either_pool):
    await ensure_indexes(either_pool)
    return MediaRepository(MultiDatabaseManager([either_pool], Clock()))


@pytest.fixture
def batches(either_pool, media):
    return batches_on(either_pool)


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
