"""Commands of many callers in one round trip, on a real Valkey."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from core.cache.command_batch import CommandBatch
from core.cache.redis_client import build_redis_client
from core.clock import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from tests.fixtures.servers import ValkeyServer


class Counted:
    """A real client that counts its pipelines."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self.pipelines = 0

    def pipeline(self, **options: Any) -> Any:
        self.pipelines += 1
        return self._client.pipeline(**options)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    opened = build_redis_client(redis_url)
    yield opened
    await opened.aclose()


async def test_a_crowd_shares_round_trips_and_everybody_gets_their_own_answer(client: Redis) -> None:
    """A hundred callers at once cost a few round trips, and no answer goes to a neighbour."""
    await client.mset({f"key{n}": f"value{n}" for n in range(100)})
    counted = Counted(client)
    batch = CommandBatch(counted, Clock())  # type: ignore[arg-type]

    answers = await asyncio.gather(*(batch.execute("GET", f"key{n}") for n in range(100)))

    assert answers == [b"value%d" % n for n in range(100)]
    assert counted.pipelines < 10


async def test_a_refused_command_fails_its_caller_alone(client: Redis) -> None:
    """A command on a value of a wrong type is an error for who sent it, and for nobody beside it."""
    await client.rpush("list", "item")
    await client.set("text", "fine")
    batch = CommandBatch(client, Clock())

    refused, fine = await asyncio.gather(
        batch.execute("GET", "list"), batch.execute("GET", "text"), return_exceptions=True
    )

    assert isinstance(refused, ResponseError)
    assert fine == b"fine"


async def test_a_caller_that_gives_up_amid_the_round_trip_leaves_nobody_waiting(valkey_server: ValkeyServer) -> None:
    """When the caller that makes the round trip is cancelled, the others learn it at once, and the next ones go on."""
    client = build_redis_client(valkey_server.uri)
    batch = CommandBatch(client, Clock())
    await batch.execute("SET", "key", "value")
    valkey_server.freeze()
    leader = asyncio.create_task(batch.execute("GET", "key"))
    follower = asyncio.create_task(batch.execute("GET", "key"))
    for _ in range(5):
        await asyncio.sleep(0)

    leader.cancel()

    with pytest.raises(RedisConnectionError):
        await asyncio.wait_for(follower, 0.5)
    valkey_server.resume()
    assert await batch.execute("GET", "key") == b"value"
    await client.aclose()
