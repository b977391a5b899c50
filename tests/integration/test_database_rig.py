"""Every fault of the rig is what its name says, and heals."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pymongo
import pytest
import redis
from pymongo import errors

from tests.fixtures.database_rig import SLOW_S
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.database_rig import DatabaseRig, Fault, RigServers

pytestmark = pytest.mark.servers
RIG_MONGODS = 2
PATIENCE_MS, IMPATIENCE_MS = 10_000, 300
NO_RETRY = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
GONE: list[Fault] = ["down", "refused", "stalled"]


def mongod(rig: DatabaseRig, number: int, patience_ms: int) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(rig.uri(number), timeoutMS=patience_ms, retryReads=False, retryWrites=False)


async def insert(rig: DatabaseRig, number: int, document: dict[str, Any]) -> None:
    def run() -> None:
        with mongod(rig, number, PATIENCE_MS) as client:
            client.rig.things.insert_one(document)

    await asyncio.to_thread(run)


async def read(rig: DatabaseRig, number: int, patience_ms: int = PATIENCE_MS) -> list[dict[str, Any]]:
    def run() -> list[dict[str, Any]]:
        with mongod(rig, number, patience_ms) as client:
            return list(client.rig.things.find())

    return await asyncio.to_thread(run)


async def in_valkey(rig: DatabaseRig, run: Callable[[redis.Redis], Any], patience_ms: int = PATIENCE_MS) -> Any:
    def with_client() -> Any:
        with redis.Redis.from_url(rig.redis_url, socket_timeout=patience_ms / 1000, retry=NO_RETRY) as client:
            return run(client)

    return await asyncio.to_thread(with_client)


@pytest.fixture(autouse=True)
def _empty(rig_servers: RigServers) -> None:
    """Every test finds empty stores."""
    for server in rig_servers.mongods:
        with pymongo.MongoClient[dict[str, Any]](server.uri) as client:
            client.drop_database("rig")
    with redis.Redis(port=rig_servers.valkey.port) as client:
        client.flushall()


@pytest.mark.parametrize("fault", GONE)
async def test_a_mongod_that_is_gone_is_alone_and_keeps_its_data(rig: DatabaseRig, fault: Fault) -> None:
    """One store is out of reach while the other serves, and its data is there when it is healed."""
    await insert(rig, 0, {"_id": 1})
    await insert(rig, 1, {"_id": 2})
    await rig.fail("mongo0", fault)
    with pytest.raises((errors.ServerSelectionTimeoutError, errors.NetworkTimeout)):
        await read(rig, 0, IMPATIENCE_MS)
    assert await read(rig, 1) == [{"_id": 2}]
    await rig.heal("mongo0")
    assert await read(rig, 0) == [{"_id": 1}]


@pytest.mark.parametrize("fault", GONE)
async def test_a_valkey_that_is_gone_comes_back(rig: DatabaseRig, fault: Fault) -> None:
    """Commands fail while the fault lasts; only a killed Valkey forgets."""
    await in_valkey(rig, lambda client: client.set("a", 1))
    await rig.fail("valkey", fault)
    with pytest.raises((redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)):
        await in_valkey(rig, lambda client: client.get("a"), IMPATIENCE_MS)
    await rig.heal()
    assert await in_valkey(rig, lambda client: client.get("a")) == (None if fault == "down" else b"1")


def codes_of_writes(rig: DatabaseRig, number: int) -> list[int | None]:
    """The error of each kind of write, None for one that succeeded."""
    with mongod(rig, number, PATIENCE_MS) as client:
        things = client.rig.things
        writes: list[Callable[[], object]] = [
            lambda: things.insert_one({"_id": 2}),
            lambda: things.update_one({"_id": 1}, {"$set": {"a": 1}}),
            lambda: things.find_one_and_update({"_id": 1}, {"$set": {"a": 1}}),
            lambda: things.delete_one({"_id": 1}),
        ]
        return [_code(write) for write in writes]


def _code(write: Callable[[], object]) -> int | None:
    try:
        write()
    except errors.OperationFailure as refused:
        return refused.code
    return None


async def test_a_full_mongod_refuses_writes_and_serves_reads(rig: DatabaseRig) -> None:
    """Inserts, updates and deletes are answered with OutOfDiskSpace until the store is healed."""
    await insert(rig, 0, {"_id": 1})
    await rig.fail("mongo0", "full")
    assert await asyncio.to_thread(codes_of_writes, rig, 0) == [14031] * 4
    assert await read(rig, 0) == [{"_id": 1}]
    await rig.heal()
    assert await asyncio.to_thread(codes_of_writes, rig, 0) == [None] * 4


async def test_a_full_valkey_refuses_writes_and_serves_reads(rig: DatabaseRig) -> None:
    """Writes are answered with OOM, also when what is stored has an expiry and could be evicted."""
    await in_valkey(rig, lambda client: client.set("a", 1, ex=60))
    await rig.fail("valkey", "full")
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        await in_valkey(rig, lambda client: client.set("b", 1))
    assert await in_valkey(rig, lambda client: client.get("a")) == b"1"
    await rig.heal()
    assert await in_valkey(rig, lambda client: client.set("b", 1)) is True


async def test_a_slow_mongod_answers_late(rig: DatabaseRig) -> None:
    """A round trip takes 0.8 s longer: too late for who is impatient, right for who waits."""
    await insert(rig, 0, {"_id": 1})
    await rig.fail("mongo0", "slow")
    with pytest.raises((errors.ServerSelectionTimeoutError, errors.NetworkTimeout)):
        await read(rig, 0, IMPATIENCE_MS)
    with Stopwatch() as slow:
        assert await read(rig, 0, 20_000) == [{"_id": 1}]
    await rig.heal()
    with Stopwatch() as healed:
        assert await read(rig, 0) == [{"_id": 1}]
    assert healed.seconds < SLOW_S < slow.seconds


async def test_a_cut_store_breaks_once(rig: DatabaseRig) -> None:
    """The connection that was open is gone, the next one works without healing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.proxies["valkey"].port)
    writer.write(b"PING\r\n")
    assert await reader.readline() == b"+PONG\r\n"
    await rig.fail("valkey", "cut")
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    assert await in_valkey(rig, lambda client: client.ping())


async def test_a_flapping_store_comes_and_goes(rig: DatabaseRig) -> None:
    """It fails and answers in turn until it is healed, and then answers for good."""
    await rig.fail("valkey", "flapping")
    answered: list[bool] = []
    async with asyncio.timeout(10):
        while not any(a and not b for a, b in itertools.pairwise(answered)):
            with suppress(redis.exceptions.ConnectionError):
                answered.append(bool(await in_valkey(rig, lambda client: client.ping())))
                continue
            answered.append(False)
    await rig.heal()
    for _ in range(20):
        assert await in_valkey(rig, lambda client: client.ping())


async def test_index_builds_can_be_held(rig_servers: RigServers) -> None:
    """A build begins and does not end before it is released, and the collection serves meanwhile."""
    server = rig_servers.mongods[0]
    with pymongo.MongoClient[dict[str, Any]](server.uri) as client:
        things = client.rig.things
        things.insert_one({"_id": 1, "a": 1})
        server.hold_index_builds()
        try:
            late = (errors.NetworkTimeout, errors.WTimeoutError, errors.ExecutionTimeout)  # whoever notices first
            with pytest.raises(late), pymongo.timeout(1.0):
                await asyncio.to_thread(things.create_index, "a", name="a")
            assert things.find_one() == {"_id": 1, "a": 1}
            with pytest.raises(errors.OperationFailure, match="hint"):
                list(things.find(hint="a"))
        finally:
            server.release_index_builds()
        assert things.create_index("a", name="a") == "a"
        assert list(things.find(hint="a")) == [{"_id": 1, "a": 1}]
