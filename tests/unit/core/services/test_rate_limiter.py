"""The limiter's policy: who is charged, who is told, what happens without Redis."""

from __future__ import annotations

from types import SimpleNamespace

import fakeredis
import pytest

from config.runtime import RuntimeSettings
from core.cache.redis_cache import RedisCache
from core.errors import LinkFailuresError, RateLimitedError
from core.observability.metrics import Metrics
from core.services.rate_limiter import Action, RateLimiter


class Desk:
    """A limiter on a Redis that can be unplugged."""

    def __init__(self, clock, *, enabled: bool = True, connected: bool = False, **changes: int) -> None:
        server = fakeredis.FakeServer()
        server.connected = connected
        self.metrics = Metrics()
        self.runtime = SimpleNamespace(current=RuntimeSettings(**changes))
        self.client = fakeredis.FakeAsyncRedis(server=server)
        cache = RedisCache(self.client, self.metrics, clock)
        self.limiter = RateLimiter(cache, self.runtime, self.metrics, clock, enabled=enabled)

    async def passes(self, user_id: int, action: Action, tries: int) -> int:
        passed = 0
        for _ in range(tries):
            try:
                await self.limiter.check(user_id, action)
            except RateLimitedError:
                continue
            passed += 1
        return passed

    async def refusal(self, user_id: int, action: Action) -> RateLimitedError:
        with pytest.raises(RateLimitedError) as caught:
            await self.limiter.check(user_id, action)
        return caught.value


def test_every_action_has_its_settings():
    """No action can be checked that has no limit declared."""
    settings = RuntimeSettings()
    assert all(settings.rate_limit(action.value)[0] >= 1 for action in Action)


@pytest.mark.parametrize("connected", [True, False])
async def test_each_action_has_its_own_limit(clock, connected):
    """Scenario 111: with Redis and without, thirty searches and ten files pass, each person for themselves."""
    desk = Desk(clock, connected=connected)
    assert await desk.passes(1, Action.SEARCH, 40) == 30
    assert await desk.passes(1, Action.FILE, 40) == 10
    assert await desk.passes(2, Action.FILE, 40) == 10
    await desk.client.aclose()


async def test_checks_without_redis_are_counted(clock):
    """An operator sees in the metrics that the limits are those of one process."""
    desk = Desk(clock)
    await desk.passes(1, Action.SEARCH, 3)
    assert desk.metrics.rate_limit_fallbacks._value.get() == 3


@pytest.mark.parametrize("connected", [True, False])
async def test_somebody_who_hurries_is_told_once_a_window(clock, connected):
    """Scenario 58: the first refusal is to be told with the seconds to wait, the repeats are silent."""
    desk = Desk(clock, connected=connected, rate_file_burst=1)
    await desk.limiter.check(1, Action.FILE)

    refusals = [await desk.refusal(1, Action.FILE) for _ in range(4)]

    assert [refusal.first_in_window for refusal in refusals] == [True, False, False, False]
    assert {refusal.retry_after_s for refusal in refusals} <= {59, 60}
    assert refusals[0].values == {"seconds": refusals[0].retry_after_s}
    await desk.client.aclose()


async def test_a_new_window_tells_again(clock):
    """After a minute a person who hurries again hears about it again, also for limits of a whole day."""
    desk = Desk(clock)
    assert await desk.passes(1, Action.REQUEST, 3) == 3
    assert (await desk.refusal(1, Action.REQUEST)).first_in_window
    assert not (await desk.refusal(1, Action.REQUEST)).first_in_window
    clock.advance(60)
    assert (await desk.refusal(1, Action.REQUEST)).first_in_window


async def test_a_broadcast_counts_for_the_whole_bot(clock):
    """Two admins share the one broadcast of the hour."""
    desk = Desk(clock)
    assert await desk.passes(1, Action.BROADCAST, 1) == 1
    assert await desk.passes(2, Action.BROADCAST, 1) == 0


async def test_the_ceiling_binds_all_people_together(clock):
    """Scenario 59: a crowd of readers within their own limits is held at the ceiling of the bot."""
    desk = Desk(clock, rate_global_burst=12, rate_global_period_s=60)
    assert sum([await desk.passes(person, Action.SEARCH, 1) for person in range(30)]) == 12
    assert desk.metrics.rate_limit_refusals.labels("search", "global")._value.get() == 18


async def test_a_changed_limit_is_obeyed_at_once(clock):
    """Scenario 131: limits are read at the moment of the check."""
    desk = Desk(clock)
    desk.runtime.current = RuntimeSettings(rate_search_burst=2)
    assert await desk.passes(1, Action.SEARCH, 5) == 2


async def test_a_switched_off_limiter_lets_everything_through(clock):
    """Benchmarks measure the bot and not its limits."""
    desk = Desk(clock, enabled=False)
    assert await desk.passes(1, Action.FILE, 500) == 500


async def test_what_is_given_back_without_redis_is_free_again(clock):
    """Scenario 56: an action that an outage kept from being tried costs nothing, also while Redis is gone."""
    desk = Desk(clock)
    assert await desk.passes(1, Action.INDEX_REQUEST, 4) == 3
    await desk.limiter.give_back(1, Action.INDEX_REQUEST)
    await desk.limiter.give_back(2, Action.INDEX_REQUEST)
    assert await desk.passes(1, Action.INDEX_REQUEST, 4) == 1
    assert await desk.passes(2, Action.INDEX_REQUEST, 4) == 3


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (299, {"seconds": 299}),
        (300, {"minutes": 5}),
        (301, {"minutes": 6}),
        (7200, {"hours": 2}),
        (86_399, {"hours": 24}),
    ],
)
def test_a_long_wait_is_told_in_units_that_people_count_in(seconds, told):
    """Nobody has to divide 28,800 seconds; the wait is never told shorter than it is."""
    assert RateLimitedError(seconds).values == told
    assert LinkFailuresError(seconds).values == told
