"""The search service over real repositories and cache, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from config.runtime import RuntimeSettings
from core.cache.invalidation import CacheInvalidator
from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.operation_timings import OperationTimings
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import BadInputError, DatabaseUnavailableError, ExpiredError, FileGoneError, NotYoursError
from core.observability.metrics import Metrics
from core.search.dictionary import Dictionary
from core.services.search import SearchService
from core.services.search_finder import SearchFinder
from core.services.search_query import KnownWords, SearchPlanner
from core.services.search_session import SearchSessions
from core.services.search_windows import SearchWindows
from repositories.media import MediaRepository
from tests.fixtures.bookkeeping import counters_on
from tests.fixtures.media_stores import batches_on

READER, STRANGER = 42, 43


class Library:
    """A searchable library on one pool, as one process sees it."""

    def __init__(self, pool, cache):
        self.cache_metrics = cache._calls._metrics
        self.metrics = Metrics()
        self.runtime = SimpleNamespace(current=RuntimeSettings(search_window_size=50))
        self.cache = cache
        self.invalidator = CacheInvalidator(cache, Clock())
        self.counters = counters_on(pool, Clock())
        self.media = MediaRepository(MultiDatabaseManager([pool], Clock()))
        self.batches = batches_on(pool)
        self.words = KnownWords(Dictionary())
        self.search = self.new_process()
        self.posts = 0

    def new_process(self):
        sessions = SearchSessions(self.cache, self.runtime, Clock())
        windows = SearchWindows(self.cache, self.invalidator, self.runtime)
        finder = SearchFinder(self.media, SearchPlanner(self.words), windows, self.runtime, Clock())
        return SearchService(
            media=self.media,
            finder=finder,
            sessions=sessions,
            windows=windows,
            runtime=self.runtime,
            metrics=self.metrics,
            counters=self.counters,
            clock=Clock(),
        )

    async def add(self, *names, caption=None):
        items = []
        for name in names:
            self.posts += 1
            source = MediaSource(-1001, self.posts)
            number = self.posts
            items.append(NewMedia(f"u{number}", f"f{number}", name, caption, number, MediaKind.VIDEO, source))
        for start in range(0, len(items), 200):
            stored = await self.batches.save_batch(items[start : start + 200])
            self.words.dictionary.add(stored.words)

    async def found(self, text):
        return [file.name for file in (await self.search.search(READER, text)).files]

    def counted(self, outcome):
        return self.metrics.registry.get_sample_value("file_filter_searches_total", {"outcome": outcome}) or 0


@pytest.fixture
async def library(either_pool, memory_cache):
    await ensure_indexes(either_pool)
    return Library(either_pool, memory_cache)


@pytest.fixture
async def breakable(memory_pool, memory_cache):
    return Library(memory_pool, memory_cache)


async def test_the_first_page_and_its_total(library):
    """Ten of the newest matches, how many there are, and where the pages end."""
    await library.add(*(f"Nosferatu {n:02}.mkv" for n in range(1, 24)))
    page = await library.search.search(READER, " Nosferatu ")

    assert [file.name for file in page.files] == [f"Nosferatu {n:02}.mkv" for n in range(23, 13, -1)]
    assert (page.number, page.pages, page.first_index) == (1, 3, 0)
    assert (page.session.window.total, page.session.window.total_is_exact) == (23, True)
    assert (page.session.owner_id, page.session.query) == (READER, "Nosferatu")


async def test_a_title_made_of_noise_words_is_found_first(library):
    """Scenario 45: "Scary Movie" and "Film Red" are searched with all their words."""
    await library.add(
        "Scary Movie.mkv", "Film Red.mkv", "Scary Little Movie.mkv", "Red Film.mkv", "Scary.mkv", "Movie.mkv"
    )

    assert await library.found("scary movie") == ["Scary Movie.mkv", "Scary Little Movie.mkv"]
    assert await library.found("film red") == ["Film Red.mkv", "Red Film.mkv"]


async def test_a_name_beats_a_newer_caption(library):
    """A file that merely mentions the words in its caption comes after one that is called so."""
    await library.add("Faust.mkv")
    await library.add("video.mp4", caption="Faust, but told by somebody else")

    assert await library.found("faust") == ["Faust.mkv", "video.mp4"]
    library.runtime.current = RuntimeSettings(search_captions=False)
    assert await library.found("faust") == ["Faust.mkv"]


@pytest.mark.parametrize(("name", "query"), [("Spiderman.mkv", "spider man"), ("Brigada.mkv", "Бригада")])
async def test_another_reading_is_tried_when_nothing_is_found(library, name, query):
    """Scenario 49: a missing space and the other script find the file."""
    await library.add(name, "Spider.mkv")

    assert await library.found(query) == [name]


async def test_nothing_found_is_an_empty_page(library):
    """No session is kept for it, and it is counted as a search without result."""
    page = await library.search.search(READER, "nonexistent")

    assert (list(page.files), page.pages, page.session.window.total) == ([], 1, 0)
    assert library.counted("nothing") == 1


async def test_a_text_without_words_is_refused(library):
    """Scenario 44: told in a sentence, counted as refused, never a match-all."""
    await library.add("Faust.mkv")
    for text in ("", "?", "...", "🎬🎬"):
        with pytest.raises(BadInputError):
            await library.search.search(READER, text)
    assert library.counted("refused") == 4


async def test_hostile_text_is_text(library):
    """Scenarios 43, 51 and 60: patterns, operators and endless texts are ordinary searches."""
    await library.add("Faust.mkv")
    hostile = (
        ".*.*.*.*zz",
        "(a+)+$ b",
        "[zz",
        "\\zz",
        '{"$gt": ""}',
        "faust " * 700,
        "\u202efaust\u202c",
        "fa\u200bust",
    )

    answers = [await library.found(text) for text in hostile]

    assert answers == [[], [], [], [], [], ["Faust.mkv"], ["Faust.mkv"], ["Faust.mkv"]]


async def test_a_buried_title_is_first(library):
    """A film called exactly so is found under hundreds of newer files that merely contain the word."""
    await library.add("Faust.1926.mkv")
    await library.add(*(f"Making of Faust take {n}.mkv" for n in range(120)))
    page = await library.search.search(READER, "faust")

    assert page.files[0].name == "Faust.1926.mkv"
    assert len(page.session.window.ids) == 51  # the newest fifty, and the title
    assert (page.session.window.total, page.session.window.total_is_exact) == (121, True)


async def test_a_count_is_bounded(library):
    """Past the limit the total is a lower bound."""
    library.runtime.current = RuntimeSettings(search_window_size=20, count_limit=100)
    await library.add(*(f"Faust {n}.mkv" for n in range(130)))
    window = (await library.search.search(READER, "faust")).session.window

    assert (window.total, window.total_is_exact) == (100 - 1, False)


async def test_pages_stand_still_under_new_and_deleted_files(library):
    """Scenario 55: nothing is shown twice or skipped while files come and go; a deleted file leaves a gap."""
    await library.add(*(f"Nosferatu {n:02}.mkv" for n in range(1, 31)))
    first = await library.search.search(READER, "nosferatu")
    await library.add("Nosferatu new.mkv")
    deleted = (await library.search.page(READER, first.session.id, 2)).files[3]
    await library.media.remove_source(-1001, [int(deleted.name[10:12])])

    second = await library.search.page(READER, first.session.id, 2)
    third = await library.search.page(READER, first.session.id, 3)

    shown = [file.name for page in (first, second, third) for file in page.files]
    assert shown == [f"Nosferatu {n:02}.mkv" for n in range(30, 0, -1) if f"{n:02}" != deleted.name[10:12]]
    assert (second.first_index, third.first_index, third.pages) == (10, 20, 3)


@pytest.mark.parametrize(("number", "shown"), [(1, 1), (3, 3), (4, 3), (10**30, 3)])
async def test_a_page_number_beyond_the_end_is_the_last_page(library, number, shown):
    """Pages can become fewer while buttons are old: the page size is a live setting."""
    await library.add(*(f"Nosferatu {n:02}.mkv" for n in range(1, 24)))
    first = await library.search.search(READER, "nosferatu")

    assert (await library.search.page(READER, first.session.id, number)).number == shown


@pytest.mark.parametrize("number", [0, -1, -(10**30)])
async def test_a_page_number_that_no_button_has_is_refused(library, number):
    """Scenario 33: forged numbers are refused in a sentence and read nothing."""
    await library.add("Nosferatu.mkv")
    first = await library.search.search(READER, "nosferatu")

    with pytest.raises(BadInputError):
        await library.search.page(READER, first.session.id, number)


async def test_pages_survive_a_restart_and_belong_to_who_searched(library):
    """Scenario 32: another process turns them for the reader, and for nobody else."""
    await library.add(*(f"Nosferatu {n:02}.mkv" for n in range(1, 24)))
    first = await library.search.search(READER, "nosferatu")
    restarted = library.new_process()

    assert (await restarted.page(READER, first.session.id, 2)).files[0].name == "Nosferatu 13.mkv"
    for act in (
        restarted.page(STRANGER, first.session.id, 2),
        restarted.files_to_send(STRANGER, first.session.id, 1),
        restarted.file_of_session(STRANGER, first.session.id, first.files[0].id),
    ):
        with pytest.raises(NotYoursError):
            await act
    with pytest.raises(ExpiredError):
        await restarted.page(READER, "0" * 16, 1)


async def test_only_files_of_the_session_are_handed_over(library):
    """Scenario 33: a forged file id is refused; a file deleted meanwhile is told as gone."""
    await library.add("Other.mkv", "Faust.mkv")
    other = (await library.search.search(READER, "other")).files[0]
    page = await library.search.search(READER, "faust")
    faust = page.files[0]

    assert (await library.search.file_of_session(READER, page.session.id, faust.id)).file_id == "f2"
    with pytest.raises(BadInputError):
        await library.search.file_of_session(READER, page.session.id, other.id)
    await library.media.remove_source(-1001, [2])
    with pytest.raises(FileGoneError):
        await library.search.file_of_session(READER, page.session.id, faust.id)


async def test_send_all_takes_the_page_or_the_whole_window(library):
    """Files come complete, in the order of the page."""
    await library.add(*(f"Nosferatu {n:02}.mkv" for n in range(1, 24)), caption="silent")
    first = await library.search.search(READER, "nosferatu")

    third, _ = await library.search.files_to_send(READER, first.session.id, 3)
    everything, _ = await library.search.files_to_send(READER, first.session.id, 3, whole_window=True)

    assert [file.name for file in third] == [f"Nosferatu {n:02}.mkv" for n in (3, 2, 1)]
    assert tuple(file.id for file in everything) == first.session.window.ids
    assert all(file.caption == "silent" and file.sources for file in everything)


async def test_a_dead_database_is_never_an_empty_result(breakable, stores):
    """Scenario 56: an error, not counted as nothing found, not cached: back, the search finds."""
    await breakable.add("Faust.mkv")
    stores.database_down = True
    with pytest.raises(DatabaseUnavailableError):
        await breakable.search.search(READER, "faust")
    stores.database_down = False

    assert (breakable.counted("failed"), breakable.counted("nothing")) == (1, 0)
    assert await breakable.found("faust") == ["Faust.mkv"]


async def test_a_failing_count_costs_only_the_total(breakable):
    """A count that takes too long leaves the results, marked as a lower bound, and is not remembered."""
    breakable.runtime.current = RuntimeSettings(search_window_size=20)
    await breakable.add(*(f"Faust {n}.mkv" for n in range(30)))
    count = breakable.media.count_matches

    async def too_slow(*_, **__):
        raise DatabaseUnavailableError("too slow")

    breakable.media.count_matches = too_slow
    cut = (await breakable.search.search(READER, "faust")).session.window
    breakable.media.count_matches = count
    whole = (await breakable.search.search(READER, "faust")).session.window

    assert (cut.total, cut.total_is_exact) == (20, False)
    assert (whole.total, whole.total_is_exact) == (30, True)


async def test_searching_goes_on_without_redis(breakable, stores):
    """Redis is gone: results, pages and totals are as ever."""
    stores.redis_down = True
    await breakable.add(*(f"Faust {n}.mkv" for n in range(60)))
    page = await breakable.search.search(READER, "faust")
    next_page = await breakable.search.page(READER, page.session.id, 2)

    assert (len(page.files), len(next_page.files), page.session.window.total) == (10, 10, 60)


async def test_a_search_within_its_window_is_one_read_and_one_write(breakable, stores):
    """What a search costs: one find, and one Redis command for the session."""
    await breakable.add("Faust.mkv", "Faust two.mkv")
    reads, redis = _calls(breakable)

    await breakable.search.search(READER, "faust")

    assert (reads(), redis()) == (1, 1)


async def test_many_searches_at_once_do_not_disturb_each_other(library):
    """Each person gets their own words and their own session."""
    await library.add(*(f"Title{n} film.mkv" for n in range(30)))
    pages = await asyncio.gather(*(library.search.search(n, f"title{n} film") for n in range(30)))

    assert [page.files[0].name for page in pages] == [f"Title{n} film.mkv" for n in range(30)]
    assert len({page.session.id for page in pages}) == 30


def _calls(library):
    """Counters of the database's finds and of all Redis commands from now on."""
    pool_metrics = Metrics()
    library.media._databases.primary._timings = OperationTimings(pool_metrics)
    cache_metrics = library.cache_metrics
    before = _total(cache_metrics, "file_filter_cache_operations_total")
    return (
        lambda: _total(pool_metrics, "file_filter_database_operations_total"),
        lambda: _total(cache_metrics, "file_filter_cache_operations_total") - before,
    )


def _total(metrics, name):
    return sum(
        sample.value for family in metrics.registry.collect() for sample in family.samples if sample.name == name
    )


async def test_a_suggestion_keeps_what_was_asked_for_besides_words(library):
    """Pressing what is offered searches with the filters that were typed."""
    await library.add("Faust.1926.mkv", "Raust.1926.mkv")
    library.words.dictionary.put("baust", 1)  # of a file that was deleted meanwhile

    page = await library.search.search(READER, "baust 1926 type:video")

    assert page.files == ()
    assert set(page.suggestions) == {"faust 1926 type:video", "raust 1926 type:video"}
    assert (await library.search.search(READER, "baust 1926", suggests=False)).suggestions == ()
