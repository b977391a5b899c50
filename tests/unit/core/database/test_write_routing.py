"""Which database takes the next files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.concurrency.task_registry import TaskRegistry
from core.database.capacity import WriteLoad
from core.database.circuit_breaker import CallOutcome
from core.database.pool import DatabaseConnectionPool
from core.database.write_choice import Standing, WriteCandidate, choose_write_database
from core.database.write_routing import REST_S, LibraryFullError, WriteRouting
from core.domain.database import WriteLimits
from core.errors import DatabaseFullError, DatabaseUnavailableError
from core.observability.metrics import Metrics
from sandbox.stores import InMemoryStores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fixtures.clock import TestClock

LIMIT = 1_000_000
LIMITS = WriteLimits(LIMIT)
LOAD = WriteLoad(10, 50_000, 25_000)


def candidate(number: int, room: int = LIMIT, standing: Standing = Standing.STEADY, **fields: bool) -> WriteCandidate:
    return WriteCandidate(number, room, standing=standing, **fields)


@pytest.mark.parametrize(
    ("candidates", "limits", "current", "pinned", "chosen"),
    [
        pytest.param([candidate(1, 500_000), candidate(2, 900_000)], LIMITS, 0, None, 2, id="most_room"),
        pytest.param([candidate(1, 500_000), candidate(2, 900_000)], LIMITS, 1, None, 1, id="stays"),
        pytest.param([candidate(1, 99), candidate(2, 900_000)], LIMITS, 1, None, 2, id="leaves_before_full"),
        pytest.param([candidate(1), candidate(2, is_open=False)], LIMITS, 2, None, 1, id="leaves_closed"),
        pytest.param(
            [candidate(1), candidate(2, standing=Standing.DOWN)], LIMITS, 2, None, 1, id="leaves_what_is_down"
        ),
        pytest.param(
            [candidate(1, 200), candidate(2, standing=Standing.SHAKY)], LIMITS, 2, None, 1, id="steady_before_roomy"
        ),
        pytest.param([candidate(1, standing=Standing.DOWN)], LIMITS, 1, None, 1, id="better_down_than_nothing"),
        pytest.param([candidate(1), candidate(2, 500)], LIMITS, 1, 2, 2, id="pin_before_room"),
        pytest.param([candidate(1), candidate(2, 99)], LIMITS, 1, 2, 1, id="pin_without_room"),
        pytest.param([candidate(1), candidate(2, standing=Standing.SHAKY)], LIMITS, 1, 2, 1, id="pin_not_steady"),
        pytest.param([candidate(1)], LIMITS, 1, 7, 1, id="pin_to_nowhere"),
        pytest.param([candidate(1), candidate(2)], WriteLimits(LIMIT, preferred=2), 1, None, 2, id="preferred"),
        pytest.param(
            [candidate(1), candidate(2, 5_000)], WriteLimits(LIMIT, preferred=2), 1, None, 1, id="not_for_a_rest"
        ),
        pytest.param(
            [candidate(1), candidate(2, 99)], WriteLimits(LIMIT, auto_switch=False), 2, None, None, id="by_hand_full"
        ),
        pytest.param(
            [candidate(1), candidate(2)], WriteLimits(LIMIT, auto_switch=False, preferred=2), 1, None, 2, id="by_hand"
        ),
        pytest.param([candidate(1, 99), candidate(2, -5)], LIMITS, 1, None, None, id="all_full"),
    ],
)
def test_the_choice(
    candidates: Sequence[WriteCandidate], limits: WriteLimits, current: int, pinned: int | None, chosen: int | None
) -> None:
    """Room, health, stability, an admin's wish and staying where one is, in their order (scenario 122)."""
    assert choose_write_database(candidates, 100, limits, current=current, pinned=pinned) == chosen


candidates_strategy = st.lists(
    st.builds(
        candidate,
        st.integers(1, 5),
        st.integers(-100, 2_000),
        st.sampled_from(list(Standing)),
        is_open=st.booleans(),
    ),
    unique_by=lambda one: one.number,
)

limits_strategy = st.builds(WriteLimits, st.just(10_000), st.booleans(), st.integers(0, 5))


@given(candidates_strategy, st.integers(1, 1_000), st.integers(0, 5), limits_strategy)
def test_nothing_is_chosen_that_does_not_fit(
    candidates: list[WriteCandidate], needed: int, current: int, limits: WriteLimits
) -> None:
    """The chosen one has the room and is open, and with switching one is chosen whenever one fits."""
    chosen = choose_write_database(candidates, needed, limits, current=current)
    fitting = {one.number for one in candidates if one.is_open and one.room >= needed}

    assert chosen is None or chosen in fitting
    assert (chosen is not None) == bool(fitting) or not limits.auto_switch


class Databases:
    """Two databases in memory and the routing between them; nothing runs by itself."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.stores = [InMemoryStores(clock) for _ in range(2)]
        self.pools = [
            DatabaseConnectionPool("", "memory", clock=clock, number=number, client_factory=store.mongo_client)
            for number, store in enumerate(self.stores, start=1)
        ]
        self.limits = LIMITS
        self.metrics = Metrics()
        self.routing = WriteRouting(self.pools, lambda: self.limits, clock, self.metrics)

    def take(self, pinned: int | None = None) -> int:
        """Store a load; the number of the database that took it."""
        with self.routing.choose(LOAD.files, load=LOAD, pinned=pinned) as ticket:
            ticket.written(LOAD)
            return ticket.database.number

    def fail(self, error: DatabaseUnavailableError) -> None:
        with self.routing.choose(LOAD.files, load=LOAD) as ticket:
            ticket.failed(error)

    def open_breaker(self, number: int) -> None:
        breaker = self.pools[number - 1].breaker
        for _ in range(5):
            breaker.settle(breaker.admit(), CallOutcome.FAILED)


@pytest.fixture
async def databases(clock: TestClock) -> Databases:
    built = Databases(clock)
    await built.routing.prepare()
    return built


async def test_it_is_left_before_it_is_full_and_then_all_are(databases: Databases) -> None:
    """Reservations add up: ten loads fit into each, then the next database, then nothing, said once (scenario 122)."""
    taken = [databases.take() for _ in range(20)]
    for _ in range(3):
        with pytest.raises(LibraryFullError):
            databases.take()

    assert taken == [1] * 10 + [2] * 10
    assert databases.metrics.registry.get_sample_value("file_filter_library_full") == 1
    assert databases.metrics.registry.get_sample_value("file_filter_write_switches_total") == 1


async def test_it_goes_on_by_itself_when_room_returns(databases: Databases) -> None:
    """A higher limit, or a measurement that finds room, ends the refusals without anybody's help."""
    for _ in range(20):
        databases.take()
    with pytest.raises(LibraryFullError):
        databases.take()
    databases.clock.advance(70)
    await databases.routing.measure()

    assert databases.take() == 2
    assert not databases.routing.is_full


async def test_a_failing_database_is_left_and_not_hurried_back_to(databases: Databases) -> None:
    """After a failure another one takes the files, and keeps taking them when the first one is well again."""
    assert databases.take() == 1
    databases.fail(DatabaseUnavailableError("no answer"))
    after_failure = databases.take()
    databases.clock.advance(REST_S + 1)

    assert (after_failure, databases.take()) == (2, 2)


async def test_a_full_database_is_not_asked_for_a_while(databases: Databases) -> None:
    """A refusal for want of space closes a database whatever its measured room says; alone, the library is full."""
    databases.limits = WriteLimits(LIMIT, auto_switch=False)
    databases.fail(DatabaseFullError("quota"))
    with pytest.raises(LibraryFullError):
        databases.take()
    databases.clock.advance(REST_S + 1)

    assert databases.take() == 1


async def test_one_that_came_back_waits_while_another_will_do(databases: Databases) -> None:
    """Preferred or pinned, a database is trusted again a minute after its breaker closed."""
    databases.limits = WriteLimits(LIMIT, preferred=1)
    databases.open_breaker(1)
    while_open = databases.take()
    databases.clock.advance(5)
    databases.pools[0].breaker.reset()
    just_back = (databases.take(), databases.take(pinned=1))
    databases.clock.advance(REST_S + 1)

    assert (while_open, just_back, databases.take()) == (2, (2, 2), 1)


async def test_without_switching_files_wait_for_their_database(databases: Databases) -> None:
    """By hand means by hand: the one that is full stays full, the one that is not measured is waited for."""
    databases.limits = WriteLimits(LIMIT, auto_switch=False, preferred=2)
    assert [databases.take() for _ in range(10)] == [2] * 10
    with pytest.raises(LibraryFullError):
        databases.take()


async def test_a_database_that_was_never_measured_takes_nothing(clock: TestClock) -> None:
    """Down at the start: the others take the files, and it takes them once it was measured (scenario 121)."""
    databases = Databases(clock)
    databases.stores[0].database_down = True
    await databases.routing.prepare()
    at_start = databases.take()
    databases.stores[0].database_down = False
    databases.limits = WriteLimits(LIMIT, preferred=1)
    unmeasured = databases.take()
    await databases.routing.measure(only_due=True)

    assert (at_start, unmeasured, databases.take()) == (2, 2, 1)


async def test_nothing_measured_is_an_outage_and_not_a_full_library(clock: TestClock) -> None:
    """While no database has answered, files wait; nobody is alarmed about space."""
    databases = Databases(clock)
    for store in databases.stores:
        store.database_down = True
    await databases.routing.prepare()

    with pytest.raises(DatabaseUnavailableError) as raised:
        databases.take()
    assert not isinstance(raised.value, DatabaseFullError)


async def test_what_nobody_settles_counts_as_stored(databases: Databases) -> None:
    """A task that ends in the middle of its insert leaves its room taken until the next measurement."""
    with pytest.raises(ZeroDivisionError), databases.routing.choose(10, load=LOAD):
        raise ZeroDivisionError

    assert databases.routing.status[0].used_bytes == LOAD.bytes


async def test_measurements_are_made_when_they_are_due(databases: Databases) -> None:
    """Every half minute, after a burst and after a return; not in between."""

    async def age() -> float | None:
        await databases.routing.measure(only_due=True)
        return databases.routing.status[0].measured_s_ago

    databases.clock.advance(20)
    not_yet = await age()
    databases.take()
    after_burst = await age()
    databases.clock.advance(3)
    databases.open_breaker(1)
    databases.clock.advance(3)
    databases.pools[0].breaker.reset()
    after_return = await age()
    databases.clock.advance(31)

    assert (not_yet, after_burst, after_return, await age()) == (20, 0, 0, 0)


async def test_the_loop_measures_by_itself_what_was_down_at_the_start(clock: TestClock) -> None:
    """A database that comes up after the start takes files within seconds, by the supervised loop (scenario 121)."""
    databases, tasks = Databases(clock), TaskRegistry(clock)
    databases.stores[0].database_down = True
    tasks.supervise(databases.routing.run, name="write_routing")
    await clock.wait_sleeping()
    is_open_at_start = [status.is_open for status in databases.routing.status]
    databases.stores[0].database_down = False
    clock.advance(2)
    await clock.wait_sleeping()
    await tasks.close(1)

    assert is_open_at_start == [False, True]
    assert [status.is_open for status in databases.routing.status] == [True, True]
