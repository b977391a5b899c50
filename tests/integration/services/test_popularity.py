"""How often files are fetched, and what follows for searches."""

from __future__ import annotations

import pytest

from core.clock import Clock
from core.database.multi_pool import MultiDatabaseManager
from core.errors import DatabaseUnavailableError
from core.search.hashes import word_hash
from core.search.plan import SearchPlan
from core.services.popularity import Popularity
from repositories.media import MediaRepository
from tests.fixtures.media_stores import batches_on
from tests.fixtures.search_process import new_media

FAUST = SearchPlan((word_hash("faust"),))


@pytest.fixture
async def media(memory_pool):
    await batches_on(memory_pool).save_batch([new_media(n, f"Faust {n}.mkv") for n in (1, 2, 3)])
    return MediaRepository(MultiDatabaseManager([memory_pool], Clock()))


async def fetched(media):
    return {file.name: file.fetched for file in (await media.search_files(FAUST, 10)).files}


async def test_deliveries_are_added_up_and_stored_at_once(media, clock):
    """Three deliveries of one file and one of another are one write; a file that is gone is no error."""
    popularity = Popularity(media, clock)
    third, _, first = (file.id for file in (await media.search_files(FAUST, 10)).files)
    for media_id in (first, third, first, 12345, first):
        popularity.fetched(media_id)
    assert await fetched(media) == {"Faust 1.mkv": 0, "Faust 2.mkv": 0, "Faust 3.mkv": 0}

    await popularity.flush()
    await popularity.flush()

    assert await fetched(media) == {"Faust 1.mkv": 3, "Faust 2.mkv": 0, "Faust 3.mkv": 1}


async def test_an_outage_costs_what_was_on_its_way_alone(media, stores, clock):
    """Nothing is added twice, and counting goes on."""
    popularity = Popularity(media, clock)
    [media_id, *_] = [file.id for file in (await media.search_files(FAUST, 10)).files]
    popularity.fetched(media_id)
    stores.database_down = True
    with pytest.raises(DatabaseUnavailableError):
        await popularity.flush()
    stores.database_down = False
    popularity.fetched(media_id)
    await popularity.flush()

    assert (await fetched(media))["Faust 3.mkv"] == 1
