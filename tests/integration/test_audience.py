"""Who can be written to, and which segments people belong to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.domain.audience import Segment, SegmentKind, Unreachable
from core.domain.user import Meeting, User
from repositories.audience import AudienceRepository
from repositories.user import UserRepository
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

TODAY = NOON.date()


@pytest.fixture
def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(either_pool, memory_cache, clock)


@pytest.fixture
def audience(either_pool: DatabaseConnectionPool, users: UserRepository, clock: TestClock) -> AudienceRepository:
    return AudienceRepository(either_pool, users, clock, ZoneInfo("UTC"))


async def meet(users: UserRepository, user_id: int, *, days_ago: int = 0, language: str | None = None) -> User:
    day = (TODAY - timedelta(days=days_ago)).isoformat()
    return await users.meet(Meeting(user_id, f"P{user_id}", None, language, day, is_private=True))


async def everybody(audience: AudienceRepository, segment: Segment, page: int = 2) -> list[int]:
    """All pages of a segment, which have to fit its count."""
    found: list[int] = []
    while ids := await audience.page(segment, found[-1] if found else 0, page):
        assert len(ids) <= page
        found += ids
    assert await audience.count(segment) == len(found)
    return found


async def test_every_segment_has_its_people_in_the_order_of_their_ids(
    users: UserRepository, audience: AudienceRepository, clock: TestClock
) -> None:
    """Pages of a segment, put together, are everybody in it once; ends of premium and days are judged now."""
    for user_id in (9, 3, 5, 1, 7):
        await meet(users, user_id, days_ago=user_id, language={3: "de", 5: "pt", 7: "de"}.get(user_id))
    await users.create_user(User(4, "Stored before days were kept"))
    await users.set_language(7, "hi")
    await users.set_premium(3, NOON + timedelta(seconds=1))
    await users.set_premium(9, NOON)
    segments = ("all", "premium", "free", "active:1", "active:2", "active:6", "language:de", "language:hi")
    found = {text: await everybody(audience, Segment.parse(text) or Segment()) for text in segments}
    assert found == {
        "all": [1, 3, 4, 5, 7, 9],
        "premium": [3],
        "free": [1, 4, 5, 7, 9],
        "active:1": [],
        "active:2": [1],
        "active:6": [1, 3, 5],
        "language:de": [3],
        "language:hi": [7],
    }
    clock.advance(1)
    assert await everybody(audience, Segment(SegmentKind.PREMIUM)) == []


async def test_banned_and_unreachable_people_are_in_no_segment_and_lose_nothing(
    users: UserRepository, audience: AudienceRepository
) -> None:
    """Scenario 106: flagged, kept with premium, ban and language, and back after one word in private."""
    for user_id in (1, 2, 3):
        await meet(users, user_id, language="de")
    await users.set_premium(2, NOON + timedelta(days=9))
    await users.set_language(2, "hi")
    await users.set_ban(3, "spam")
    assert await audience.mark_unreachable(2, Unreachable.BLOCKED, NOON)
    assert await audience.mark_unreachable(3, Unreachable.DEACTIVATED, NOON)

    assert await everybody(audience, Segment()) == [1]
    lost = await users.get_user(2)
    assert lost is not None
    assert (lost.unreachable, lost.is_premium(NOON), lost.language) == (Unreachable.BLOCKED, True, "hi")

    back = await meet(users, 2)
    assert (back.unreachable, back.is_premium(NOON), back.language) == (None, True, "hi")
    assert await users.get_user(2) == back
    assert await audience.revive(3)
    assert not await audience.revive(3)
    assert (await meet(users, 3)).ban_reason == "spam"
    assert await everybody(audience, Segment()) == [1, 2]


async def test_the_first_moment_and_the_newest_reason_stay(
    users: UserRepository, audience: AudienceRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Who blocks the bot and later deletes the account is known as gone since the block; strangers are not stored."""
    await meet(users, 1)
    assert await audience.mark_unreachable(1, Unreachable.BLOCKED, NOON)
    assert not await audience.mark_unreachable(1, Unreachable.DEACTIVATED, NOON + timedelta(days=1))
    assert not await audience.mark_unreachable(2, Unreachable.NEVER_STARTED, NOON)
    [stored] = await either_pool.find("users", {})
    assert (stored["unreachable_since"], stored["unreachable_why"]) == (NOON, "deactivated")


async def test_a_meeting_elsewhere_revives_nobody(users: UserRepository, audience: AudienceRepository) -> None:
    """Whoever writes in a group or asks inline may still have blocked the bot."""
    await meet(users, 1)
    await audience.mark_unreachable(1, Unreachable.BLOCKED, NOON)
    met = await users.meet(Meeting(1, "P1", None, "de", TODAY.isoformat(), is_private=False))
    assert met.unreachable is Unreachable.BLOCKED
    assert await everybody(audience, Segment()) == []
