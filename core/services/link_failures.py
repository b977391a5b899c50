"""How many links that are not valid a person may open before they have to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cache import keys
from core.errors import CacheUnavailableError, LinkFailuresError
from core.services.gcra import MISTAKE_SCRIPT, Limit, LocalGcra, Verdict

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.services.runtime_settings import RuntimeSettingsService

_MICROSECONDS = 1_000_000
_LONGEST_SILENCE_S = 60
_NAME = "link_failures"


class LinkFailures:
    """Makes guessing links pointless: at most `link_failures_burst` wrong ones in `link_failures_period_s`.

    A link is looked up first and then settled here, a right one too: whoever has no mistake left is told to wait
    whatever they open, so that the answer does not say whether the last guess was right. One step in Redis decides and
    charges, so the number of guesses that are answered is exact over all processes; while Redis is gone each process
    counts by itself, which `rate_limit_fallbacks` shows.
    """

    def __init__(self, cache: RedisCache, runtime: RuntimeSettingsService, metrics: Metrics, clock: Clock) -> None:
        self._cache = cache
        self._runtime = runtime
        self._metrics = metrics
        self._local = LocalGcra(clock)

    async def settle(self, user_id: int, *, wrong: bool) -> None:
        """Count a wrong link of a person; a right one is only let through.

        Raises:
            LinkFailuresError: no mistake is left; it is `first_in_window` once per period, at most a minute long.
        """
        verdict = await self._decide(user_id, charged=wrong)
        if verdict.passed:
            return
        self._metrics.rate_limit_refusals.labels(_NAME, "person").inc()
        wait_s = -(-verdict.person_wait_us // _MICROSECONDS)
        raise LinkFailuresError(wait_s, first_in_window=verdict.first_in_window)

    async def _decide(self, user_id: int, *, charged: bool) -> Verdict:
        settings = self._runtime.current
        limit = Limit.per_period(settings.link_failures_burst, settings.link_failures_period_s)
        told_us = min(settings.link_failures_period_s, _LONGEST_SILENCE_S) * _MICROSECONDS
        arrival, told = keys.rate(_NAME, user_id), keys.rate_told(_NAME, user_id)
        try:
            wait_us, first = await self._cache.run_script(
                MISTAKE_SCRIPT, (arrival, told), (limit.interval_us, limit.burst, told_us, int(charged))
            )
        except CacheUnavailableError:
            self._metrics.rate_limit_fallbacks.inc()
            return self._local.check_mistakes(arrival.name, limit, told_us=told_us, charged=charged)
        return Verdict(int(wait_us), 0, bool(first))
