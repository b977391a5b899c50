"""Roles and bans, where stores fail, processes differ, and somebody was banned who may not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.cache.redis_cache import RedisCache
from core.domain.permission import Permission, Role
from core.domain.user import User
from core.errors import BannedError, DatabaseUnavailableError, NotPermittedError
from core.observability.metrics import Metrics
from core.services.access import AccessService
from core.services.audit_log import AuditLog
from core.services.ban import BanNotices, BanService
from core.services.roles import RoleService
from repositories.audit_log import AuditLogRepository
from repositories.ban import BanRepository
from repositories.role import RoleRepository
from repositories.user import UserRepository
from tests.fixtures.bookkeeping import counters_on

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

OWNER, ADMIN, CAROL, ANN = 1, 2, 30, 31


class Process:
    """What one process of the bot knows of people; another one shares the stores with it."""

    def __init__(self, pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock) -> None:
        self.cache = RedisCache(stores.redis_client(), Metrics(), clock)
        self.users = UserRepository(pool, self.cache, clock)
        audit = AuditLog(AuditLogRepository(pool), clock)
        self.roles = RoleService(self.users, RoleRepository(pool), (OWNER, ADMIN), audit)
        self.bans = BanService(self.users, BanRepository(pool), self.roles, audit)
        self.notices = BanNotices(self.cache, clock)
        self.access = AccessService(self.users, counters_on(pool, clock), clock, clock.utc_now().tzinfo, (OWNER, ADMIN))

    async def admit(self, user_id: int) -> User:
        return await self.access.admit(user_id, f"Name {user_id}", None)


@pytest.fixture
async def here(memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock) -> Process:
    """The process that is asked; Carol and Ann have been here."""
    process = Process(memory_pool, stores, clock)
    for user_id in (OWNER, CAROL, ANN):
        await process.admit(user_id)
    return process


@pytest.fixture
def elsewhere(memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock) -> Process:
    """Another process."""
    return Process(memory_pool, stores, clock)


async def test_other_processes_obey_within_five_seconds(here: Process, elsewhere: Process, clock: TestClock) -> None:
    """A ban and a role hold at once where they were given, and everywhere five seconds later."""
    owner = await here.admit(OWNER)
    for process in (here, elsewhere):
        await process.admit(ANN)
        await process.admit(CAROL)

    await here.bans.ban(owner, ANN, "spam")
    await here.roles.appoint(owner, CAROL, Role.MODERATOR)

    with pytest.raises(BannedError):
        await here.admit(ANN)
    assert here.roles.may(await here.admit(CAROL), Permission.BAN)
    clock.advance(seconds=5)
    with pytest.raises(BannedError):
        await elsewhere.admit(ANN)
    assert elsewhere.roles.may(await elsewhere.admit(CAROL), Permission.BAN)


async def test_an_appointment_that_this_process_has_not_heard_of_prevents_a_ban(
    here: Process, elsewhere: Process
) -> None:
    """What counts is who somebody is when the ban is written, not what was remembered of them."""
    owner = await here.admit(OWNER)
    moderator = await here.roles.appoint(owner, CAROL, Role.MODERATOR)
    assert (await here.admit(ANN)).role is Role.READER
    await elsewhere.admit(ANN)
    await elsewhere.roles.appoint(owner, ANN, Role.MODERATOR)

    with pytest.raises(NotPermittedError, match="ban-not-below"):
        await here.bans.ban(moderator, ANN, "spam")

    assert (await elsewhere.admit(ANN)).role is Role.MODERATOR


async def test_whom_the_settings_name_no_stored_ban_keeps_out(here: Process) -> None:
    """Who was banned as a reader and is named as an admin later is served; the operator decides."""
    await here.users.set_ban(ADMIN, "long ago")

    assert (await here.admit(ADMIN)).is_banned
    assert await here.roles.role_of(ADMIN) is Role.ADMIN


async def test_banned_moderators_are_asked_nothing(here: Process) -> None:
    """Requests go to everybody who may decide: the settings' people first, and nobody who is refused."""
    owner = await here.admit(OWNER)
    await here.roles.appoint(owner, CAROL, Role.MODERATOR)
    await here.roles.appoint(owner, ANN, Role.ADMIN)
    assert await here.roles.holders(Permission.INDEX_REQUESTS) == [OWNER, ADMIN, CAROL, ANN]
    assert await here.roles.holders(Permission.CHANNELS) == [OWNER, ADMIN, ANN]
    assert await here.roles.holders(Permission.ROLES) == [OWNER]

    await here.bans.ban(owner, CAROL, "")

    assert await here.roles.holders(Permission.INDEX_REQUESTS) == [OWNER, ADMIN, ANN]


async def test_without_the_database_rights_stay_closed(
    here: Process, elsewhere: Process, stores: InMemoryStores, clock: TestClock
) -> None:
    """The settings' people keep theirs, nobody gets any, and what cannot be written is not claimed to be done."""
    owner = await here.admit(OWNER)
    await here.roles.appoint(owner, CAROL, Role.ADMIN)
    stores.database_down = stores.redis_down = True
    clock.advance(seconds=5)

    assert await elsewhere.roles.role_of(OWNER) is Role.OWNER
    assert await elsewhere.roles.holders(Permission.BAN) == [OWNER, ADMIN]
    assert await elsewhere.roles.ranks() == {OWNER: Role.OWNER, ADMIN: Role.ADMIN}
    for refused in (elsewhere.roles.role_of(CAROL), elsewhere.bans.ban(owner, ANN, ""), elsewhere.admit(CAROL)):
        with pytest.raises(DatabaseUnavailableError):
            await refused


def test_a_chat_has_no_role_whatever_is_stored(here: Process) -> None:
    """Scenario 40: the id of a group or channel gives no right."""
    assert here.roles.role_in(User(-1_001_234_567_890, "Friends", role=Role.ADMIN)) is Role.READER


@pytest.mark.parametrize("redis_down", [False, True])
async def test_banned_people_are_told_seldom(
    here: Process, elsewhere: Process, stores: InMemoryStores, clock: TestClock, *, redis_down: bool
) -> None:
    """Once a minute in private, once a day in all groups together; without Redis each process counts for itself."""
    stores.redis_down = redis_down
    assert await here.notices.is_due(ANN, in_private=True)
    assert await here.notices.is_due(ANN, in_private=False)
    assert await elsewhere.notices.is_due(ANN, in_private=True) is redis_down
    clock.advance(seconds=59)
    assert not await here.notices.is_due(ANN, in_private=True)
    assert await here.notices.is_due(CAROL, in_private=True)

    clock.advance(seconds=2)

    if redis_down:  # the in-memory Redis keeps its own time
        assert await here.notices.is_due(ANN, in_private=True)
    assert not await here.notices.is_due(ANN, in_private=False)
