"""The generic cell rate algorithm, as one Lua script for Redis and as its twin in this process.

A limit of `burst` actions per period lets an action through when its theoretical arrival time lies at most
`burst - 1` intervals ahead, where an interval is period / burst. In any stretch of time t, at most burst + t / interval
actions pass, whatever their order. Both twins count in whole microseconds, so that they agree to the last one.

Source: ITU-T Recommendation I.371, the virtual scheduling algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from core.cache.redis_cache import LuaScript

if TYPE_CHECKING:
    from core.clock import Clock

_MICROSECONDS = 1_000_000
_MOST_LOCAL_ENTRIES = 100_000

# KEYS: own arrival time, the bot's arrival time, told mark. ARGV: interval, burst, the bot's interval, the bot's burst,
# life of the mark; all times in microseconds. Answers {wait of the person, wait of the bot, 1 when to be told}; only
# {0, 0, 0} passes.
GCRA_SCRIPT = LuaScript("""
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local arrivals, waits = {}, {}
for i = 1, 2 do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local arrival = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), now) + interval
  arrivals[i], waits[i] = arrival, math.max(0, arrival - interval * burst - now)
end
if waits[1] > 0 or waits[2] > 0 then
  local told = redis.call('SET', KEYS[3], '1', 'NX', 'PX', math.ceil(tonumber(ARGV[5]) / 1000))
  return {waits[1], waits[2], told and 1 or 0}
end
for i = 1, 2 do
  redis.call('SET', KEYS[i], string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000))
end
return {0, 0, 0}
""")

# The same for a person's mistakes, which no ceiling of the bot limits. KEYS: arrival time, told mark. ARGV: interval,
# burst, life of the mark, 1 to charge a mistake or 0 to ask whether another is free. Answers {wait, 1 when to be told}.
MISTAKE_SCRIPT = LuaScript("""
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + interval
local wait = math.max(0, arrival - interval * burst - now)
if wait > 0 then
  local told = redis.call('SET', KEYS[2], '1', 'NX', 'PX', math.ceil(tonumber(ARGV[3]) / 1000))
  return {wait, told and 1 or 0}
end
if ARGV[4] == '1' then
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
end
return {0, 0}
""")

# Takes one action of a person back. KEYS: own arrival time. ARGV: interval.
GIVE_BACK_SCRIPT = LuaScript("""
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or 0) - tonumber(ARGV[1])
if arrival > now then
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
return 0
""")


@dataclass(frozen=True, slots=True)
class Limit:
    """How much passes.

    Attributes:
        interval_us: microseconds that one action costs.
        burst: actions that pass at once, at least 1.
    """

    interval_us: int
    burst: int

    @classmethod
    def per_period(cls, burst: int, period_s: int) -> Self:
        """`burst` actions per period; the interval is rounded up, so that never more than that pass."""
        return cls(-(-period_s * _MICROSECONDS // burst), burst)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of either twin.

    Attributes:
        person_wait_us: microseconds until the person's own limit lets one through; 0 when it does now.
        global_wait_us: the same for the ceiling of the whole bot.
        first_in_window: on a refusal, whether the person has not been told in this window; False when it passed.
    """

    person_wait_us: int
    global_wait_us: int
    first_in_window: bool

    @property
    def passed(self) -> bool:
        """Whether the action may go on; only then was it charged, to both limits."""
        return self.person_wait_us == 0 and self.global_wait_us == 0


class LocalGcra:
    """The script's twin in this process, for the time Redis is gone.

    Args:
        most: counters that are kept: idle ones are forgotten first, then the oldest.
    """

    def __init__(self, clock: Clock, *, most: int = _MOST_LOCAL_ENTRIES) -> None:
        self._clock = clock
        self._most = most
        self._arrivals: dict[str, int] = {}
        self._told_until: dict[str, int] = {}

    def check(self, person: str, ceiling: str, limit: Limit, global_limit: Limit, *, told_us: int) -> Verdict:
        """Decide and charge one action; `person` and `ceiling` name the two counters."""
        now = int(self._clock.monotonic() * _MICROSECONDS)
        own, own_wait = self._arrival(person, limit, now)
        everyone, global_wait = self._arrival(ceiling, global_limit, now)
        if own_wait or global_wait:
            return Verdict(own_wait, global_wait, self._tell(person, now, told_us))
        self._store(self._arrivals, person, own, now)
        self._store(self._arrivals, ceiling, everyone, now)
        return Verdict(0, 0, first_in_window=False)

    def check_mistakes(self, person: str, limit: Limit, *, told_us: int, charged: bool) -> Verdict:
        """Whether another mistake of a person is free, and charge it when one was made."""
        now = int(self._clock.monotonic() * _MICROSECONDS)
        arrival, wait = self._arrival(person, limit, now)
        if wait:
            return Verdict(wait, 0, self._tell(person, now, told_us))
        if charged:
            self._store(self._arrivals, person, arrival, now)
        return Verdict(0, 0, first_in_window=False)

    def give_back(self, person: str, limit: Limit) -> None:
        """Take one action of a person back."""
        if person in self._arrivals:
            self._arrivals[person] -= limit.interval_us

    def forget(self, person: str) -> None:
        """Count a person's actions from nothing again."""
        self._arrivals.pop(person, None)
        self._told_until.pop(person, None)

    def _arrival(self, name: str, limit: Limit, now: int) -> tuple[int, int]:
        arrival = max(self._arrivals.get(name, now), now) + limit.interval_us
        return arrival, max(0, arrival - limit.interval_us * limit.burst - now)

    def _tell(self, person: str, now: int, told_us: int) -> bool:
        if self._told_until.get(person, now) > now:
            return False
        self._store(self._told_until, person, now + told_us, now)
        return True

    def _store(self, table: dict[str, int], name: str, until: int, now: int) -> None:
        if len(table) >= self._most and name not in table:
            for idle in [other for other, time in table.items() if time <= now]:
                del table[idle]
            if len(table) >= self._most:
                del table[next(iter(table))]
        table[name] = until
