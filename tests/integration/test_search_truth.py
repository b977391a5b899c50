"""Searching a library against what a plain walk over all of its names finds."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pymongo
import pytest

from benchmarks.corpus import EIGHT_SCRIPTS, SEED, Corpus
from benchmarks.search_queries import QueryMaker
from config.runtime import RuntimeSettings
from core.database.indexes import ensure_indexes
from core.search.hashes import word_hash
from core.search.query import parse_query
from core.search.ranking import rank
from core.search.reading import Reading
from core.services.search_query import KnownWords, SearchPlanner
from repositories.media_document import COLLECTION, LISTED, WORDS, plan_filter, plan_index, to_listed
from tests.fixtures.query_plans import scans_of
from tests.fixtures.search_process import READER, SearchProcess, new_media

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from pymongo.database import Database

    from core.database.pool import DatabaseConnectionPool
    from core.domain.media import ListedFile
    from core.domain.search import ResultPage
    from core.search.plan import SearchPlan, WordSet
    from core.search.query import Query
    from tests.fixtures.clock import TestClock

pytestmark = pytest.mark.servers

FILES, QUERIES_OF_A_CLASS = 4_000, 28
WINDOW, PAGE = 60, 20
FEW = 10
FILTERED = (
    "mkv type:video",
    "mkv year:1999",
    "year:1987 quality:1080p",
    "season:1 episode:2",
    "quality:720p lang:hi",
    "type:audio maxsize:20MB",
    "minsize:2GB",
    "type:document",
    "the type:document minsize:1MB maxsize:3GB",
)


class Library:
    """A library that is stored, and the same in memory."""

    def __init__(self, process: SearchProcess) -> None:
        self.process = process
        self.planner = SearchPlanner(KnownWords(process.dictionary))
        self.files: list[tuple[ListedFile, frozenset[int]]] = []

    async def read(self, pool: DatabaseConnectionPool) -> None:
        """Everything that is stored, newest first."""
        found = await pool.find(COLLECTION, {}, projection={**LISTED, WORDS: 1}, sort=(("_id", -1),))
        self.files = [(to_listed(document), frozenset(document[WORDS])) for document in found]

    def count_any(self, wanted: WordSet) -> int:
        """How many files have one of these words."""
        return sum(not words.isdisjoint(wanted) for _, words in self.files)

    def matching(self, query: Query, readings: Iterable[Reading]) -> list[ListedFile]:
        """Files that have the words of a reading and agree with the filters, newest first."""
        understood = [[*reading.choices, *((word,) for word in query.filters.words)] for reading in readings]
        hashed = [[frozenset(map(word_hash, choice)) for choice in choices] for choices in understood]
        return [
            file
            for file, words in self.files
            if _agrees(file, query) and any(all(words & choice for choice in choices) for choices in hashed)
        ]

    def expected(self, query: Query) -> list[ListedFile] | None:
        """Every match in the order that the ranking is defined by; None when spelling is to be corrected."""
        planned = self.planner.plan(query)
        readings = planned.readings or (_typed(query),)
        files = self.matching(query, readings)
        if len(files) >= WINDOW:
            newest = files[:WINDOW]
            titled = self.matching(query, [Reading((query.titles, *_typed(query).choices))]) if query.titles else []
            window = {file.id: file for file in (*newest, *titled[:WINDOW])}
            ranked = rank(window.values(), query, planned.readings)
            return [*ranked, *(file for file in files if file.id not in window)]
        if len(files) >= FEW:
            return rank(files, query, planned.readings)
        wider = self.planner.widen(query)
        if wider is not None:
            readings = (*planned.readings, *wider.readings)
            more = self.matching(query, wider.readings)[:WINDOW]
            files = list({file.id: file for file in (*files, *more)}.values())
            return rank(files, query, readings) or None
        return rank(files, query, planned.readings) or None


def _typed(query: Query) -> Reading:
    return Reading(tuple((word,) for word in query.words))


def _agrees(file: ListedFile, query: Query) -> bool:
    asked = query.filters
    if asked.kinds and file.kind not in asked.kinds:
        return False
    return (asked.min_size or 0) <= file.size <= (asked.max_size or 1 << 60)


async def walk(process: SearchProcess, text: str) -> tuple[ResultPage, list[ListedFile]]:
    """The first page of a search, and the files of all of its pages."""
    first = page = await process.search.search(READER, text)
    files = list(page.files)
    number = 1
    while number < page.pages or page.has_more:
        number += 1
        page = await process.search.page(READER, first.session.id, number)
        if page.number < number:
            break
        files += page.files
    return first, files


@pytest.fixture
async def library(pool: DatabaseConnectionPool, redis_url: str, clock: TestClock) -> AsyncIterator[Library]:
    await ensure_indexes(pool)
    process = SearchProcess(pool, redis_url, clock)
    process.runtime.current = RuntimeSettings(search_window_size=WINDOW, result_page_size=PAGE)
    posts = Corpus(SEED, EIGHT_SCRIPTS).files()
    for _ in range(FILES // 200):
        outcome = await process.batches.save_batch([next(posts) for _ in range(200)])
        process.dictionary.add(outcome.words)
    library = Library(process)
    await library.read(pool)
    yield library
    await process.client.aclose()


@pytest.fixture
def texts() -> list[str]:
    """Three hundred queries of eleven classes, and some with filters."""
    posts = Corpus(SEED, EIGHT_SCRIPTS).files()
    made = QueryMaker([next(posts) for _ in range(FILES)], SEED).make(QUERIES_OF_A_CLASS)
    return [*(query.text for query in made), *FILTERED]


async def test_every_page_of_every_search_is_what_a_plain_walk_finds(library: Library, texts: list[str]) -> None:
    """No difference in membership, and in order none beyond the definition of the ranking."""
    wrong, compared = [], 0
    for text in texts:
        query = parse_query(text, 200)
        expected = library.expected(query)
        first, files = await walk(library.process, text)
        if expected is None:
            if files and first.session.window.corrected is None:
                wrong.append((text, "files where nothing has the words"))
            continue
        compared += len(expected)
        if [file.id for file in files] != [file.id for file in expected]:
            same = {file.id for file in files} == {file.id for file in expected} and len(files) == len(expected)
            wrong.append((text, "order" if same else f"{len(files)} files for {len(expected)}"))
        window = first.session.window
        if window.total_is_exact and window.total != len(expected):
            wrong.append((text, f"a total of {window.total} for {len(expected)}"))

    assert wrong == []
    assert compared > 10_000


def plans_of(library: Library, text: str) -> dict[str, SearchPlan]:
    """All questions that a search for a text may ask."""
    query = parse_query(text, 200)
    wider = library.planner.widen(query)
    plans = {text: library.planner.plan(query).plan}
    if query.titles:
        plans[f"{text} (title)"] = library.planner.plan_titles(query)
    if wider is not None:
        plans[f"{text} (wider)"] = wider.plan
    return plans


def is_answered_in_order(database: Database[dict[str, Any]], library: Library, name: str, plan: SearchPlan) -> bool:
    """Whether no stage scans or sorts, and no more is examined than the rarest word has, or than one word returns."""
    question = {"filter": plan_filter(plan), "sort": {"_id": -1}, "limit": WINDOW, "hint": plan_index(plan)}
    told = database.command("explain", {"find": COLLECTION, **question}, verbosity="executionStats")["executionStats"]
    examined = told["totalDocsExamined"]
    asks_one_word = plan.branches in {(), ((),)} and not plan.kinds and plan.min_size is plan.max_size is None
    led_by_rarest = len(plan.branches) == 1 and not name.endswith("(title)")
    rarest = min(library.count_any(words) for words in (plan.leads, *(plan.branches[0] if led_by_rarest else ())))
    most = told["nReturned"] if asks_one_word else rarest
    return not scans_of(told["executionStages"]) and bool(examined <= most)


async def test_every_shape_of_a_search_is_answered_by_the_search_index_in_order(
    library: Library, texts: list[str], mongo_uri: str, mongo_database: str
) -> None:
    """No plan sorts or scans, none examines more than the files of the word that leads it."""
    plans = {name: plan for text in texts for name, plan in plans_of(library, text).items() if plan.leads}
    with pymongo.MongoClient[dict[str, Any]](mongo_uri) as client:
        database = client[mongo_database]
        wrong = [name for name, plan in plans.items() if not is_answered_in_order(database, library, name, plan)]

    assert wrong == []
    assert len(plans) > 500


async def test_a_walk_of_twenty_pages_repeats_and_misses_nothing_while_files_come_and_go(
    library: Library, pool: DatabaseConnectionPool
) -> None:
    """Scenario 55: what was there all the time is shown exactly once, behind the ranked window too."""
    random, process = Random(SEED), library.process
    page = await process.search.search(READER, "mkv")
    session, shown, number = page.session.id, [*page.files], 1
    lasting = {file.id for file, words in library.files if word_hash("mkv") in words}
    for turn in range(2, 21):
        await process.batches.save_batch(
            [new_media(100_000 + turn * 30 + at, f"Newer film {turn} {at}.mkv") for at in range(30)]
        )
        gone = random.sample(sorted(lasting - {file.id for file in shown}), 5)
        lasting.difference_update(gone)
        await pool.delete_many(COLLECTION, {"_id": {"$in": gone}})
        page = await process.search.page(READER, session, turn)
        shown += page.files
        number = page.number

    ids = [file.id for file in shown]
    assert number == 20
    assert len(ids) == len(set(ids))
    oldest = min(ids)
    missing = [media_id for media_id in lasting if media_id >= oldest and media_id not in set(ids)]
    assert missing == []
