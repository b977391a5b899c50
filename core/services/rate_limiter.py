"""Who may act again when: limits per person (or group) and action, under a ceiling for the whole bot."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from core.cache import keys
from core.errors import CacheUnavailableError, RateLimitedError
from core.services.gcra import GCRA_SCRIPT, GIVE_BACK_SCRIPT, Limit, LocalGcra, Verdict

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.services.runtime_settings import RuntimeSettingsService

_MICROSECONDS = 1_000_000
_LONGEST_SILENCE_S = 60


class Action(StrEnum):
    """What is limited; values are the names in the runtime settings `rate_<action>_burst` and `_period_s`."""

    SEARCH = "search"
    FILE = "file"
    INLINE = "inline"
    DEEP_LINK = "deep_link"
    CALLBACK = "callback"
    GROUP = "group"
    REQUEST = "request"
    INDEX_REQUEST = "index_request"
    BROADCAST = "broadcast"


_BOT_WIDE = frozenset({Action.BROADCAST})


class RateLimiter:
    """Lets an action through or refuses it, in one round trip to Redis.

    Exact over all processes of the bot under any interleaving, since the script decides and charges in one step. While
    Redis is gone each process limits by itself, which is counted.

    Args:
        enabled: False lets everything through, for benchmarks.
    """

    def __init__(
        self,
        cache: RedisCache,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        clock: Clock,
        *,
        enabled: bool = True,
    ) -> None:
        self._cache = cache
        self._runtime = runtime
        self._metrics = metrics
        self._local = LocalGcra(clock)
        self._enabled = enabled

    async def check(self, user_id: int, action: Action) -> None:
        """Charge one action to a person (to the bot, for a broadcast) and to the bot's ceiling.

        Raises:
            RateLimitedError: too fast; nothing was charged. It is `first_in_window` once per period of the limit, at
                most a minute long, so that somebody who hurries is told once and not at every try.
        """
        if not self._enabled:
            return
        verdict = await self._decide(0 if action in _BOT_WIDE else user_id, action)
        if verdict.passed:
            return
        scope = "global" if verdict.global_wait_us > verdict.person_wait_us else "person"
        self._metrics.rate_limit_refusals.labels(action.value, scope).inc()
        wait_us = max(verdict.person_wait_us, verdict.global_wait_us)
        raise RateLimitedError(-(-wait_us // _MICROSECONDS), first_in_window=verdict.first_in_window)

    async def give_back(self, user_id: int, action: Action) -> None:
        """Take back one action that was let through and could not be tried; at best effort, and never raises."""
        limit, person = (
            Limit.per_period(*self._runtime.current.rate_limit(action.value)),
            keys.rate(action.value, user_id),
        )
        self._local.give_back(person.name, limit)
        with suppress(CacheUnavailableError):
            await self._cache.run_script(GIVE_BACK_SCRIPT, (person,), (limit.interval_us,))

    async def forget(self, action: Action, user_id: int = 0) -> None:
        """Let the next action through as if there had been none; without a person, of an action of the whole bot."""
        person = keys.rate(action.value, user_id)
        self._local.forget(person.name)
        await self._cache.delete(person, keys.rate_told(action.value, user_id))

    async def _decide(self, user_id: int, action: Action) -> Verdict:
        burst, period_s = self._runtime.current.rate_limit(action.value)
        limit = Limit.per_period(burst, period_s)
        ceiling = Limit.per_period(*self._runtime.current.rate_limit("global"))
        told_us = min(period_s, _LONGEST_SILENCE_S) * _MICROSECONDS
        person, everyone = keys.rate(action.value, user_id), keys.rate_global()
        try:
            answer = await self._cache.run_script(
                GCRA_SCRIPT,
                (person, everyone, keys.rate_told(action.value, user_id)),
                (limit.interval_us, limit.burst, ceiling.interval_us, ceiling.burst, told_us),
            )
        except CacheUnavailableError:
            self._metrics.rate_limit_fallbacks.inc()
            return self._local.check(person.name, everyone.name, limit, ceiling, told_us=told_us)
        person_wait_us, global_wait_us, first = answer
        return Verdict(int(person_wait_us), int(global_wait_us), bool(first))
