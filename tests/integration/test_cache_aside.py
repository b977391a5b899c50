"""Cache-aside on a real MongoDB and a real Valkey: a write is seen, however reads and outages fall around it."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from core.cache import keys
from core.cache.invalidation import CacheInvalidator
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.domain.user import User
from core.errors import DatabaseUnavailableError
from core.observability.metrics import Metrics
from repositories.user import UserRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock
    from tests.fixtures.servers import ValkeyServer

pytestmark = pytest.mark.servers

READER = User(7, "A", "a")


class HeldPool:
    """The real pool; the next `find_one` has its answer and is held with it until `release`."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool
        self._held = False
        self.has_read = asyncio.Event()
        self._go = asyncio.Event()
        self.reads = 0

    def hold(self) -> None:
        self._held = True

    def release(self) -> None:
        self._go.set()

    async def find_one(self, *args: Any, **options: Any) -> Any:
        self.reads += 1
        found = await self._pool.find_one(*args, **options)
        if self._held:
            self._held = False
            self.has_read.set()
            await self._go.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


class Process:
    """People and cache as one process has them."""

    def __init__(self, pool: Any, client: Any, clock: TestClock) -> None:
        self.client = client
        self.pool = HeldPool(pool)
        self.cache = RedisCache(client, Metrics(), clock)
        self.invalidator = CacheInvalidator(self.cache, clock)
        self.users = UserRepository(self.pool, self.cache, clock)  # type: ignore[arg-type]

    async def is_banned(self) -> bool:
        user = await self.users.get_user(READER.id)
        assert user is not None
        return user.is_banned


@pytest.fixture
async def start(
    pool: DatabaseConnectionPool, redis_url: str, clock: TestClock
) -> AsyncIterator[Callable[..., Process]]:
    """Starts a process on the test's MongoDB, and on the Valkey of the run or the one given."""
    async with AsyncExitStack() as stack:

        def begin(server: ValkeyServer | None = None) -> Process:
            client = build_redis_client(server.uri if server else redis_url)
            stack.push_async_callback(client.aclose)
            return Process(pool, client, clock)

        yield begin


@pytest.mark.parametrize("who_writes", ["reader", "another"])
async def test_a_read_that_began_before_a_ban_leaves_nothing_old_behind(
    start: Callable[..., Process], clock: TestClock, who_writes: str
) -> None:
    """Whoever read the person just before the ban may answer so, but stores it for nobody."""
    reader, third = start(), start()
    writer = reader if who_writes == "reader" else start()
    await writer.users.create_user(READER)
    reader.pool.hold()
    reading = asyncio.ensure_future(reader.is_banned())
    await reader.pool.has_read.wait()

    await writer.users.set_ban(READER.id, "spam")
    assert await writer.is_banned()
    reader.pool.release()
    assert not await reading

    assert await third.is_banned()
    if writer is not reader:
        clock.advance(5)
    assert await reader.is_banned()


async def test_a_read_held_longer_than_any_lease_stores_nothing(
    start: Callable[..., Process], clock: TestClock
) -> None:
    """A process that was stopped between reading and storing, for however long, does not bring the old value back."""
    reader, writer = start(), start()
    await writer.users.create_user(READER)
    reader.pool.hold()
    reading = asyncio.ensure_future(reader.is_banned())
    await reader.pool.has_read.wait()

    await writer.users.set_ban(READER.id, "spam")
    await writer.client.delete(keys.user(READER.id).name)  # the lease is gone, as after its four seconds
    reader.pool.release()
    await reading

    assert await start().is_banned()


async def test_no_interleaving_leaves_an_old_value(start: Callable[..., Process], clock: TestClock) -> None:
    """Three processes ban, lift and read at random: whenever they rest, a fresh process reads what the database has."""
    processes = [start() for _ in range(3)]
    await processes[0].users.create_user(READER)
    dice = random.Random(7)
    for turn in range(40):
        work: list[Any] = [dice.choice(processes).is_banned() for _ in range(6)]
        writer = dice.choice(processes).users
        change = writer.set_ban(READER.id, "spam") if turn % 2 else writer.unban(READER.id)
        work.insert(dice.randrange(len(work)), change)
        await asyncio.gather(*work)

        assert await start_cold(processes[0], clock).is_banned() == bool(turn % 2)
        clock.advance(5)
        assert {await process.is_banned() for process in processes} == {bool(turn % 2)}


def start_cold(like: Process, clock: TestClock) -> Process:
    return Process(like.pool, like.client, clock)


async def test_a_cached_person_costs_the_database_nothing(start: Callable[..., Process], clock: TestClock) -> None:
    """One process read them, another one finds them in Redis, for five minutes."""
    first, second = start(), start()
    await first.users.create_user(READER)
    assert await first.users.get_user(READER.id) == READER
    assert await second.users.get_user(READER.id) == READER

    assert (first.pool.reads, second.pool.reads) == (1, 0)
    assert 290 < await first.client.ttl(keys.user(READER.id).name) <= 300


async def test_a_ban_holds_though_redis_blinked(
    start: Callable[..., Process], valkey_server: ValkeyServer, clock: TestClock
) -> None:
    """Scenario 111: banned while Redis was frozen with the old value: obeyed here at once, then everywhere."""
    here, elsewhere = start(valkey_server), start(valkey_server)
    await here.users.create_user(READER)
    assert not await here.is_banned()  # and Redis has it so
    valkey_server.freeze()
    try:
        await here.users.set_ban(READER.id, "spam")
        assert await here.is_banned()
    finally:
        valkey_server.resume()

    assert await here.cache.ping()
    assert await here.is_banned()
    clock.advance(5)
    await here.invalidator.flush()
    assert not here.cache.owes(keys.user(READER.id))
    assert await elsewhere.is_banned()


async def test_a_ban_that_redis_never_heard_of_is_made_up_for(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """Redis was unreachable when the ban was stored: it keeps the old value until this process deletes it there."""
    client = stores.redis_client()
    here = Process(memory_pool, client, clock)
    await here.users.create_user(READER)
    assert not await here.is_banned()
    stores.redis_down = True
    await here.users.set_ban(READER.id, "spam")
    stores.redis_down = False

    assert not await start_cold(here, clock).is_banned()
    assert await here.is_banned()
    await here.invalidator.flush()
    assert await start_cold(here, clock).is_banned()
    await client.aclose()


async def test_a_write_whose_answer_was_lost_is_not_hidden_by_the_cache(start: Callable[..., Process]) -> None:
    """The caller is told that the outcome is unknown; what was cached before is forgotten all the same."""
    here = start()
    await here.users.create_user(READER)
    assert not await here.is_banned()
    write = here.pool._pool.find_one_and_update

    async def lose_the_answer(*args: Any, **options: Any) -> None:
        await write(*args, **options)
        raise DatabaseUnavailableError("no answer")

    here.pool.find_one_and_update = lose_the_answer  # type: ignore[attr-defined]
    with pytest.raises(DatabaseUnavailableError):
        await here.users.set_ban(READER.id, "spam")

    assert await here.is_banned()
    assert await start().is_banned()


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xff\xfe\x00",
        b"1:",
        b"1:{}",
        b"0:[7]",
        b'1:["A",null,null,null,null]',
        b"1:[7,1,2,3,4,5]",
        b'1:[7,"A",null,null,"never",null]',
        b'1:[7,"A",null,null,"2026-01-01T00:00:00",null]',
        b"lease:",
    ],
    ids=["empty", "foreign", "cut", "object", "older", "fewer", "types", "date", "zone", "lease"],
)
async def test_a_spoilt_value_heals(start: Callable[..., Process], clock: TestClock, junk: bytes) -> None:
    """Scenario 117: foreign, cut and old values are replaced at the first read, and the next one finds a good value."""
    here, elsewhere = start(), start()
    await here.users.create_user(READER)
    await here.client.set(keys.user(READER.id).name, junk, ex=4)

    assert await here.users.get_user(READER.id) == READER
    if junk.startswith(b"lease:"):
        return  # another process is about to store the value
    assert await elsewhere.users.get_user(READER.id) == READER
    assert elsewhere.pool.reads == 0


@pytest.mark.parametrize("command", [("LPUSH", "x"), ("HSET", "f", "v"), ("SADD", "x"), ("ZADD", 1, "x")])
async def test_a_value_of_a_wrong_type_heals(start: Callable[..., Process], command: tuple[Any, ...]) -> None:
    """Scenario 117: another kind of value under a person's key is removed, though it would never have expired."""
    here, elsewhere = start(), start()
    await here.users.create_user(READER)
    await here.client.execute_command(command[0], keys.user(READER.id).name, *command[1:])

    assert await here.users.get_user(READER.id) == READER
    assert await elsewhere.users.get_user(READER.id) == READER
    assert elsewhere.pool.reads == 0


async def test_a_stranger_becomes_known_at_once_everywhere(start: Callable[..., Process]) -> None:
    """That somebody is unknown is never cached: stored by one process, known to the next question of any other."""
    here, elsewhere = start(), start()
    assert await elsewhere.users.get_user(READER.id) is None
    await here.users.create_user(READER)

    assert await elsewhere.users.get_user(READER.id) == READER


async def test_a_stranger_costs_the_database_two_reads_and_then_nothing(
    start: Callable[..., Process], clock: TestClock
) -> None:
    """Whoever writes for the first time is looked up, stored, looked up once more, and from then on cached."""
    here = start()
    for _ in range(10):
        if await here.users.get_user(READER.id) is None:
            await here.users.create_user(READER)
        clock.advance(5)

    assert here.pool.reads == 2


async def test_many_forgotten_while_redis_is_gone_take_their_whole_family_along(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """What is owed is bounded: beyond that all people are forgotten once Redis is back, and nothing else is."""
    client = stores.redis_client()
    here = Process(memory_pool, client, clock)
    here.cache._owed._capacity = 5
    for number in range(1_200):
        await client.set(keys.user(number).name, b'1:[%d,"old",null,null,null,null]' % number, ex=300)
    await client.set(keys.session("ab" * 8).name, b"1:[]", ex=300)
    stores.redis_down = True
    for number in range(6):
        await here.users.create_user(User(number, "new"))
    stores.redis_down = False
    clock.advance(5)

    assert await here.users.get_user(3) == User(3, "new")  # not from Redis, though it answers again
    await here.invalidator.flush()
    assert await client.keys("ffb:user:*") == []
    assert await client.exists(keys.session("ab" * 8).name) == 1
    assert not here.cache._owed
    await client.aclose()


async def test_what_is_owed_ends_with_the_life_of_the_value(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """After five minutes no old value can be left, so that an endless outage costs no memory."""
    client = stores.redis_client()
    here = Process(memory_pool, client, clock)
    stores.redis_down = True
    await here.users.create_user(READER)
    clock.advance(299)
    await here.invalidator.flush()
    assert here.cache.owes(keys.user(READER.id))
    clock.advance(1)
    stores.redis_down = False
    await here.invalidator.flush()
    assert not here.cache.owes(keys.user(READER.id))
    await client.aclose()
