"""Pages of a search over one, three and five databases, against the usual merge of everything up to the page.

python -m benchmarks.cross_search [--files N] [--runs N]

Every database is a MongoDB of its own with N files. The usual merge asks each database for its first skip + limit
matches, sorted, and merges them in process; ours goes on below the last file of the page before. Both take turns query
by query in one run, so that a busy machine slows both, and both must find the same files. Then both walk a hundred
pages while files come and go. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import statistics
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import count, islice, product, repeat
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

import pymongo
import uvloop

from benchmarks.conclusion import conclude
from benchmarks.corpus import SEED, Corpus
from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.search.plan import SearchPlan
from repositories.media import MediaRepository
from repositories.media_document import COLLECTION, LISTED, SEARCH_INDEX, UNIQUE_ID, plan_filter, to_document
from tests.fixtures.servers import MongoServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from core.database.pool import Document, Filter
    from core.domain.search import SearchCursor

    Client = pymongo.MongoClient[Any]

T = TypeVar("T")

_DATABASE = "cross_search"
_COUNTS = (1, 3, 5)
_PAGES = (1, 10, 100)
_LIMIT = 10
_QUERIES = 24
_EXPLAINED = 6
_WALKED = 3
_WRITES_A_PAGE = 3
_PATIENCE_MS = 10_000
_BATCH = 2_000
_NEWEST_FIRST = (("_id", -1),)
_MAX_FIRST_PAGE_RATIO, _MAX_DEEP_PAGE_RATIO, _MAX_DOCUMENTS_RATIO = 4.0, 0.5, 1 / 20


@dataclass
class Cost:
    """What pages of one kind cost.

    Attributes:
        seconds: one a page.
        returned: documents that the servers sent, one a page.
        examined: documents that the servers looked at by their own word, one a query.
    """

    seconds: list[float] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    examined: list[int] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Means of a page."""
        return {
            "ms": statistics.mean(self.seconds) * 1000,
            "p95_ms": sorted(self.seconds)[int(len(self.seconds) * 0.95)] * 1000,
            "returned": statistics.mean(self.returned),
            "examined": statistics.mean(self.examined),
        }


@dataclass
class Walk:
    """What a hundred pages under inserts and deletes handed out.

    Attributes:
        missing: files that were there all the time, newer than the last page's end, and were not handed out.
    """

    handed_out: int
    repeated: int
    missing: int


class CountingPool(DatabaseConnectionPool):
    """Counts the documents that finds return."""

    returned = 0

    async def find(self, collection: str, query: Filter, **options: Any) -> list[Document]:
        """See `DatabaseConnectionPool.find`."""
        found = await super().find(collection, query, **options)
        self.returned += len(found)
        return found


class Library:
    """Some databases, searched in both ways."""

    def __init__(self, pools: Sequence[CountingPool]) -> None:
        self.pools = pools
        self._manager = MultiDatabaseManager(pools, Clock())
        self._media = MediaRepository(self._manager)

    @property
    def returned(self) -> int:
        """How many documents all of them have returned so far."""
        return sum(pool.returned for pool in self.pools)

    async def page(self, plan: SearchPlan, cursor: SearchCursor | None) -> tuple[list[int], SearchCursor | None]:
        """Ids of the page that a cursor begins, and the next cursor."""
        found = await self._media.search_files(plan, _LIMIT, cursor=cursor, max_time_ms=_PATIENCE_MS)
        if found.missing:
            raise SystemExit(f"databases that did not answer: {found.missing}")
        return [file.id for file in found.files], found.cursor

    async def merged_page(self, plan: SearchPlan, number: int) -> tuple[list[int], None]:
        """Ids of a page, found by reading and merging everything before it as well; it has no cursor."""
        reach, matches = number * _LIMIT, plan_filter(plan)
        answers = await self._manager.ask_all(
            lambda pool: pool.find(
                COLLECTION,
                matches,
                projection={**LISTED, UNIQUE_ID: 1},
                sort=_NEWEST_FIRST,
                limit=reach,
                hint=SEARCH_INDEX,
                max_time_ms=_PATIENCE_MS,
                timeout_s=2 * _PATIENCE_MS / 1000,
            )
        )
        merged = heapq.merge(*answers.by_number.values(), key=lambda document: document["_id"], reverse=True)
        return [document["_id"] for document in islice(merged, reach - _LIMIT, reach)], None


def fill(clients: Sequence[Client], files: int) -> Counter[int]:
    """Write the same names into every database under ids of its own; how many files have a word, by its hash."""
    words: Counter[int] = Counter()
    posts = enumerate(islice(Corpus().files(), files))
    with ThreadPoolExecutor(len(clients)) as writers:
        while batch := [to_document(media, number * len(clients) + 1) for number, media in islice(posts, _BATCH)]:
            for document in batch:
                words.update(document["h"])
            list(writers.map(_insert, clients, repeat(batch), range(len(clients))))
    return words


def _insert(client: Client, batch: Sequence[Document], place: int) -> None:
    own = [{**document, "_id": document["_id"] + place, "u": f"{document['u']}{place}"} for document in batch]
    client[_DATABASE][COLLECTION].insert_many(own, ordered=False)


async def choose(pool: DatabaseConnectionPool, words: Counter[int]) -> list[SearchPlan]:
    """Single words of every frequency that fills the deepest page, and pairs of words that do."""
    deepest = max(_PAGES) * _LIMIT + 1
    common = [word for word, found in words.most_common() if found >= deepest]
    step = max(1, len(common) // (_QUERIES // 2))
    plans = [SearchPlan((word,)) for word in common[::step]][: _QUERIES // 2]
    random = Random(SEED)
    for _ in range(1000):
        if len(common) < 2 or len(plans) >= _QUERIES:
            break
        more, fewer = sorted(random.sample(range(len(common)), 2))
        plan = SearchPlan((common[fewer],), (((common[more],),),))
        if await pool.count(COLLECTION, plan_filter(plan), limit=deepest, hint=SEARCH_INDEX) == deepest:
            plans.append(plan)
    if not plans:
        raise SystemExit(f"no word has {deepest} files: take more --files")
    return plans


async def cursors(library: Library, plan: SearchPlan) -> dict[int, SearchCursor | None]:
    """The cursors that the measured pages begin at."""
    found: list[SearchCursor | None] = [None]
    while len(found) < max(_PAGES):
        found.append((await library.page(plan, found[-1]))[1])
    return {number: found[number - 1] for number in _PAGES}


async def compare(libraries: dict[int, Library], plans: Sequence[SearchPlan], runs: int, costs: dict[str, Cost]) -> int:
    """Measure every page of every query in both ways, in turns; how many pages were not the same."""
    differing = 0
    for plan in plans:
        starts = {at: await cursors(library, plan) for at, library in libraries.items()}
        for turn, (at, library), number in product(range(runs), libraries.items(), _PAGES):
            start = starts[at][number]
            ways = [("keyset", library.page(plan, start)), ("merge", library.merged_page(plan, number))]
            (one, _), (other, _) = [
                await _measured(costs[_label(at, number, way)], library, work)
                for way, work in (ways if turn % 2 else reversed(ways))
            ]
            differing += one != other
    return differing


async def _measured(cost: Cost, library: Library, work: Awaitable[T]) -> T:
    returned, started = library.returned, time.perf_counter()
    result = await work
    cost.seconds.append(time.perf_counter() - started)
    cost.returned.append(library.returned - returned)
    return result


async def explain(
    libraries: dict[int, Library], clients: Sequence[Client], plans: Sequence[SearchPlan], costs: dict[str, Cost]
) -> None:
    """Let the servers say what they examine for each page."""
    for plan, (databases, library) in product(plans, libraries.items()):
        starts = await cursors(library, plan)
        asked = clients[:databases]
        for number, cursor in starts.items():
            before = cursor.before if cursor else {}
            ours = [_examined(client, plan, _LIMIT, before.get(at)) for at, client in enumerate(asked, 1)]
            merged = [_examined(client, plan, number * _LIMIT) for client in asked]
            costs[_label(databases, number, "keyset")].examined.append(sum(ours))
            costs[_label(databases, number, "merge")].examined.append(sum(merged))


def _examined(client: Client, plan: SearchPlan, limit: int, before: int | None = None) -> int:
    matches = plan_filter(plan) | ({} if before is None else {"_id": {"$lt": before}})
    question = {"find": COLLECTION, "filter": matches, "sort": {"_id": -1}, "limit": limit, "hint": SEARCH_INDEX}
    explained = client[_DATABASE].command("explain", question, verbosity="executionStats")
    return int(explained["executionStats"]["totalDocsExamined"])


async def walk(library: Library, plan: SearchPlan, *, by_merge: bool) -> Walk:
    """A hundred pages while matching files are stored and removed at the same time."""
    random = Random(SEED)
    answers = [await pool.find(COLLECTION, plan_filter(plan), projection={"_id": 1}) for pool in library.pools]
    homes = {document["_id"]: pool for pool, found in zip(library.pools, answers, strict=True) for document in found}
    fresh, lasting, handed_out, cursor = count((1 if by_merge else 2) << 40), set(homes), [], None

    async def disturb() -> None:
        for _ in range(_WRITES_A_PAGE):
            number = next(fresh)
            words = [*plan.leads, *(word for branch in plan.branches for choice in branch for word in choice)]
            file = {"_id": number, "u": f"walk{number}", "f": "f", "n": "new", "s": 1, "k": 1, "h": words, "src": []}
            await random.choice(library.pools).insert_one(COLLECTION, file)
            gone = random.choice(list(lasting))
            lasting.discard(gone)
            await homes[gone].delete_one(COLLECTION, {"_id": gone})

    for number in range(1, max(_PAGES) + 1):
        if by_merge:
            (page, _), _ = await asyncio.gather(library.merged_page(plan, number), disturb())
        else:
            (page, cursor), _ = await asyncio.gather(library.page(plan, cursor), disturb())
        handed_out += page
    passed = {media_id for media_id in lasting if media_id >= handed_out[-1]}
    return Walk(len(handed_out), len(handed_out) - len(set(handed_out)), len(passed - set(handed_out)))


async def run(uris: Sequence[str], clients: Sequence[Client], words: Counter[int], runs: int) -> dict[str, Any]:
    """Everything that is measured."""
    pools = [CountingPool(uri, _DATABASE, clock=Clock(), number=at) for at, uri in enumerate(uris, 1)]
    await asyncio.gather(*(ensure_indexes(pool) for pool in pools))
    libraries = {number: Library(pools[:number]) for number in _COUNTS}
    costs: dict[str, Cost] = defaultdict(Cost)
    plans = await choose(pools[0], words)
    print(f"{len(plans)} queries, {runs} runs")
    differing = await compare(libraries, plans, runs, costs)
    await explain(libraries, clients, plans[:: max(1, len(plans) // _EXPLAINED)], costs)
    walks = {
        "merge": await walk(libraries[_WALKED], plans[0], by_merge=True),
        "keyset": await walk(libraries[_WALKED], plans[0], by_merge=False),
    }
    for pool in pools:
        await pool.close()
    return {
        "pages": {label: cost.summary() for label, cost in costs.items()},
        "differing": differing,
        "walks": {way: asdict(walked) for way, walked in walks.items()},
    }


def report(result: dict[str, Any]) -> int:
    """Print the tables and judge them; returns the exit code."""
    pages, walks = result["pages"], result["walks"]
    print(f"{'databases':<10}{'page':>5}  {'way':<8}{'mean ms':>9}{'p95 ms':>9}{'returned':>10}{'examined':>10}")
    for at, number, way in product(_COUNTS, _PAGES, ("keyset", "merge")):
        cost = pages[_label(at, number, way)]
        figures = f"{cost['ms']:>9.2f}{cost['p95_ms']:>9.2f}{cost['returned']:>10.1f}{cost['examined']:>10.1f}"
        print(f"{at:<10}{number:>5}  {way:<8}{figures}")
    for way, walked in walks.items():
        print(f"100 pages under writes, {way}: {walked['repeated']} repeated, {walked['missing']} missing")
    three, deep, merged = (pages[_label(*which)] for which in ((3, 1, "keyset"), (3, 100, "keyset"), (3, 100, "merge")))
    ratios = {
        "page 1: three databases / one": (three["ms"] / pages[_label(1, 1, "keyset")]["ms"], _MAX_FIRST_PAGE_RATIO),
        "page 100: time of keyset / merge": (deep["ms"] / merged["ms"], _MAX_DEEP_PAGE_RATIO),
        "page 100: documents of keyset / merge": (deep["returned"] / merged["returned"], _MAX_DOCUMENTS_RATIO),
        "page 100: examined by keyset / merge": (deep["examined"] / merged["examined"], _MAX_DOCUMENTS_RATIO),
        "walk: repeated": (walks["keyset"]["repeated"], 0),
        "walk: missing": (walks["keyset"]["missing"], 0),
        "pages that differ": (result["differing"], 0),
    }
    for name, (value, limit) in ratios.items():
        print(f"{name:<40}{value:>9.3f}   target <= {limit}")
    met = all(value <= limit for value, limit in ratios.values())
    written = {**result, "ratios": {name: value for name, (value, _) in ratios.items()}, "met": met}
    return conclude("cross_search", written, met=met)


def _label(databases: int, number: int, way: str) -> str:
    return f"{databases} databases, page {number}, {way}"


def main() -> int:
    """Fill, measure and judge."""
    parser = argparse.ArgumentParser(description="Pages over several databases, by keyset and by merging from the top.")
    parser.add_argument("--files", type=int, default=100_000, help="in each database")
    parser.add_argument("--runs", type=int, default=5)
    flags = parser.parse_args()
    with ExitStack() as stack:
        servers = [MongoServer() for _ in range(max(_COUNTS))]
        with ThreadPoolExecutor() as starters:
            list(starters.map(stack.enter_context, servers))
        uris = [server.uri for server in servers]
        clients: list[Client] = [stack.enter_context(pymongo.MongoClient(uri)) for uri in uris]
        started = time.perf_counter()
        words = fill(clients, flags.files)
        print(f"{len(servers)} databases of {flags.files} files, filled in {time.perf_counter() - started:.0f} s")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return report(runner.run(run(uris, clients, words, flags.runs)))


if __name__ == "__main__":
    sys.exit(main())
