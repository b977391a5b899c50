"""Who is written to next, and what is known of everybody up to the cursor."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.cache.redis_cache import RedisCache
from core.clock import Clock
from core.database.pool import DatabaseConnectionPool
from core.domain.audience import Segment
from core.domain.broadcast import Broadcast, BroadcastState, Snapshot
from core.observability.metrics import Metrics
from core.services.broadcast_crowd import Crowd
from repositories.audience import AudienceRepository
from repositories.user import UserRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BROADCAST = Broadcast("a" * 16, 1, "en", Segment(), Snapshot("Hello"), 3, False, BroadcastState.RUNNING, NOON, 9)
PEOPLE = list(range(100, 1300))


@pytest.fixture
def stores() -> InMemoryStores:
    return InMemoryStores(Clock())


@pytest.fixture
async def audience(stores: InMemoryStores) -> AsyncIterator[AudienceRepository]:
    """Twelve hundred people."""
    clock, redis = Clock(), stores.redis_client()
    pool = DatabaseConnectionPool("", "memory", clock=clock, client_factory=stores.mongo_client)
    await pool.insert_many("users", [{"_id": user_id, "first_name": "Somebody"} for user_id in PEOPLE])
    users = UserRepository(pool, RedisCache(redis, Metrics(), clock), clock)
    yield AudienceRepository(pool, users, clock, ZoneInfo("UTC"))
    await redis.aclose()
    await pool.close()


async def drained(crowd: Crowd) -> list[int]:
    """Everybody whom one caller gets, each settled at once."""
    found = []
    while (user_id := await crowd.next()) is not None:
        found.append(user_id)
        crowd.settle(user_id)
    return found


async def test_many_callers_get_everybody_once(audience: AudienceRepository) -> None:
    """Page by page, however many ask at the same time."""
    crowd = Crowd(BROADCAST, audience, Clock())

    found = await asyncio.gather(*(drained(crowd) for _ in range(40)))

    assert sorted(user_id for part in found for user_id in part) == PEOPLE
    assert crowd.is_done
    assert crowd.unsettled == []


async def test_whoever_goes_on_begins_with_those_of_whom_nothing_was_known(audience: AudienceRepository) -> None:
    """Behind a cursor nobody is tried again but the unsettled, and they come first."""
    crowd = Crowd(replace(BROADCAST, cursor=1290, unsettled=(100, 1200)), audience, Clock())

    found = await drained(crowd)

    assert found == [100, 1200, *range(1291, 1300)]


async def test_who_was_put_off_is_unsettled_until_tried_again(audience: AudienceRepository) -> None:
    """At every moment everybody up to the cursor is settled or named."""
    crowd = Crowd(replace(BROADCAST, cursor=1297), audience, Clock())
    first, second = await crowd.next(), await crowd.next()
    assert (first, second, crowd.cursor) == (1298, 1299, 1299)
    assert sorted(crowd.unsettled) == [1298, 1299]

    crowd.put_off(1298, 0.02)
    crowd.settle(1299)

    assert crowd.unsettled == [1298]
    assert not crowd.is_done
    assert await drained(crowd) == [1298]
    assert crowd.is_done


async def test_after_a_halt_nobody_is_handed_out_and_waiting_ends(audience: AudienceRepository) -> None:
    """Whoever waits for somebody who was put off for an hour is let go at once."""
    crowd = Crowd(replace(BROADCAST, cursor=1298), audience, Clock())
    user_id = await crowd.next()
    assert user_id == 1299
    crowd.put_off(user_id, 3600)
    waiting = asyncio.ensure_future(crowd.next())
    await asyncio.sleep(0)

    crowd.halt()

    assert await asyncio.wait_for(waiting, 1) is None
    assert crowd.unsettled == [1299]


async def test_a_rest_holds_everybody_up_for_so_long(audience: AudienceRepository) -> None:
    """When Telegram puts off several chats in a row, nobody else is tried meanwhile."""
    clock = Clock()
    crowd = Crowd(replace(BROADCAST, cursor=1298), audience, clock)
    began = clock.monotonic()

    crowd.rest(0.1)

    assert await crowd.next() == 1299
    assert clock.monotonic() - began >= 0.1


async def test_a_database_that_is_away_is_waited_for(
    audience: AudienceRepository, stores: InMemoryStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage ends no broadcast: nobody is taken for the last."""
    monkeypatch.setattr("core.services.broadcast_crowd._RETRY_S", 0.08)
    crowd = Crowd(replace(BROADCAST, cursor=1298), audience, Clock())
    stores.database_down = True
    waiting = asyncio.ensure_future(crowd.next())
    done, _ = await asyncio.wait((waiting,), timeout=0.1)
    assert not done

    stores.database_down = False

    assert await asyncio.wait_for(waiting, 5) == 1299


def test_the_number_of_a_message_is_the_same_for_ever() -> None:
    """What a killed process sent is recognised by its successor, and nobody shares a number."""
    numbers = {BROADCAST.random_id_for(user_id) for user_id in PEOPLE}

    assert len(numbers) == len(PEOPLE)
    assert all(0 < number < 1 << 63 for number in numbers)
    assert BROADCAST.random_id_for(7) == 8515285393640034894
    assert replace(BROADCAST, id="b" * 16).random_id_for(7) != BROADCAST.random_id_for(7)
