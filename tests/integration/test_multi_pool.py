"""Several databases as one: what they answer together, and what is said when one of them does not."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import Clock
from core.database.circuit_breaker import CircuitBreakerState
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import DatabaseUnavailableError, SearchTimeoutError
from core.search.hashes import word_hash
from core.search.plan import SearchPlan
from repositories.media import MediaRepository
from repositories.media_document import COLLECTION, to_document
from sandbox.stores import InMemoryStores

CHANNEL = -1001234567890
FAUST = SearchPlan((word_hash("faust"),))


class Databases:
    """Three in-memory databases and the files of the library in them; `stores[n].database_down` breaks one."""

    def __init__(self, databases=3):
        self.stores = {number: InMemoryStores(Clock()) for number in range(1, databases + 1)}
        self.pools = [
            DatabaseConnectionPool("", "x", clock=Clock(), number=number, client_factory=stores.mongo_client)
            for number, stores in self.stores.items()
        ]
        self.manager = MultiDatabaseManager(self.pools, Clock())
        self.media = MediaRepository(self.manager)
        self.ids = count(1)

    async def prepare(self):
        for pool in self.pools:
            await ensure_indexes(pool)

    async def add(self, number, unique_id, name="Faust.mkv", *, media_id=None, message=None):
        """Store a file in one database; returns its id."""
        media_id = media_id or next(self.ids)
        await self.manager.database(number).insert_one(COLLECTION, document(unique_id, name, media_id, message))
        return media_id

    def fail(self, *numbers):
        """Break exactly these; what the breakers saw until now is forgotten."""
        for number, stores in self.stores.items():
            stores.database_down = number in numbers
            self.manager.database(number).breaker.reset()


def document(unique_id, name, media_id, message=None):
    source = MediaSource(CHANNEL, message or media_id)
    return to_document(NewMedia(unique_id, f"f{media_id}", name, None, 1, MediaKind.VIDEO, source), media_id)


@pytest.fixture
async def databases():
    opened = Databases()
    await opened.prepare()
    return opened


async def number_of(pool):
    return pool.number


async def test_databases_are_asked_at_the_same_time(databases):
    """An answer takes as long as the slowest database, not as all of them."""
    together = asyncio.Barrier(3)

    async def ask(pool):
        await together.wait()
        return pool.number * 10

    assert await databases.manager.ask_all(ask, timeout_s=5) == ({1: 10, 2: 20, 3: 30}, ())


async def test_a_database_that_does_not_answer_is_named(databases):
    """The others' answers stand: an outage, an open breaker and a slow database are all missing, and nothing more."""
    databases.fail(1)
    for _ in range(5):
        with pytest.raises(DatabaseUnavailableError):
            await databases.pools[0].ping()
    assert databases.manager.status()[0].state is CircuitBreakerState.OPEN

    async def ask(pool):
        if pool.number == 3:
            await asyncio.Event().wait()
        return await pool.count(COLLECTION, {})

    assert await databases.manager.ask_all(ask, timeout_s=0.5) == ({2: 0}, (1, 3))


async def test_patience_says_nothing_to_the_breaker(databases):
    """Only the operation's own deadline shows that a database fails; ours may have been short."""

    async def ask(pool):
        await pool.execute_with_retry(asyncio.Event().wait, idempotent=True, name="test")

    for _ in range(6):
        with pytest.raises(DatabaseUnavailableError):
            await databases.manager.ask_all(ask, timeout_s=0.01)
    assert [one.state for one in databases.manager.status()] == [CircuitBreakerState.CLOSED] * 3


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ((SearchTimeoutError, SearchTimeoutError, SearchTimeoutError), SearchTimeoutError),
        ((SearchTimeoutError, DatabaseUnavailableError, SearchTimeoutError), DatabaseUnavailableError),
        ((DatabaseUnavailableError,) * 3, DatabaseUnavailableError),
    ],
    ids=["all-cut", "one-down", "all-down"],
)
async def test_when_nobody_answers_it_is_an_error(databases, errors, raised):
    """Never an empty answer (scenario 56); "too slow" is said only when every database was."""

    async def ask(pool):
        raise errors[pool.number - 1](f"database {pool.number}")

    with pytest.raises(raised):
        await databases.manager.ask_all(ask)


@pytest.mark.parametrize("only", [None, {1}], ids=["one-database", "one-of-three"])
async def test_a_question_to_one_database_costs_no_task(only):
    """It runs in the caller's own task, and its error is the caller's."""
    databases = Databases(1 if only is None else 3)
    error = DatabaseUnavailableError("database 1")

    async def ask(pool):
        if asyncio.current_task() is caller:
            raise error

    caller = asyncio.current_task()
    with pytest.raises(DatabaseUnavailableError) as raised:
        await databases.manager.ask_all(ask, only=only)
    assert raised.value is error


async def test_a_mistake_is_no_outage(databases):
    """An error that is not about the database is raised, after the other parts have come to their end."""
    ended = []

    async def ask(pool):
        if pool.number == 1:
            raise KeyError("a mistake of ours")
        await asyncio.sleep(0)
        ended.append(pool.number)

    with pytest.raises(KeyError):
        await databases.manager.ask_all(ask)
    assert ended == [2, 3]


async def test_a_caller_that_leaves_takes_its_questions_along(databases):
    """A cancelled search leaves nothing running."""
    left = []

    async def ask(pool):
        try:
            await asyncio.Event().wait()
        finally:
            left.append(pool.number)

    asking = asyncio.ensure_future(databases.manager.ask_all(ask))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert left == [1, 2, 3]


async def test_numbers_name_databases(databases):
    """Questions may go to some of them; a number nobody has is a mistake."""
    manager = databases.manager
    assert (await manager.ask_all(number_of, only=[3, 1])).by_number == {1: 1, 3: 3}
    assert (manager.primary, manager.databases) == (databases.pools[0], tuple(databases.pools))
    assert [(one.number, one.answer_s is not None) for one in manager.status()] == [(1, True), (2, False), (3, True)]
    for wrong in ([4], [1, 4], []):
        with pytest.raises(ValueError, match="no database"):
            await manager.ask_all(number_of, only=wrong)
    with pytest.raises(ValueError, match="same number"):
        MultiDatabaseManager([databases.pools[0]] * 2, Clock())


async def test_a_search_is_one_list_of_all_databases(databases):
    """Newest first over all, a file of two databases once (scenario 124); counts add up to their limit."""
    for number, unique_id in ((1, "a"), (2, "b"), (3, "c"), (1, "d"), (2, "a"), (3, "e")):
        await databases.add(number, unique_id)
    await databases.add(1, "x", "Other.mkv")
    first = await databases.media.search_files(FAUST, 4)
    rest = await databases.media.search_files(FAUST, 4, cursor=first.cursor)

    assert [file.id for file in first.files] == [6, 5, 4, 3]
    assert ([file.id for file in rest.files], rest.cursor) == ([2, 1], None)
    assert await databases.media.count_matches(FAUST) == (6, ())
    assert await databases.media.count_matches(FAUST, 4) == (4, ())


@pytest.mark.parametrize(("databases", "reads_unique_id"), [(1, False), (2, True)])
async def test_only_several_databases_pay_for_their_merge(monkeypatch, *, databases, reads_unique_id):
    """What tells copies apart is read only where there may be some."""
    library = Databases(databases)
    await library.prepare()
    find, options = library.pools[0].find, []
    monkeypatch.setattr(library.pools[0], "find", lambda *asked, **how: options.append(how) or find(*asked, **how))
    await library.media.search_files(FAUST, 9)

    assert [("u" in how["projection"], how["timeout_s"] is not None) for how in options] == [(reads_unique_id,) * 2]


async def test_a_search_without_a_database_says_so(databases):
    """What the others have is found, marked; with all of them gone it is an error (scenario 56)."""
    for number in (1, 2, 3):
        await databases.add(number, f"u{number}")
    databases.fail(2)
    found = await databases.media.search_files(FAUST, 9)

    assert ([file.id for file in found.files], found.missing) == ([3, 1], (2,))
    assert await databases.media.count_matches(FAUST) == (2, (2,))
    databases.fail(1, 2, 3)
    with pytest.raises(DatabaseUnavailableError):
        await databases.media.search_files(FAUST, 9)
    with pytest.raises(DatabaseUnavailableError):
        await databases.media.count_matches(FAUST)


async def test_a_page_is_partial_only_when_it_lacks_a_file(databases):
    """Ids keep their order over databases; a missing database is named when something was not found."""
    ids = [await databases.add(number, f"u{number}") for number in (1, 2, 3)]
    databases.fail(3)
    whole = await databases.media.list_many([ids[1], ids[0]])
    partial = await databases.media.list_many(ids[::-1])

    assert ([file.id for file in whole.files], whole.missing) == ([ids[1], ids[0]], ())
    assert ([file.id for file in partial.files], partial.missing) == ([ids[1], ids[0]], (3,))
    found = await databases.media.get_many(ids)
    assert ([file.id for file in found.files], found.unreached) == (ids[:2], 1)
    with pytest.raises(DatabaseUnavailableError):
        await databases.media.get_many([ids[2]])


async def test_a_file_out_of_reach_is_not_gone(databases):
    """None, and "not changed", are said only when every database was asked; else it is an outage."""
    here, there = await databases.add(1, "here"), await databases.add(2, "there")
    media = databases.media
    databases.fail(2)

    assert (await media.get(here)).unique_id == "here"
    assert (await media.get_by_unique_id("here")).id == here
    assert await media.update_file_id(here, "healed")
    for act in (
        media.get(there),
        media.get_by_unique_id("there"),
        media.get(999),
        media.update_file_id(there, "healed"),
        media.mark_dead(there),
    ):
        with pytest.raises(DatabaseUnavailableError):
            await act
    databases.fail()
    assert (await media.get(there)).file_id == f"f{there}"
    assert await media.get(999) is None
    assert not await media.update_file_id(999, "healed")


async def test_a_dead_copy_does_not_hide_a_living_one(databases):
    """A file given up in one database may have been posted again into another."""
    dead = await databases.add(1, "faust")
    await databases.media.mark_dead(dead)
    alive = await databases.add(2, "faust")

    assert (await databases.media.get_by_unique_id("faust")).id == alive
    assert await databases.media.get(dead) is None
    databases.fail(2)
    with pytest.raises(DatabaseUnavailableError):
        await databases.media.get_by_unique_id("faust")


async def test_edits_and_deletions_name_the_databases_they_did_not_reach(databases):
    """They change every database that answers, and later those named then, by number."""
    for number in (1, 2):
        await databases.add(number, f"u{number}", message=7)
    edit = NewMedia("u2", "f", "Golem.mkv", None, 1, MediaKind.VIDEO, MediaSource(CHANNEL, 8), edited_at=5)
    databases.fail(2)
    edited = await databases.media.apply_edit(edit)
    removed = await databases.media.remove_source(CHANNEL, [7])

    assert (edited, removed) == ((False, (2,)), (1, (2,)))
    databases.fail()
    assert await databases.media.apply_edit(edit, databases=[2]) == (True, ())
    assert await databases.media.remove_source(CHANNEL, [7], databases=[2]) == (1, ())
    left = await databases.media.get_by_unique_id("u2")
    assert ([source.message_id for source in left.sources], left.name) == ([8], "Golem.mkv")
    assert await databases.media.get_by_unique_id("u1") is None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.sets(st.integers(1, 3), max_size=2)),
        st.tuples(st.just("insert"), st.integers(1, 3)),
        st.tuples(st.just("delete"), st.integers(1, 30)),
    ),
    max_size=10,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(places=st.lists(st.integers(1, 3), min_size=5, max_size=30), limit=st.integers(2, 7), steps=STEPS)
def test_a_walk_over_the_repository_is_complete(places, limit, steps):
    """Files come, go, and databases too: what lasts is listed once, in order (scenario 125)."""
    asyncio.run(_walk(places, limit, steps))


async def _walk(places, limit, steps):
    databases = Databases()
    await databases.prepare()
    lasting = {await databases.add(number, f"u{at}") for at, number in enumerate(places)}
    seen, cursor = [], None

    async def page():
        found = await databases.media.search_files(FAUST, limit, cursor=cursor)
        ids = [file.id for file in found.files]
        assert ids == sorted(ids, reverse=True)
        if found.cursor is None and found.missing:
            return cursor, False
        seen.extend(ids)
        return found.cursor, found.cursor is None

    for kind, argument in (*steps, *[("page", set())] * 40):
        if kind == "page":
            databases.fail(*argument)
            cursor, is_done = await page()
            databases.fail()
            if is_done:
                break
        elif kind == "insert":
            await databases.add(argument, f"new{next(databases.ids)}")
        else:
            lasting.discard(argument)
            await databases.media.remove_source(CHANNEL, [argument])
    assert len(seen) == len(set(seen))
    assert lasting <= set(seen)
