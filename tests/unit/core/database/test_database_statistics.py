"""The size of a database while its indexes come and go."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import CursorNotFound, OperationFailure

from core.database.database_statistics import statistics_of
from core.domain.database import DatabaseSize

SIZES = {"dataSize": 5_000, "indexSize": 800}


class Server:
    """A database that answers dbStats, or refuses to look into its indexes."""

    def __init__(self, refusal: OperationFailure | None) -> None:
        self._refusal = refusal

    async def command(self, name: str, **options: int) -> dict[str, Any]:
        assert name == "dbStats"
        if not options.get("freeStorage"):
            return SIZES
        if self._refusal is not None:
            raise self._refusal
        return SIZES | {"indexFreeStorageSize": 100}


async def test_a_database_is_measured_while_an_index_is_held() -> None:
    """The size is known during the build of an index, whose free part is then estimated."""
    held = CursorNotFound("unable to open cursor ... reason: Device or resource busy", 43)

    size = DatabaseSize.from_statistics(await statistics_of(Server(held)), 7)

    assert size == DatabaseSize(data_bytes=5_000, index_bytes=800, files=7, index_free_bytes=400)


async def test_an_idle_database_tells_its_free_part() -> None:
    """Nothing is estimated of a database that says it."""
    size = DatabaseSize.from_statistics(await statistics_of(Server(None)), 7)

    assert size.index_free_bytes == 100


async def test_other_refusals_are_not_asked_around() -> None:
    """Whoever may not ask is told so."""
    with pytest.raises(OperationFailure):
        await statistics_of(Server(OperationFailure("not authorized", 13)))
