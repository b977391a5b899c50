"""Pages over several databases against a naive model, with files that come and go and databases that go and return."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.search import SearchCursor
from core.errors import DatabaseUnavailableError
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock


class Shelves:
    """The contents of some databases, and who asked for how much; a file is (id, unique id)."""

    def __init__(self, *contents):
        clock = TestClock()
        client = InMemoryStores(clock).mongo_client
        numbers = range(1, len(contents) + 1)
        pools = [DatabaseConnectionPool("", "x", clock=clock, number=n, client_factory=client) for n in numbers]
        self.manager = MultiDatabaseManager(pools, clock)
        self.files = {number: dict(files) for number, files in zip(numbers, contents, strict=True)}
        self.down = set()
        self.asked = Counter()

    def page(self, limit, cursor=None):
        """(ids, missing, cursor), as `search_across_all_databases` finds them."""
        self.asked.clear()
        found = asyncio.run(self.manager.search_across_all_databases(self._find, limit, cursor=cursor))
        return found.documents, found.missing, found.cursor

    async def _find(self, pool, before, limit):
        number = pool.number
        if number in self.down:
            raise DatabaseUnavailableError(f"database {number}")
        self.asked[number] += limit
        ids = sorted((key for key in self.files[number] if before is None or key < before), reverse=True)
        return [{"_id": key, "u": self.files[number][key], "at": number} for key in ids[:limit]]

    def model_page(self, limit, before):
        """What a page is: everything sorted, repeated files dropped, cut."""
        waiting = [
            (key, unique_id, number)
            for number, files in self.files.items()
            if number not in self.down
            for key, unique_id in files.items()
            if key < before.get(number, key + 1)
        ]
        page, seen = [], set()
        for key, unique_id, _ in sorted(waiting, key=lambda one: -one[0]):
            if unique_id not in seen and len(page) < limit:
                seen.add(unique_id)
                page.append(key)
        return page


@dataclass
class Walk:
    """A walk through everything: a last page without all databases is asked for again, not taken."""

    shelves: Shelves
    limit: int
    cursor: SearchCursor | None = None
    handed_out: Counter = field(default_factory=Counter)
    unique_ids: set = field(default_factory=set)
    is_done: bool = False

    def go_on(self, *, is_full=True):
        shelves, before = self.shelves, self.cursor.before if self.cursor else {}
        documents, missing, cursor = shelves.page(self.limit, self.cursor)
        ids = [document["_id"] for document in documents]
        page = {document["u"] for document in documents}
        assert ids == sorted(ids, reverse=True)
        assert len(page) == len(documents) <= self.limit
        assert set(missing) == shelves.down
        assert not is_full or ids == shelves.model_page(self.limit, before)
        if cursor is None and missing:
            return
        self.cursor, self.is_done = cursor, cursor is None
        self.handed_out.update((document["at"], document["_id"]) for document in documents)
        self.unique_ids |= page


NUMBERS = st.sampled_from([1, 2, 3])
CONTENTS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(100, 130)),
    max_size=25,
    unique_by=(lambda file: file[0], lambda file: file[1]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.sets(NUMBERS, max_size=2)),
        st.tuples(st.just("insert"), NUMBERS, st.integers(1, 90), st.integers(100, 160)),
        st.tuples(st.just("delete"), NUMBERS, st.integers(1, 60)),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(contents=st.tuples(CONTENTS, CONTENTS, CONTENTS), limit=st.integers(1, 9), steps=STEPS)
def test_a_walk_hands_out_every_lasting_file_once_and_in_order(contents, limit, steps):
    """Whatever is stored, removed or away meanwhile, nothing is repeated or missed (scenario 125)."""
    shelves = Shelves(*contents)
    walk = Walk(shelves, limit)
    walk.go_on()
    lasting = {(number, key): u for number, files in shelves.files.items() for key, u in files.items()}
    copies = Counter(lasting.values())
    for kind, *step in steps:
        if walk.is_done:
            break
        if kind == "page":
            shelves.down = step[0]
            walk.go_on()
            shelves.down = set()
        elif kind == "insert":
            number, key, unique_id = step
            files = shelves.files[number]
            if key not in files and unique_id not in files.values():
                files[key] = unique_id
                copies[unique_id] += 1
        else:
            number, key = step
            shelves.files[number].pop(key, None)
            lasting.pop((number, key), None)
    for _ in range(300):
        if not walk.is_done:
            walk.go_on()

    assert walk.is_done
    assert set(walk.handed_out.values()) <= {1}
    assert set(lasting.values()) <= walk.unique_ids
    assert all(walk.handed_out[place] == 1 for place, u in lasting.items() if copies[u] == 1)


def test_a_page_is_ordered_over_all_databases():
    """The newest files come first, wherever they are, and the next page goes on below them."""
    shelves = Shelves({9: "a", 4: "b"}, {8: "c", 7: "d", 1: "e"})
    first, _, cursor = shelves.page(3)
    second, _, end = shelves.page(3, cursor)

    assert [document["_id"] for document in first] == [9, 8, 7]
    assert [document["_id"] for document in second] == [4, 1]
    assert end is None


def test_a_file_in_two_databases_stands_in_a_page_once_and_does_not_shorten_it():
    """The newest copy is shown, and others take the place of what was dropped (scenario 124)."""
    files = {key: f"u{key}" for key in range(100, 140)}
    shelves = Shelves(files, {key + 1000: unique_id for key, unique_id in files.items()}, {1120: "other"})
    page, missing, cursor = shelves.page(25)

    assert [document["_id"] for document in page] == [*range(1139, 1119, -1), 1120, *range(1119, 1115, -1)]
    assert (missing, cursor is not None) == ((), True)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_a_walk_is_complete_where_a_database_itself_repeats_files(limit):
    """While the unique index is missing a page may be short, but the walk goes on to the end."""
    shelves = Shelves({key: f"u{key // 4}" for key in range(40)}, {key + 20: f"v{key // 3}" for key in range(30)})
    walk = Walk(shelves, limit)
    while not walk.is_done:
        walk.go_on(is_full=False)

    assert walk.unique_ids == {f"u{n}" for n in range(10)} | {f"v{n}" for n in range(10)}


def test_a_page_reads_no_more_than_itself_from_each_database():
    """The hundredth page costs what the first does (scenario 125)."""
    shelves = Shelves(*({number + 3 * key: f"{number}-{key}" for key in range(700)} for number in (1, 2, 3)))
    cursor = None
    for _ in range(100):
        page, _, cursor = shelves.page(20, cursor)
        assert len(page) == 20
        assert set(shelves.asked.values()) == {20}


def test_a_database_that_returns_brings_the_files_it_could_not_give():
    """A database that was away keeps its place: its files come later, at their place within the page."""
    shelves = Shelves({9: "a", 8: "b", 3: "c", 2: "d"}, {10: "e", 7: "f"})
    shelves.down = {2}
    first, missing, cursor = shelves.page(2)
    shelves.down = set()
    second, complete, cursor = shelves.page(2, cursor)
    third, _, _ = shelves.page(2, cursor)

    assert ([document["_id"] for document in first], missing) == ([9, 8], (2,))
    assert ([document["_id"] for document in second], complete) == ([10, 7], ())
    assert [document["_id"] for document in third] == [3, 2]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_two_files_with_one_id_are_both_handed_out(limit):
    """Two processes may give one id to different files of different databases; a page may end between them."""
    shelves = Shelves({5: "a", 3: "b"}, {5: "c", 3: "d"})
    walk = Walk(shelves, limit)
    while not walk.is_done:
        walk.go_on()

    assert walk.unique_ids == {"a", "b", "c", "d"}


def test_what_is_stored_meanwhile_does_not_come_back_into_the_walk():
    """A database that gave nothing to a page goes on below that page like all others."""
    shelves = Shelves({9: "a", 8: "b", 7: "c"}, {1: "d"})
    _, _, cursor = shelves.page(2)
    shelves.files[2] |= {20: "new", 10: "newer"}
    second, _, _ = shelves.page(2, cursor)

    assert [document["_id"] for document in second] == [7, 1]


def test_one_database_needs_no_unique_ids_and_ends_in_order():
    """With one database a page is what it answered, and the cursor ends with the first short page."""
    shelves = Shelves({3: "a", 2: "b", 1: "c"})
    first, _, cursor = shelves.page(2)
    second, _, end = shelves.page(2, cursor)

    assert [document["_id"] for document in (*first, *second)] == [3, 2, 1]
    assert (cursor, end) == (SearchCursor({1: 2}), None)
