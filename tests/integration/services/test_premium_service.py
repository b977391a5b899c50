"""Premium through crashes, outages and several processes: given once, and each end told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.domain.audience import Unreachable
from core.domain.premium import PremiumGrant
from core.domain.user import User
from core.errors import DatabaseUnavailableError
from core.services.person_notices import Telling
from core.telegram.gateway import OutcomeUnknownError, RecipientUnreachableError, RetryLaterError, TelegramRefusedError
from tests.fixtures.clock import NOON
from tests.fixtures.premium import Letterbox, PremiumProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

ADMIN, ANN = 1, 7
MONTH = timedelta(days=30)
KEY = "addpremium:1:5"
AWAY = RetryLaterError(60)


@pytest.fixture
def letters() -> Letterbox:
    return Letterbox()


@pytest.fixture
def start(
    either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, letters: Letterbox
) -> Callable[..., PremiumProcess]:
    """Start a process on the database of the test."""
    return lambda **settings: PremiumProcess(either_pool, memory_cache, clock, letters, **settings)


async def end_of(pool: DatabaseConnectionPool, user_id: int = ANN) -> datetime | None:
    found = await pool.find_one("users", {"_id": user_id}) or {}
    return found.get("premium_until")


@pytest.mark.parametrize("step", [("insert_one", "premium_grants"), ("update_one", "users"), ("find_one", "users")])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_process_that_dies_anywhere_leaves_nothing_half_given(
    either_pool: DatabaseConnectionPool,
    start: Callable[..., PremiumProcess],
    letters: Letterbox,
    step: tuple[str, str],
    moment: str,
) -> None:
    """Scenario 11: killed at any write, the same message or the next process goes on; premium grows once, told once."""
    dying = start()
    await dying.users.create_user(User(ADMIN, "Bob"))
    name, collection = step
    call = getattr(either_pool, name)

    async def die(where: str, *args: Any, **options: Any) -> Any:
        result = await call(where, *args, **options) if moment == "after" or where != collection else None
        if where == collection:
            setattr(either_pool, name, call)
            raise DatabaseUnavailableError("killed here")
        return result

    setattr(either_pool, name, die)
    with pytest.raises(DatabaseUnavailableError):
        await dying.service.give(ADMIN, ANN, 30, KEY)
    setattr(either_pool, name, call)

    await start().service.finish(NOON)
    grant, telling = await start().service.give(ADMIN, ANN, 30, KEY)

    assert (grant.until, telling) == (NOON + MONTH, Telling.TOLD)
    assert await end_of(either_pool) == NOON + MONTH
    assert [chat for chat, text in letters.arrived if "You have premium" in text] == [ANN]
    assert await either_pool.count("premium_grants", {"pending": {"$exists": True}}) == 0


async def test_two_processes_finish_a_grant_once(
    either_pool: DatabaseConnectionPool, start: Callable[..., PremiumProcess], letters: Letterbox, clock: TestClock
) -> None:
    """What was given while Telegram was away is told by whoever comes first, and the admin hears of it."""
    first, second = start(), start()
    await first.users.create_user(User(ADMIN, "Bob"))
    letters.errors = [AWAY]
    _, telling = await first.service.give(ADMIN, ANN, 30, KEY)
    assert telling is Telling.LATER
    clock.advance(61)

    assert await asyncio.gather(*(process.service.finish(NOON) for process in (first, second) * 3)) == [True] * 6

    assert sorted(chat for chat, _ in letters.arrived) == [ADMIN, ANN]
    assert await end_of(either_pool) == NOON + MONTH


async def test_a_grant_that_is_being_given_is_left_alone(
    start: Callable[..., PremiumProcess], letters: Letterbox, clock: TestClock
) -> None:
    """Only what was asked for a while ago is finished by the loop, so that the admin is not answered twice."""
    process = start()
    letters.errors = [AWAY]
    await process.service.give(ADMIN, ANN, 30, KEY)
    clock.advance(30)
    assert await process.service.finish(clock.utc_now() - timedelta(minutes=1))
    assert letters.arrived == []


async def test_premium_that_was_taken_meanwhile_does_not_come_back(
    either_pool: DatabaseConnectionPool, start: Callable[..., PremiumProcess]
) -> None:
    """A process that stood still between its look and its write finds the grant given, and what came after it."""
    slow, other, look = start(), start(), either_pool.find_one

    async def standing_still(collection: str, *args: Any, **options: Any) -> Any:
        found = await look(collection, *args, **options)
        if collection == "users":
            either_pool.find_one = look  # type: ignore[method-assign]
            await other.service.give(ADMIN, ANN, 30, KEY)
            await other.service.take(ADMIN, ANN, "removepremium:1:6")
        return found

    either_pool.find_one = standing_still  # type: ignore[method-assign]
    await slow.service.give(ADMIN, ANN, 30, KEY)
    assert await end_of(either_pool) is None


@pytest.mark.parametrize("days", [0, -1, 3651])
async def test_bounds_are_settings_and_nothing_is_recorded_beyond_them(
    either_pool: DatabaseConnectionPool, start: Callable[..., PremiumProcess], days: int
) -> None:
    """No number of days that an admin mistypes becomes premium."""
    with pytest.raises(Exception, match="premium-bad-days"):
        await start().service.give(ADMIN, ANN, days, KEY)
    assert await either_pool.count("premium_grants", {}) == 0


async def test_each_end_is_told_once_by_any_number_of_processes(
    start: Callable[..., PremiumProcess], letters: Letterbox, clock: TestClock
) -> None:
    """Ten processes that sweep at once, and again after restarts, remind once and say once that it is over."""
    processes = [start() for _ in range(10)]
    for user_id, until in ((1, MONTH), (2, timedelta(days=2)), (3, -timedelta(hours=1)), (4, -timedelta(days=8))):
        await processes[0].users.set_premium(user_id, NOON + until)
    for _ in range(3):
        await asyncio.gather(*(process.endings.sweep_if_due() for process in processes))
        processes = [start() for _ in range(10)]
    assert sorted((chat, text.split(" on ")[0]) for chat, text in letters.arrived) == [
        (2, "Your premium ends"),
        (3, "Your premium ended"),
    ]

    clock.advance(days=2)
    await asyncio.gather(*(process.endings.sweep_if_due() for process in processes))
    assert [(chat, text.split(" on ")[0]) for chat, text in letters.arrived[2:]] == [(2, "Your premium ended")]
    assert letters.sends == 3


async def test_who_renews_is_reminded_of_the_new_end(
    start: Callable[..., PremiumProcess], letters: Letterbox, clock: TestClock
) -> None:
    """A renewal between the reminder and the end takes the end back, and has a reminder and an end of its own."""
    process = start()
    await process.users.set_premium(ANN, NOON + timedelta(days=2))
    assert await process.endings.sweep_if_due()
    await process.service.give(ADMIN, ANN, 10, KEY)
    for _ in range(13):
        clock.advance(days=1)
        await process.endings.sweep_if_due()
    sentences = [text.split(" on ")[0] for _, text in letters.arrived if text.startswith("Your premium")]
    assert sentences == ["Your premium ends", "Your premium ends", "Your premium ended"]


async def test_a_sweep_is_due_once_an_hour_whoever_did_the_last(
    start: Callable[..., PremiumProcess], clock: TestClock
) -> None:
    """The date of the last complete sweep is stored: neither a restart nor another process repeats it."""
    assert await start().endings.sweep_if_due()
    clock.advance(3_599)
    assert not await start().endings.sweep_if_due()
    clock.advance(1)
    assert await start().endings.sweep_if_due()
    clock.set_utc(NOON - timedelta(days=1))
    assert await start().endings.sweep_if_due()


async def test_who_comes_to_the_lease_late_looks_again(
    start: Callable[..., PremiumProcess], either_pool: DatabaseConnectionPool
) -> None:
    """A process that saw a sweep due and waited while another did it does not repeat it."""
    late, first = start(), start()
    acquire = late.leases.acquire

    async def slowly(*args: Any) -> Any:
        assert await first.endings.sweep_if_due()
        return await acquire(*args)

    late.leases.acquire = slowly  # type: ignore[method-assign]
    assert not await late.endings.sweep_if_due()


@pytest.mark.parametrize("lost", [AWAY, OutcomeUnknownError("lost")], ids=["away", "answer-lost"])
async def test_a_sweep_that_telegram_interrupts_is_repeated_and_nobody_told_twice(
    start: Callable[..., PremiumProcess], letters: Letterbox, lost: Exception
) -> None:
    """Who was told before is not told again, and who may have been told is told under the same number."""
    process = start()
    for user_id in (1, 2, 3):
        await process.users.set_premium(user_id, NOON - timedelta(hours=user_id))
    (letters.losses if isinstance(lost, OutcomeUnknownError) else letters.errors).append(lost)
    assert not await process.endings.sweep_if_due()
    assert await start().endings.sweep_if_due()
    assert sorted(chat for chat, _ in letters.arrived) == [1, 2, 3]


async def test_people_who_cannot_be_told_do_not_hold_up_the_others(
    start: Callable[..., PremiumProcess], letters: Letterbox
) -> None:
    """Scenario 106: the blocked are flagged and passed over for good, as is what Telegram refuses."""
    process = start()
    for user_id in (1, 2, 3):
        await process.users.set_premium(user_id, NOON - timedelta(hours=4 - user_id))
    letters.errors = [
        RecipientUnreachableError("x", Unreachable.BLOCKED),
        TelegramRefusedError("messages.SendMessage", "SOMETHING_NEW"),
    ]
    assert await process.endings.sweep_if_due()
    assert [chat for chat, _ in letters.arrived] == [3]
    blocked = await process.users.get_user(1)
    assert blocked is not None
    assert blocked.unreachable is Unreachable.BLOCKED
    assert letters.sends == 3


async def test_without_days_nobody_is_reminded(start: Callable[..., PremiumProcess], letters: Letterbox) -> None:
    """The reminder can be switched off; that premium is over is told nevertheless."""
    process = start(premium_reminder_days=0)
    await process.users.set_premium(1, NOON + timedelta(hours=1))
    await process.users.set_premium(2, NOON - timedelta(hours=1))
    assert await process.endings.sweep_if_due()
    assert [chat for chat, _ in letters.arrived] == [2]


async def test_the_loop_finishes_and_sweeps_and_outlives_an_outage(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, letters: Letterbox, stores: Any
) -> None:
    """What a process left is done at the next start; while the database is away the loop waits for it."""
    before = PremiumProcess(memory_pool, memory_cache, clock, letters)
    letters.errors = [AWAY]
    await before.service.give(ADMIN, ANN, 30, KEY)
    process = PremiumProcess(memory_pool, memory_cache, clock, letters)
    stores.database_down = True
    process.tasks.spawn(process.endings.run(), name="premium_endings")
    await clock.wait_sleeping()
    stores.database_down = False
    while not letters.arrived:
        clock.advance(60)
        await clock.wait_sleeping()
    assert [chat for chat, _ in letters.arrived] == [ANN]
    await process.tasks.close(1.0)


async def test_a_chat_that_telegram_holds_back_holds_up_nobody_else(
    start: Callable[..., PremiumProcess], letters: Letterbox
) -> None:
    """Scenario 85: only that person waits; the others hear of their end in the same sweep, this one in a later one."""
    process = start()
    for user_id in (1, 2, 3):
        await process.users.set_premium(user_id, NOON - timedelta(hours=4 - user_id))
        await process.users.set_premium(user_id + 10, NOON + timedelta(hours=user_id))
    letters.held = {1, 11}

    assert not await process.endings.sweep_if_due()
    assert sorted(chat for chat, _ in letters.arrived) == [2, 3, 12, 13]

    letters.held.clear()
    assert await process.endings.sweep_if_due()
    assert sorted(chat for chat, _ in letters.arrived) == [1, 2, 3, 11, 12, 13]


async def test_while_telegram_is_away_a_sweep_ends_soon(
    start: Callable[..., PremiumProcess], letters: Letterbox
) -> None:
    """Scenario 85: where nobody can be told, not everybody is tried."""
    process = start()
    for user_id in range(1, 61):
        await process.users.set_premium(user_id, NOON - timedelta(minutes=user_id))
    letters.held = set(range(1, 61))

    assert not await process.endings.sweep_if_due()

    assert letters.sends <= 10


async def test_grants_of_others_are_finished_while_one_person_cannot_be_told(
    either_pool: DatabaseConnectionPool, start: Callable[..., PremiumProcess], letters: Letterbox
) -> None:
    """Scenario 85: premium that a dead process left behind is given, whoever else Telegram holds back."""
    process = start()
    letters.held = {5}
    for user_id in (5, 6, 7):
        await process.stored.record(PremiumGrant(f"{KEY}:{user_id}", user_id, 30, ADMIN, NOON))

    assert not await process.service.finish(NOON)

    assert [await end_of(either_pool, user_id) for user_id in (5, 6, 7)] == [NOON + MONTH] * 3
    assert sorted(chat for chat, _ in letters.arrived) == [6, 7]
    letters.held.clear()
    assert await process.service.finish(NOON)
    assert sorted(chat for chat, _ in letters.arrived) == [5, 6, 7]
