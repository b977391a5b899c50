"""Importing while databases come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.clock import Clock
from core.domain.indexing import BatchOutcome
from core.domain.library_import import DumpEntry, ImportTally, UnusableDumpError
from core.errors import DatabaseFullError, DatabaseUnavailableError
from core.services.import_fields import FieldMap
from core.services.library_import import LibraryImport
from core.telegram.file_ids import identity_of
from tests.fixtures.foreign_dump import auto_filter_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from core.domain.media import NewMedia


class HastyClock(Clock):
    """Nobody waits."""

    async def sleep(self, seconds: float) -> None:
        return


class Store:
    """Fails as often as it is told to, and then keeps what it is given."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.names: list[str] = []
        self.positions: list[str] = []

    async def __call__(self, files: Sequence[NewMedia]) -> BatchOutcome:
        if self.failures:
            raise self.failures.pop(0)
        self.names += [file.name for file in files]
        return BatchOutcome(len(files), 0)


async def batches(*records: list[dict[str, Any] | None]) -> AsyncIterator[list[DumpEntry]]:
    number = 0
    for batch in records:
        yield [DumpEntry(number + at, str(number + at), record) for at, record in enumerate(batch, start=1)]
        number += len(batch)


async def run(store: Store, *records: list[dict[str, Any] | None]) -> tuple[ImportTally, list[tuple[int, str]]]:
    refused: list[tuple[int, str]] = []
    tally = ImportTally()

    async def stored(position: str) -> None:
        store.positions.append(position)

    service = LibraryImport(
        add_files=store,
        identify=identity_of,
        names=FieldMap(),
        tell_refused=lambda number, reason: refused.append((number, reason)),
        clock=HastyClock(),
    )
    await service.run(batches(*records), tally, stored)
    return tally, refused


FILE = auto_filter_record(1, "Faust.mkv")


async def test_a_batch_is_stored_when_the_database_is_back() -> None:
    """And only then the position moves on."""
    store = Store(DatabaseUnavailableError("away"), DatabaseUnavailableError("away"))

    tally, refused = await run(store, [FILE, None], [FILE])

    assert store.names == ["Faust.mkv", "Faust.mkv"]
    assert (store.positions, refused) == (["2", "3"], [(2, "unreadable")])
    assert (tally.read, tally.new, tally.refused) == (3, 2, {"unreadable": 1})


@pytest.mark.parametrize("failures", [[DatabaseUnavailableError("away")] * 7, [DatabaseFullError("full")]])
async def test_an_outage_that_lasts_ends_the_import_where_it_is(failures: list[Exception]) -> None:
    """A database that is full is not waited for."""
    store = Store(*failures)

    with pytest.raises(DatabaseUnavailableError):
        await run(store, [FILE])

    assert (store.positions, store.names, store.failures) == ([], [], [])


async def test_only_a_first_batch_without_a_file_is_nonsense() -> None:
    """Later ones may be bad from the first to the last record."""
    with pytest.raises(UnusableDumpError, match="none of the first 2 records is a file: 2 unreadable"):
        await run(Store(), [None, None], [FILE])

    tally, _ = await run(Store(), [FILE], [None, None])

    assert (tally.read, tally.new) == (3, 1)
