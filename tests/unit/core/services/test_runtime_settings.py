"""Runtime settings in force: durable changes, followed by every process, never stopped by a database."""

from __future__ import annotations

import asyncio

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.errors import DatabaseUnavailableError
from core.services.runtime_settings import RuntimeSettingsService


class Store:
    """What the database keeps, shared by the processes of a test; `down` refuses."""

    def __init__(self) -> None:
        self.values: dict = {}
        self.changed_by: dict = {}
        self.down = False
        self.reads = 0

    async def get_all(self):
        self._answer()
        self.reads += 1
        return dict(self.values)

    async def put(self, name, value, by):
        self._answer()
        self.values[name] = value
        self.changed_by[name] = by

    async def seed(self, values):
        self._answer()
        for name, value in values.items():
            self.values.setdefault(name, value)

    def _answer(self):
        if self.down:
            raise DatabaseUnavailableError


@pytest.fixture
def store():
    return Store()


@pytest.fixture
async def tasks(clock):
    registry = TaskRegistry(clock)
    yield registry
    await registry.close(5)


@pytest.fixture
def service(store, clock, tasks):
    return RuntimeSettingsService(store, {"NON_PREMIUM_DAILY_LIMIT": "3", "PORT": "1"}, clock, tasks)


async def test_the_environment_seeds_once_and_then_the_store_rules(service, store, clock, tasks):
    """A variable seeds at the first start; a later start obeys what an admin changed."""
    await service.load()
    assert store.values == {"non_premium_daily_limit": 3}
    await service.change("non_premium_daily_limit", "25", by=7)

    restarted = RuntimeSettingsService(store, {"NON_PREMIUM_DAILY_LIMIT": "3"}, clock, tasks)
    await restarted.load()

    assert restarted.current.non_premium_daily_limit == 25
    assert store.changed_by == {"non_premium_daily_limit": 7}


async def test_a_change_is_in_force_at_once_and_counted(service):
    """Scenario 131: whoever reads `current` next sees the change, and the version tells caches."""
    await service.load()
    before = service.version
    changed = await service.change("result_page_size", 5, by=7)
    assert changed is service.current
    assert (service.current.result_page_size, service.version) == (5, before + 1)


@pytest.mark.parametrize(("name", "value"), [("result_page_size", "abc"), ("result_page_size", 500), ("nonsense", 1)])
async def test_a_bad_change_is_refused_and_changes_nothing(service, store, name, value):
    """Scenario 130: a value of a wrong type or out of bounds is neither stored nor obeyed."""
    await service.load()
    before = (dict(store.values), service.current)
    with pytest.raises(ValueError, match=r"."):
        await service.change(name, value, by=7)
    assert (store.values, service.current) == before


async def test_a_change_that_could_not_be_stored_is_not_obeyed(service, store):
    """Durable first: with the database gone the admin is told, and the old value stays."""
    await service.load()
    store.down = True
    with pytest.raises(DatabaseUnavailableError):
        await service.change("result_page_size", 5, by=7)
    assert service.current.result_page_size == 10


async def test_another_process_follows_within_two_seconds(service, store, clock, tasks):
    """A change made elsewhere is in force after the next look, without a restart."""
    await service.load()
    other = RuntimeSettingsService(store, {}, clock, tasks)
    await other.load()
    await service.change("protect_content", "on", by=7)

    await _look_again(clock, store)

    assert other.current.protect_content


async def test_a_database_down_at_start_leaves_defaults_and_the_environment(service, store, clock):
    """The bot starts without its database and obeys the store as soon as that answers."""
    store.down = True
    store.values["result_page_size"] = 4
    await service.load()
    assert not service.is_loaded
    assert (service.current.non_premium_daily_limit, service.current.result_page_size) == (3, 10)

    await clock.wait_sleeping()
    store.down = False
    await _look_again(clock, store)

    assert service.is_loaded
    assert (service.current.non_premium_daily_limit, service.current.result_page_size) == (3, 4)


async def test_a_spoilt_stored_value_does_not_stop_anything(service, store):
    """Scenario 130: a hand-edited value that makes no sense keeps the default."""
    store.values = {"result_page_size": "abc", "count_limit": 500}
    await service.load()
    assert (service.current.result_page_size, service.current.count_limit) == (10, 500)


async def test_an_old_reading_never_undoes_a_change(service, store, monkeypatch):
    """A look that began before a change and ended after it is thrown away."""
    await service.load()
    store.values["count_limit"] = 500
    read, change_made = asyncio.Event(), asyncio.Event()

    async def slow_get_all():
        values = dict(store.values)
        read.set()
        await change_made.wait()
        return values

    monkeypatch.setattr(store, "get_all", slow_get_all)
    look = asyncio.create_task(service.refresh())
    await read.wait()
    await service.change("result_page_size", 5, by=7)
    change_made.set()
    await look

    assert service.current.result_page_size == 5


async def _look_again(clock, store):
    """Let every process take one more look."""
    await clock.wait_sleeping()
    waiting = clock.sleeping
    clock.advance(2)
    await clock.wait_sleeping(waiting)
