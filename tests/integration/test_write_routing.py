"""New files and failing databases, on real servers behind proxies."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pymongo
import pytest

from core.clock import Clock
from core.database.indexes import INDEXES, build_indexes, ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.database.write_routing import LibraryFullError
from core.domain.database import WriteLimits
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import DatabaseUnavailableError
from core.search.hashes import word_hash
from core.search.plan import SearchPlan
from core.services.duplicates import DuplicateRepair
from repositories.media import MediaRepository, SearchIndexMissingError
from repositories.media_document import COLLECTION, to_document
from repositories.media_duplicate import MediaDuplicateRepository
from tests.fixtures.media_stores import NO_LIMIT, batches_on, route_writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator, Sequence

    from tests.fixtures.database_rig import DatabaseRig, RigServers

pytestmark = pytest.mark.servers
RIG_MONGODS = 2
CHANNEL = -1001
DATABASE = "media"
WITHOUT_UNIQUE = [index for index in INDEXES[COLLECTION] if index.document["name"] != "u"]


def post(number: int, *, channel: int = CHANNEL, message: int = 0, edited_at: int = 0, name: str = "") -> NewMedia:
    """The file of this number, in a post of the same number unless another one is given."""
    source = MediaSource(channel, message or number)
    name = name or f"Film {number}.mkv"
    return NewMedia(f"u{number}", f"f{number}", name, None, 1, MediaKind.VIDEO, source, edited_at=edited_at)


class Library:
    """Two real databases behind proxies, the second one larger in nothing but its number."""

    def __init__(self, rig: DatabaseRig, direct: list[pymongo.MongoClient[dict[str, Any]]]) -> None:
        self.rig = rig
        self.pools = [
            DatabaseConnectionPool(rig.uri(number - 1), DATABASE, clock=Clock(), number=number) for number in (1, 2)
        ]
        self.direct = direct
        self.limits = NO_LIMIT
        self.routing = route_writes(*self.pools, limits=lambda: self.limits)
        self.batches = batches_on(*self.pools, routing=self.routing)
        self.databases = MultiDatabaseManager(self.pools, Clock())
        self.duplicates = MediaDuplicateRepository(self.databases)
        self.repair = DuplicateRepair(self.duplicates, Clock())

    async def begin(self) -> None:
        for client in self.direct:
            await asyncio.to_thread(client[DATABASE][COLLECTION].delete_many, {})
        await self.routing.measure()

    def prefer(self, number: int, *, auto_switch: bool = True) -> None:
        self.limits = WriteLimits(NO_LIMIT.size_limit_bytes, auto_switch=auto_switch, preferred=number)

    def files(self, number: int) -> list[dict[str, Any]]:
        """What a database holds, asked past its proxy."""
        return list(self.direct[number - 1][DATABASE][COLLECTION].find({}, sort=[("_id", 1)]))

    def unique_ids(self) -> list[list[str]]:
        return [sorted(file["u"] for file in self.files(number)) for number in (1, 2)]

    async def put(self, number: int, *posts: NewMedia, ids: Sequence[int] | None = None) -> None:
        """Store records as they are, past every check."""
        chosen = ids or [1_000 * number + index for index in range(len(posts))]
        documents = [to_document(one, media_id) for one, media_id in zip(posts, chosen, strict=True)]
        await asyncio.to_thread(self.direct[number - 1][DATABASE][COLLECTION].insert_many, documents)

    async def close(self) -> None:
        for pool in self.pools:
            await asyncio.to_thread(pool._client.close)  # it says good-bye through the proxy, on this loop


@pytest.fixture(scope="module")
def direct(rig_servers: RigServers) -> Iterator[list[pymongo.MongoClient[dict[str, Any]]]]:
    """A way past the proxies to each server."""
    clients = [pymongo.MongoClient[dict[str, Any]](server.uri) for server in rig_servers.mongods]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
async def library(rig: DatabaseRig, direct: list[pymongo.MongoClient[dict[str, Any]]]) -> AsyncIterator[Library]:
    opened = Library(rig, direct)
    await opened.begin()
    yield opened
    await opened.close()


def ids_of(posts: Collection[NewMedia]) -> list[str]:
    return sorted(one.unique_id for one in posts)


async def test_a_database_that_refuses_in_the_middle_of_a_batch_is_replaced(library: Library) -> None:
    """What a full database does not take is stored in the other one, the same batch, once (scenario 122)."""
    library.prefer(1)
    first, second = [post(n) for n in range(1, 31)], [post(n) for n in range(31, 61)]
    await library.batches.save_batch(first)
    await library.rig.fail("mongo0", "full")

    outcome = await library.batches.save_batch(second)

    assert (outcome.new, outcome.known) == (30, 0)
    assert library.unique_ids() == [ids_of(first), ids_of(second)]


async def test_all_databases_full_keeps_the_files_with_the_caller(library: Library) -> None:
    """When nobody takes files any more the caller is told so, and may go on reading (scenario 122)."""
    await library.batches.save_batch([post(1)])
    for store in ("mongo0", "mongo1"):
        await library.rig.fail(store, "full")

    with pytest.raises(LibraryFullError):
        await library.batches.save_batch([post(2)])
    assert "u1" in await library.batches.batch_duplicate_check(["u1", "u2"])


async def test_an_insert_whose_answer_was_lost_is_not_made_twice(library: Library) -> None:
    """A database that answers again says what it stored, before anything is stored elsewhere (scenario 122)."""
    library.prefer(1)
    await library.batches.save_batch([post(1)])
    pool, insert = library.pools[0], library.pools[0].insert_many

    async def unanswered(collection: str, documents: Sequence[Any], *, ordered: bool = False) -> None:
        await insert(collection, documents[:2], ordered=ordered)
        raise DatabaseUnavailableError("the answer was lost")

    pool.insert_many = unanswered  # type: ignore[method-assign]
    outcome = await library.batches.save_batch([post(n) for n in range(2, 6)])

    assert (outcome.new, outcome.known) == (4, 0)
    assert library.unique_ids() == [["u1", "u2", "u3"], ["u4", "u5"]]


@pytest.mark.parametrize("fault", ["stalled", "refused"])
async def test_files_go_elsewhere_while_a_database_is_away(library: Library, fault: Any) -> None:
    """A frozen or lost database costs its own deadline, and the files are stored in the other one (scenario 121)."""
    library.prefer(2)
    await library.batches.save_batch([post(1)])
    await library.rig.fail("mongo1", fault)
    posts = [post(n) for n in range(2, 22)]

    outcome = await library.batches.save_batch(posts)
    await library.rig.heal()

    assert outcome.new == 20
    taken, left = library.unique_ids()
    assert taken == ids_of(posts)
    # What a frozen database was sent before it counted as failing it carries out when it goes on; the repair sees it.
    assert set(left) <= {"u1", *taken} if fault == "stalled" else left == ["u1"]


async def test_by_hand_files_wait_for_the_chosen_database(library: Library) -> None:
    """Without switching, an outage of the chosen database keeps the files with the caller."""
    library.prefer(2, auto_switch=False)
    await library.batches.save_batch([post(1)])
    await library.rig.fail("mongo1", "refused")
    with pytest.raises(DatabaseUnavailableError):
        await library.batches.save_batch([post(2)])
    await library.rig.heal()
    library.pools[1].breaker.reset()
    await library.batches.save_batch([post(2)])

    assert library.unique_ids() == [[], ["u1", "u2"]]


async def test_a_known_file_gains_its_posts_where_it_lives(library: Library) -> None:
    """Posted by two workers in two channels, a file is one record, whatever database takes files now (scenario 67)."""
    library.prefer(2)
    await library.batches.save_batch([post(1)])
    library.prefer(1)

    outcomes = await asyncio.gather(
        library.batches.save_batch([post(1, message=2), post(1, message=2)]),
        library.batches.save_batch([post(1, channel=CHANNEL - 1, message=3)]),
    )

    assert [outcome.new for outcome in outcomes] == [0, 0]
    [stored] = library.files(2)
    assert (sorted(source["mi"] for source in stored["src"]), library.files(1)) == ([1, 2, 3], [])


async def test_a_pinned_channel_keeps_its_database(library: Library) -> None:
    """New files of a pinned channel go to its database, in the same batch as those of others that do not."""
    library.prefer(1)
    await library.batches.save_batch([post(1), post(2, channel=-1002)], {-1002: 2})

    assert library.unique_ids() == [["u1"], ["u2"]]


async def test_saving_asks_every_database_once_and_counts_nothing(library: Library) -> None:
    """The path of a batch is one look-up in each database and one insert, however large they are (scenario 126)."""
    await library.batches.save_batch([post(1)])
    for client in library.direct:
        await asyncio.to_thread(client[DATABASE].command, "profile", 2)
    await library.batches.save_batch([post(n) for n in range(2, 22)])
    for client in library.direct:
        await asyncio.to_thread(client[DATABASE].command, "profile", 0)

    def operations(client: pymongo.MongoClient[dict[str, Any]]) -> list[str]:
        found = client[DATABASE]["system.profile"].find({"ns": f"{DATABASE}.{COLLECTION}"})
        return sorted(entry["op"] for entry in found)

    assert sorted(map(operations, library.direct)) == [["insert", "query"], ["query"]]


async def test_one_record_is_made_of_a_file_stored_twice(library: Library) -> None:
    """The older record stays, with the sources of both and the newer name; other files stay too (scenario 124)."""
    await library.put(1, post(1, message=11), post(2), ids=[500, 501])
    await library.put(2, post(1, message=12, edited_at=9, name="Edited.mkv"), post(3), post(2), ids=[400, 401, 600])

    report = await library.repair.run()

    assert (report.duplicates, report.removed, report.left, report.missing) == (2, 2, 0, ())
    assert library.unique_ids() == [["u2"], ["u1", "u3"]]
    kept = library.files(2)[0]
    assert (kept["_id"], kept["n"], [source["mi"] for source in kept["src"]]) == (400, "Edited.mkv", [12, 11])
    assert (await library.repair.run()).duplicates == 0


async def test_the_newer_name_wins_over_the_older_record(library: Library) -> None:
    """An edit that reached only the record that goes is not lost with it."""
    await library.put(1, post(1, name="Old name.mkv"), ids=[10])
    await library.put(2, post(1, edited_at=9, name="New name.mkv"), ids=[20])
    await library.repair.run()

    [kept] = library.files(1)
    assert (kept["_id"], kept["n"], kept["e"], library.files(2)) == (10, "New name.mkv", 9, [])
    assert word_hash("new") in kept["h"]


async def test_a_source_added_during_the_repair_is_not_lost(library: Library) -> None:
    """A record that changed since it was read is read again before it is deleted (scenario 124)."""
    await library.put(1, post(1, message=11), ids=[10])
    await library.put(2, post(1, message=12), ids=[20])
    kept, copy = await library.duplicates.copies("u1", (1, 2))
    added = {"$addToSet": {"src": {"ch": CHANNEL, "mi": 13}}}
    await asyncio.to_thread(library.direct[1][DATABASE][COLLECTION].update_one, {"_id": 20}, added)

    assert not await library.duplicates.absorb(kept, copy)
    await library.repair.run()

    [stored] = library.files(1)
    assert [source["mi"] for source in stored["src"]] == [11, 12, 13]


async def test_a_post_deleted_during_the_repair_does_not_come_back(library: Library) -> None:
    """What the copy lost between reading and deleting it is taken from the kept record again."""
    await library.put(1, post(1, message=11), ids=[10])
    await library.put(2, post(1, message=12), ids=[20])
    extra = {"$push": {"src": {"ch": CHANNEL, "mi": 13}}}
    await asyncio.to_thread(library.direct[1][DATABASE][COLLECTION].update_one, {"_id": 20}, extra)
    kept, copy = await library.duplicates.copies("u1", (1, 2))
    await MediaRepository(library.databases).remove_source(CHANNEL, [13])

    assert not await library.duplicates.absorb(kept, copy)
    [stored] = library.files(1)
    assert [source["mi"] for source in stored["src"]] == [11, 12]


async def test_an_interrupted_repair_is_finished_by_the_next(library: Library) -> None:
    """Ended at any point, nothing is lost and the rest is found again."""
    posts = [post(n) for n in range(1, 151)]
    await library.put(1, *posts)
    await library.put(2, *[post(n, message=n + 1000) for n in range(1, 151)])
    for patience_s in (0.05, 0.15, 0.3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(patience_s):
                await library.repair.run()
    report = await library.repair.run()

    assert (report.left, library.unique_ids()) == (0, [ids_of(posts), []])
    assert all(len(file["src"]) == 2 for file in library.files(1))


async def test_a_repair_goes_on_without_a_database_that_is_away(library: Library) -> None:
    """An outage is named in the report and is no error."""
    await library.rig.fail("mongo1", "refused")

    assert (await library.repair.run()).missing == (2,)


async def test_duplicates_that_prevent_the_unique_index_are_removed(library: Library) -> None:
    """A database with a file twice gets its index after all, and takes no new files before (scenario 124)."""
    collection = library.direct[0][DATABASE][COLLECTION]
    await asyncio.to_thread(collection.drop_index, "u")
    await library.put(1, *[post(n) for n in range(1, 6)], post(3, message=30), post(3, message=31))
    await library.routing.measure()
    library.prefer(1)
    await library.batches.save_batch([post(50)])

    await build_indexes(library.pools[0], Clock(), library.repair.run)
    await library.routing.measure()
    await library.batches.save_batch([post(51)])

    assert library.unique_ids() == [["u1", "u2", "u3", "u4", "u5", "u51"], ["u50"]]
    stored = next(file for file in library.files(1) if file["u"] == "u3")
    assert [source["mi"] for source in stored["src"]] == [3, 30, 31]


async def test_everything_goes_on_while_indexes_are_built(library: Library, rig_servers: RigServers) -> None:
    """Files without indexes: searches say so, pages are read, and new files go elsewhere until the index is there."""
    await asyncio.to_thread(library.direct[0].drop_database, DATABASE)
    await library.put(1, *[post(n) for n in range(1, 50)])
    library.prefer(1)
    alone = MediaRepository(MultiDatabaseManager(library.pools[:1], Clock()))
    plan = SearchPlan((word_hash("film"),))
    rig_servers.mongods[0].hold_index_builds()
    try:
        building = asyncio.ensure_future(ensure_indexes(library.pools[0]))
        await library.routing.measure()
        await library.batches.save_batch([post(n) for n in range(60, 70)])
        with pytest.raises(SearchIndexMissingError):
            await alone.search_files(plan, 10)
        with pytest.raises(DatabaseUnavailableError):
            await alone.remove_source(CHANNEL, [1])
        page = await alone.list_many([1000, 1001])
        one = await alone.get(1002)
    finally:
        rig_servers.mongods[0].release_index_builds()
    await building
    await library.routing.measure()
    await library.batches.save_batch([post(80)])

    assert ([file.id for file in page.files], one is not None) == ([1000, 1001], True)
    assert len(library.files(2)) == 10
    assert len((await alone.search_files(plan, 200)).files) == 50


async def test_workers_and_an_outage_store_every_file(library: Library) -> None:
    """Batches of several workers while a database comes and goes: every file is there, and once after a repair.

    (scenarios 67 and 124)
    """
    numbers = itertools.count(1)
    stored: list[str] = []

    async def work() -> None:
        for _ in range(12):
            batch = [post(next(numbers)) for _ in range(10)]
            while True:
                try:
                    await library.batches.save_batch(batch)
                except DatabaseUnavailableError:
                    continue
                break
            stored.extend(ids_of(batch))

    async def disturb() -> None:
        for fault in ("cut", "refused", "cut"):
            await library.rig.fail("mongo0", fault)
            await library.rig.heal("mongo0")
            library.pools[0].breaker.reset()

    library.prefer(1)
    await asyncio.gather(disturb(), *(work() for _ in range(4)))
    await library.repair.run()

    found = library.unique_ids()
    assert sorted(found[0] + found[1]) == sorted(stored)
