"""The circuit breaker of a database: when it opens, whom it lets through, how it closes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo import errors

from core.database.circuit_breaker import CallOutcome, CircuitBreaker, CircuitBreakerState, CircuitOpenError
from core.database.pool import DatabaseConnectionPool
from core.domain.database import BreakerLimits
from core.errors import DatabaseFullError, DatabaseUnavailableError, SearchTimeoutError
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock

ANSWERED, FAILED, UNKNOWN = CallOutcome.ANSWERED, CallOutcome.FAILED, CallOutcome.UNKNOWN
CLOSED, HALF_OPEN, OPEN = CircuitBreakerState.CLOSED, CircuitBreakerState.HALF_OPEN, CircuitBreakerState.OPEN


@pytest.fixture
def breaker(clock):
    return CircuitBreaker("database 2", clock)


def fail(breaker, times=5):
    for _ in range(times):
        breaker.settle(breaker.admit(), FAILED)


def admitted(breaker, callers=10):
    """The permits that so many callers at once are given."""
    permits = []
    for _ in range(callers):
        try:
            permits.append(breaker.admit())
        except CircuitOpenError:
            continue
    return permits


def test_five_failures_in_a_row_open_it(breaker):
    """Four do not, nor do five with an answer in between."""
    fail(breaker, 4)
    breaker.settle(breaker.admit(), ANSWERED)
    fail(breaker, 4)
    assert breaker.state is CLOSED
    fail(breaker, 1)
    assert breaker.state is OPEN
    with pytest.raises(CircuitOpenError):
        breaker.admit()


def test_calls_that_were_given_up_neither_open_nor_excuse(breaker):
    """A cancelled call says nothing: it is no failure and no answer."""
    fail(breaker, 4)
    for _ in range(20):
        breaker.settle(breaker.admit(), UNKNOWN)
    assert breaker.state is CLOSED
    fail(breaker, 1)
    assert breaker.state is OPEN


def test_three_probes_after_the_recovery_time_and_no_more(breaker, clock):
    """However many come at once, three find out whether the database is back (scenario 123)."""
    fail(breaker)
    clock.advance(299)
    assert admitted(breaker) == []
    clock.advance(1)
    assert len(admitted(breaker, 100)) == 3
    assert breaker.state is HALF_OPEN


def test_an_answered_probe_closes_it(breaker, clock):
    """One answer is enough, and failures of the other probes then belong to the past."""
    fail(breaker)
    clock.advance(300)
    first, *others = admitted(breaker)
    breaker.settle(first, ANSWERED)
    for permit in others:
        breaker.settle(permit, FAILED)
    assert breaker.state is CLOSED
    fail(breaker, 4)
    assert breaker.state is CLOSED


def test_a_failed_probe_opens_it_for_another_recovery_time(breaker, clock):
    """The wait begins anew, and a late answer of the other probes does not cut it short."""
    fail(breaker)
    clock.advance(300)
    first, second, third = admitted(breaker)
    breaker.settle(first, FAILED)
    breaker.settle(second, ANSWERED)
    breaker.settle(third, UNKNOWN)
    assert breaker.state is OPEN
    clock.advance(299)
    assert admitted(breaker) == []
    clock.advance(1)
    assert len(admitted(breaker)) == 3


def test_a_lost_probe_gives_its_place_back(breaker, clock):
    """Callers that are cancelled while probing do not lock everybody out."""
    fail(breaker)
    clock.advance(300)
    for _ in range(20):
        (permit, *_) = permits = admitted(breaker)
        assert len(permits) == 3
        for permit in permits:
            breaker.settle(permit, UNKNOWN)
    assert breaker.state is HALF_OPEN


def test_late_outcomes_of_an_earlier_state_change_nothing(breaker, clock):
    """Calls that began before it opened may end at any time, as they like."""
    late = [breaker.admit() for _ in range(20)]
    fail(breaker)
    breaker.settle(late.pop(), ANSWERED)
    assert breaker.state is OPEN
    clock.advance(300)
    (probe, *_) = admitted(breaker)
    for permit in late[:10]:
        breaker.settle(permit, FAILED)
        breaker.settle(late.pop(), UNKNOWN)
    assert (breaker.state, admitted(breaker)) == (HALF_OPEN, [])
    breaker.settle(probe, ANSWERED)
    assert breaker.state is CLOSED


def test_an_answered_ping_lets_probes_through_early(breaker, clock):
    """A database that is back is not left alone for the rest of five minutes; a silent one is."""
    fail(breaker)
    breaker.note_ping(answered=False)
    assert (breaker.state, admitted(breaker)) == (OPEN, [])
    breaker.note_ping(answered=True)
    assert len(admitted(breaker)) == 3
    breaker.note_ping(answered=True)
    assert (breaker.state, admitted(breaker)) == (HALF_OPEN, [])


def test_pings_alone_open_it(breaker):
    """A database that nobody uses is known to be down when it is needed."""
    for _ in range(5):
        breaker.note_ping(answered=False)
    assert breaker.state is OPEN


def test_an_admin_closes_it_at_once(breaker):
    """Whatever was seen is forgotten."""
    fail(breaker)
    breaker.reset()
    fail(breaker, 4)
    assert breaker.state is CLOSED


def test_changes_are_told_and_dated(clock):
    """Every new state is told once, in order, and its age is known."""
    told = []
    breaker = CircuitBreaker("database 2", clock, on_change=lambda name, state: told.append((name, state)))
    clock.advance(7)
    assert breaker.steady_s == 7
    fail(breaker)
    clock.advance(300)
    assert breaker.steady_s == 300
    breaker.settle(breaker.admit(), ANSWERED)
    assert told == [("database 2", state) for state in (OPEN, HALF_OPEN, CLOSED)]
    assert breaker.steady_s == 0


def test_limits_may_change_while_it_runs(clock):
    """They are read at every decision."""
    limits = BreakerLimits(max_failures=9)
    breaker = CircuitBreaker("database 2", clock, lambda: limits)
    fail(breaker, 2)
    limits = BreakerLimits(max_failures=3, recovery_timeout_s=10, half_open_calls=1)
    fail(breaker, 1)
    assert breaker.state is OPEN
    clock.advance(10)
    assert len(admitted(breaker)) == 1


@dataclass
class NaiveBreaker:
    """The same machine, written for the eye: it keeps every call and counts anew each time."""

    now: float = 0.0
    state: CircuitBreakerState = CLOSED
    opened_at: float = 0.0
    failures: int = 0
    probing: set = field(default_factory=set)
    valid: set = field(default_factory=set)

    def enter(self, state):
        self.state, self.failures, self.probing, self.valid = state, 0, set(), set()
        if state is OPEN:
            self.opened_at = self.now

    def admit(self, call):
        if self.state is OPEN and self.now >= self.opened_at + 300:
            self.enter(HALF_OPEN)
        if self.state is OPEN or (self.state is HALF_OPEN and len(self.probing) >= 3):
            return False
        self.valid.add(call)
        if self.state is HALF_OPEN:
            self.probing.add(call)
        return True

    def settle(self, call, outcome):
        if call not in self.valid:
            return
        if outcome is ANSWERED:
            self.failures = 0
            if self.state is HALF_OPEN:
                self.enter(CLOSED)
        elif outcome is FAILED:
            self.failures += 1
            if self.state is HALF_OPEN or self.failures == 5:
                self.enter(OPEN)
        else:
            self.probing.discard(call)

    def ping(self, answered):
        if self.state is CLOSED:
            self.valid.add("ping")
            self.settle("ping", ANSWERED if answered else FAILED)
        elif self.state is OPEN and answered:
            self.enter(HALF_OPEN)


STEPS = st.lists(
    st.one_of(
        st.just(("admit", None)),
        st.tuples(
            st.just("settle"), st.tuples(st.integers(0, 5), st.sampled_from([ANSWERED, FAILED, FAILED, UNKNOWN]))
        ),
        st.tuples(st.just("advance"), st.sampled_from([1.0, 150.0, 300.0])),
        st.tuples(st.just("ping"), st.booleans()),
    ),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_it_does_what_the_drawing_says(steps):
    """Any order of calls, outcomes, pings and time leads where a naive model leads; never are there four probes."""
    clock, model = TestClock(), NaiveBreaker()
    breaker = CircuitBreaker("database 2", clock)
    running = []
    for number, (kind, argument) in enumerate(steps):
        if kind == "admit":
            permits = admitted(breaker, 1)
            assert bool(permits) == model.admit(number)
            running += [(number, permit) for permit in permits]
        elif kind == "settle" and running:
            call, permit = running.pop(argument[0] % len(running))
            breaker.settle(permit, argument[1])
            model.settle(call, argument[1])
        elif kind == "advance":
            clock.advance(argument)
            model.now += argument
        elif kind == "ping":
            breaker.note_ping(answered=argument)
            model.ping(argument)
        assert breaker.state is model.state
        assert len(model.probing) <= 3


REFUSED = {"writeErrors": [{"code": 14031, "index": 0}]}
UNCONFIRMED = {"writeErrors": [], "writeConcernErrors": [{"code": 64}]}
DOWN = [
    errors.AutoReconnect("cut"),
    errors.NetworkTimeout("frozen"),
    errors.ServerSelectionTimeoutError("dead"),
    errors.WaitQueueTimeoutError("frozen, and a crowd waits"),
    errors.NotPrimaryError("stepped down", {"code": 189}),
    errors.WriteConcernError("majority", 64),
    errors.WTimeoutError("majority", 64),
    errors.BulkWriteError(UNCONFIRMED),
    errors.ExecutionTimeout("a write that the server cut", 50),
    errors.OperationFailure("unauthorized", 13),
    errors.InvalidOperation("closed"),
    TimeoutError(),
]
WELL = [
    errors.DuplicateKeyError("twice", 11000),
    errors.BulkWriteError({"writeErrors": [{"code": 11000, "index": 0}]}),
    errors.OperationFailure("bad hint", 2),
    errors.OperationFailure("no such command", 59),
]
FULL = [
    errors.OperationFailure("you are over your space quota", 8000),
    errors.OperationFailure("out of disk space", 14031),
    errors.BulkWriteError(REFUSED),
    errors.WriteError("out of disk space", 14031),
]


async def told(error, clock, times):
    """(the pool's errors, the state of its breaker) after an operation failed so a number of times."""
    pool = DatabaseConnectionPool("", "x", clock=clock, client_factory=InMemoryStores(clock).mongo_client)

    async def operation():
        raise error

    seen = []
    for _ in range(times):
        try:
            await pool.execute_with_retry(operation, idempotent=False, name="test")
        except (DatabaseUnavailableError, SearchTimeoutError, errors.PyMongoError) as raised:
            seen.append(type(raised))
    return seen, pool.breaker.state


def _name(error):
    return f"{type(error).__name__}-{getattr(error, 'code', None)}"


@pytest.mark.parametrize("error", DOWN, ids=_name)
async def test_dead_frozen_cut_and_unconfirmed_are_failures(clock, error):
    """No usable answer counts, whatever the driver calls it; at the sixth time the database is not asked."""
    seen, state = await told(error, clock, 6)
    assert (seen, state) == ([DatabaseUnavailableError] * 5 + [CircuitOpenError], OPEN)


@pytest.mark.parametrize("error", WELL, ids=_name)
async def test_an_answer_that_says_no_is_an_answer(clock, error):
    """Duplicates and bad commands come from a database that is well."""
    seen, state = await told(error, clock, 20)
    assert (seen, state) == ([type(error)] * 20, CLOSED)


@pytest.mark.parametrize("error", FULL, ids=_name)
async def test_a_full_database_is_read_on(clock, error):
    """It refuses writes and answers searches, so that its breaker stays closed."""
    seen, state = await told(error, clock, 20)
    assert (seen, state) == ([DatabaseFullError] * 20, CLOSED)


async def test_a_search_cut_by_its_own_limit_is_no_failure(clock):
    """A heavy query says nothing about the database."""
    seen, state = await told(SearchTimeoutError("heavy"), clock, 20)
    assert (seen, state) == ([SearchTimeoutError] * 20, CLOSED)
