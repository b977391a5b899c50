"""The account of a database's room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.database.capacity import LAG_S, REWRITTEN, SpaceLedger, WriteLoad, index_bytes, usual_load
from core.domain.database import DatabaseSize

EMPTY = DatabaseSize(0, 0, 0)
LOAD = WriteLoad(10, 3_000, 5_000)


def read(ledger: SpaceLedger, size: DatabaseSize, at: float, recent_files: int = 0) -> None:
    ledger.measured(ledger.mark(), size, recent_files, at)


def store(ledger: SpaceLedger, load: WriteLoad, at: float) -> None:
    ledger.reserve(load)
    ledger.charge(load, load, at)


def test_room_is_taken_before_the_insert_and_given_back_when_nothing_came_of_it() -> None:
    """A reservation counts at once, and a released one no more."""
    ledger = SpaceLedger()
    read(ledger, EMPTY, 0)
    ledger.reserve(LOAD)
    reserved = ledger.used()
    ledger.release(LOAD)

    assert (reserved, ledger.used()) == (LOAD.bytes, 0)


def test_what_is_inserted_counts_as_much_as_its_reservation() -> None:
    """Charging what was reserved changes nothing of the room."""
    ledger = SpaceLedger()
    read(ledger, EMPTY, 0)
    store(ledger, LOAD, 1)

    assert ledger.used() == LOAD.bytes


def test_indexes_stay_counted_until_a_reading_must_show_them() -> None:
    """A reading right after the insert shows its documents and not its indexes, one after the lag shows both.

    (scenario 122)
    """
    ledger = SpaceLedger()
    read(ledger, EMPTY, 0)
    store(ledger, LOAD, 10)
    read(ledger, DatabaseSize(LOAD.data_bytes, 0, 10), 11, recent_files=10)
    soon = ledger.used()
    read(ledger, DatabaseSize(LOAD.data_bytes, 4_000, 10, 2_000), 12 + LAG_S)

    assert soon == LOAD.bytes
    assert ledger.used() == LOAD.data_bytes + 4_000


def test_files_of_an_earlier_process_are_counted_by_their_number() -> None:
    """Whoever inserted them: files younger than the lag have indexes that the reading may not show."""
    ledger = SpaceLedger()
    read(ledger, DatabaseSize(3_000, 0, 10), 0, recent_files=10)

    assert ledger.used() == 3_000 + usual_load(10).index_bytes * REWRITTEN


def test_own_files_are_not_counted_twice() -> None:
    """A young file that this process has charged is no stranger."""
    ledger = SpaceLedger()
    read(ledger, EMPTY, 0)
    store(ledger, LOAD, 1)
    read(ledger, DatabaseSize(LOAD.data_bytes, 0, 10), 2, recent_files=10)

    assert ledger.used() == LOAD.bytes


def test_a_dense_index_may_double_and_a_rewritten_one_does_not() -> None:
    """The next files may have every page written anew, unless that has happened already."""
    ledger = SpaceLedger()
    read(ledger, DatabaseSize(0, 1_000, 5_000, 0), 0)
    dense = ledger.used()
    read(ledger, DatabaseSize(0, 2_000, 5_000, 1_000), 100)

    assert (dense, ledger.used()) == (2_000, 2_000)


def test_what_is_inserted_during_a_reading_is_not_lost() -> None:
    """An insert between the beginning and the end of a reading counts, whether the reading saw it or not."""
    ledger = SpaceLedger()
    mark = ledger.mark()
    store(ledger, LOAD, 1)
    ledger.measured(mark, EMPTY, 0, 0)

    assert ledger.used() == LOAD.bytes


steps = st.lists(
    st.tuples(st.sampled_from(["reserve", "settle", "drop", "read"]), st.integers(1, 50), st.floats(0.1, 90)),
    max_size=60,
)


@given(steps)
def test_the_account_is_never_below_the_truth(taken: list[tuple[str, int, float]]) -> None:
    """Whatever readings, inserts and releases come in whatever order, no more is free than really is.

    The model's server shows documents at once and indexes after the longest lag; their true size is the estimate.
    """
    ledger, now = SpaceLedger(), 0.0
    inserted: list[tuple[float, WriteLoad]] = []
    open_loads: list[WriteLoad] = []
    read(ledger, EMPTY, now)
    for step, files, passed in taken:
        now += passed
        if step == "reserve":
            open_loads.append(WriteLoad(files, files * 300, index_bytes(files, files * 9)))
            ledger.reserve(open_loads[-1])
        elif step == "settle" and open_loads:
            load = open_loads.pop()
            ledger.charge(load, load, now)
            inserted.append((now, load))
        elif step == "drop" and open_loads:
            ledger.release(open_loads.pop())
        elif step == "read":
            data = sum(load.data_bytes for _, load in inserted)
            shown = sum(load.index_bytes for at, load in inserted if at < now - LAG_S + 1)
            recent = sum(load.files for at, load in inserted if at >= now - LAG_S)
            read(ledger, DatabaseSize(data, shown, sum(load.files for _, load in inserted)), now, recent)
        truth = sum(load.bytes for _, load in inserted) + sum(load.bytes for load in open_loads)
        assert ledger.used() >= truth - len(inserted) - 1
