"""Batches that are inserted without asking first what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.search.words import file_words
from repositories.media import MediaRepository
from tests.fixtures.media_stores import batches_on
from tests.fixtures.search_process import new_media

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from core.database.pool import DatabaseConnectionPool
    from core.domain.media import NewMedia
    from repositories.media_batch import MediaBatchRepository


def posts(*numbers: int) -> list[NewMedia]:
    return [new_media(number, f"Film {number}.mkv") for number in numbers]


class Asked:
    """Counts the questions for known files."""

    def __init__(self, batches: MediaBatchRepository, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        ask = batches.batch_duplicate_check

        async def counted(unique_ids: Sequence[str]) -> object:
            self.times += 1
            return await ask(unique_ids)

        monkeypatch.setattr(batches, "batch_duplicate_check", counted)


async def test_what_is_known_is_seen_by_the_unique_index(
    either_pool: DatabaseConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a batch of nothing but new files the next one is inserted at once, and still counted and told apart."""
    await ensure_indexes(either_pool)
    batches = batches_on(either_pool)
    asked = Asked(batches, monkeypatch)
    media = MediaRepository(MultiDatabaseManager([either_pool], Clock()))

    first = await batches.save_batch(posts(1, 2, 3))
    moved = [new_media(1, "Film 1.mkv"), new_media(2, "Film 2.mkv"), *posts(4)]
    second = await batches.save_batch(moved)
    third = await batches.save_batch(posts(4, 5))

    assert [(outcome.new, outcome.known) for outcome in (first, second, third)] == [(3, 0), (1, 2), (1, 1)]
    assert (second.words, third.words) == ({"film": 1, "4": 1, "mkv": 1}, {"film": 1, "5": 1, "mkv": 1})
    assert asked.times == 2  # not before the second, whose known files make the third ask again
    assert [(await media.get_by_unique_id(f"u{number}")) is not None for number in range(1, 7)] == [True] * 5 + [False]


async def test_words_that_were_read_before_are_those_that_are_stored(either_pool: DatabaseConnectionPool) -> None:
    """They are not read again, for the right file each."""
    await ensure_indexes(either_pool)
    batches, files = batches_on(either_pool), posts(1, 2)

    outcome = await batches.save_batch(files, words=[["moon"], file_words("Film 2.mkv")])

    assert outcome.words == {"moon": 1, "film": 1, "2": 1, "mkv": 1}
    stored = await either_pool.find("media_files", {}, projection={"u": 1, "h": 1})
    assert {document["u"]: len(document["h"]) for document in stored} == {"u1": 1, "u2": 4}
