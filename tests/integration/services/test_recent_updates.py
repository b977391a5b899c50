"""Which messages were handled before, and what is known while Redis is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.observability.metrics import Metrics
from core.services.recent_updates import RecentUpdates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fixtures.clock import TestClock

CHAT, MESSAGE, DATE = 42, 7, 1_700_000_000
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def processes(redis_url: str, clock: TestClock) -> AsyncIterator[list[RecentUpdates]]:
    """Two processes of one bot on a real Valkey."""
    client = build_redis_client(redis_url)
    yield [RecentUpdates(RedisCache(client, Metrics(), clock), clock) for _ in range(2)]
    await client.aclose()


@pytest.fixture
async def alone(clock: TestClock) -> AsyncIterator[RecentUpdates]:
    """A process whose Redis is gone."""
    client = build_redis_client(NOWHERE)
    yield RecentUpdates(RedisCache(client, Metrics(), clock), clock)
    await client.aclose()


@pytest.mark.parametrize("missed", [False, True])
async def test_a_message_is_handled_by_whoever_claims_it_first(processes: list[RecentUpdates], *, missed: bool) -> None:
    """Of all claims in two processes one succeeds; another message, chat or date is another claim."""
    first, second = processes

    assert await first.claim(CHAT, MESSAGE, DATE, missed=False)
    assert not await first.claim(CHAT, MESSAGE, DATE, missed=missed)
    assert not await second.claim(CHAT, MESSAGE, DATE, missed=missed)
    for other in ((CHAT + 1, MESSAGE, DATE), (CHAT, MESSAGE + 1, DATE), (CHAT, MESSAGE, DATE + 1)):
        assert await second.claim(*other, missed=missed)


async def test_a_claim_is_kept_for_ten_minutes(processes: list[RecentUpdates], clock: TestClock) -> None:
    """Long enough for every replay: only messages of the last minute are handled at all."""
    assert processes[0].claim_here(CHAT, MESSAGE, DATE)
    clock.advance(minutes=9.9)
    assert not processes[0].claim_here(CHAT, MESSAGE, DATE)
    clock.advance(minutes=0.2)
    assert processes[0].claim_here(CHAT, MESSAGE, DATE)


async def test_without_redis_what_arrives_is_handled_once_and_what_was_missed_is_not(alone: RecentUpdates) -> None:
    """A process that cannot know what the one before it answered leaves that alone."""
    assert await alone.claim(CHAT, MESSAGE, DATE, missed=False)
    assert not await alone.claim(CHAT, MESSAGE, DATE, missed=False)
    assert not await alone.claim(CHAT, MESSAGE + 1, DATE, missed=True)
