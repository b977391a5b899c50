"""Who is in which chat: asked of Telegram, remembered for a while, and put right by what Telegram tells."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from core.cache import keys
from core.cache.recent_values import RecentValues
from core.domain.subscription import Membership
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.observability.metrics import Metrics
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.subscription_watch import SubscriptionWatch
    from core.telegram.members import TelegramMembers
    from repositories.join_request import JoinRequestRepository

_LOCAL = 50_000  # some 10 MB
_PATIENCE_S = 2.5
_UNREADABLE_S = 3.0
_LONGEST_PAUSE_S = 30.0
_FRESH_S = 1.0
_STORED = {membership.value.encode(): membership for membership in Membership if membership is not Membership.UNKNOWN}

_Place = tuple[int, int]  # chat, person


class Memberships:
    """Answers within `patience_s` what a person is in some chats; where Telegram does not say, that it is unknown.

    Any number of callers at once share one question to Telegram about a person and a chat. An answer that was on its
    way while something was told of the same person is not remembered. A chat that the bot may not look into is asked
    about once in three seconds, whoever asks, and one that Telegram puts off when it says. Without Redis this process
    remembers by itself.

    Args:
        watch: is told of chats where the question fails, and where it works again.
        patience_s: how long a caller waits; the question goes on, and its answer is there for the next one.
    """

    def __init__(
        self,
        *,
        members: TelegramMembers,
        requests: JoinRequestRepository,
        watch: SubscriptionWatch,
        cache: RedisCache,
        runtime: RuntimeSettingsService,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._members = members
        self._requests = requests
        self._watch = watch
        self._cache = cache
        self._runtime = runtime
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock
        self._patience_s = patience_s
        self._known: RecentValues[_Place, Membership] = RecentValues(clock, capacity=_LOCAL)
        self._just_asked: RecentValues[_Place, bool] = RecentValues(clock, capacity=_LOCAL)
        self._unreadable: RecentValues[int, bool] = RecentValues(clock, capacity=_LOCAL)
        self._flights: dict[_Place, asyncio.Task[Membership]] = {}
        self._corrections = 0

    async def of(self, user_id: int, chat_ids: Sequence[int], *, fresh: bool = False) -> dict[int, Membership]:
        """What a person is in each of these chats.

        Args:
            user_id: the person.
            chat_ids: full ids.
            fresh: they say that they have joined: where they were not, Telegram is asked again, once a second.
        """
        known = {chat_id: self._known.get((chat_id, user_id)) for chat_id in chat_ids}
        if all(self._is_in(membership) for membership in known.values()):  # nearly every time
            return {chat_id: membership for chat_id, membership in known.items() if membership is not None}
        found = await asyncio.gather(*(self._look_up((chat_id, user_id), fresh=fresh) for chat_id in chat_ids))
        return dict(zip(chat_ids, found, strict=True))

    async def changed(self, chat_id: int, user_id: int, *, is_member: bool) -> None:
        """Somebody came in or went out; what they had asked for before is settled by it.

        Raises:
            DatabaseUnavailableError: the request is not known to be removed; everything else is done.
        """
        await self._correct((chat_id, user_id), Membership.MEMBER if is_member else Membership.ABSENT)
        await self._requests.remove(chat_id, user_id)

    async def requested(self, chat_id: int, user_id: int, at: datetime) -> None:
        """Somebody asked to be let in at `at` (UTC).

        Raises:
            DatabaseUnavailableError: it is not known whether that was kept.
        """
        await self._requests.put(chat_id, user_id, at)
        await self._correct((chat_id, user_id), None)

    def rights_changed(self, chat_id: int) -> None:
        """The bot itself came, went, or got other rights: whether it may look is asked anew."""
        self._unreadable.drop(chat_id)

    def _is_in(self, membership: Membership | None) -> bool:
        """Whether nothing is to be joined; who waits to be let in is not asked about again only where that counts."""
        if membership is Membership.PENDING:
            return self._runtime.current.force_subscribe_join_requests
        return membership is Membership.MEMBER

    async def _look_up(self, place: _Place, *, fresh: bool) -> Membership:
        known = await self._remembered(place)
        if known is not None and (self._is_in(known) or not fresh or self._just_asked.get(place)):
            return known
        if self._unreadable.get(place[0]):
            return Membership.UNKNOWN
        return await self._shared_answer(place)

    async def _remembered(self, place: _Place) -> Membership | None:
        known = self._known.get(place)
        if known is not None:
            return known
        corrections = self._corrections
        stored = _STORED.get(await self._cache.get(keys.member(*place)) or b"")
        if corrections != self._corrections:
            return self._known.get(place)  # what was read may be older than what was told
        if stored is not None:
            self._known.put(place, stored, _FRESH_S)  # how old it is, Redis does not say
        return stored

    async def _shared_answer(self, place: _Place) -> Membership:
        flight = self._flights.get(place)
        if flight is None:
            flight = self._tasks.spawn(self._ask(place), name="membership")
            self._flights[place] = flight
        await asyncio.wait((flight,), timeout=self._patience_s)
        if not flight.done() or flight.cancelled():
            return Membership.UNKNOWN
        return flight.result()

    async def _ask(self, place: _Place) -> Membership:
        """Ask Telegram, and remember the answer unless something was told of the person meanwhile."""
        task = asyncio.current_task()
        try:
            membership = await self._answer(*place)
            self._metrics.membership_checks.labels(membership.name.lower()).inc()
            if self._flights.get(place) is task and membership is not Membership.UNKNOWN:
                life_s = self._runtime.current.force_subscribe_cache_s
                self._known.put(place, membership, life_s)
                self._just_asked.put(place, True, _FRESH_S)
                await self._cache.set(keys.member(*place), membership.value.encode(), life_s)
        finally:
            if self._flights.get(place) is task:
                del self._flights[place]
        return membership

    async def _answer(self, chat_id: int, user_id: int) -> Membership:
        try:
            is_member = await self._members.is_member(chat_id, user_id)
        except (SourceGoneError, TelegramRefusedError):
            self._unreadable.put(chat_id, True, _UNREADABLE_S)
            self._watch.failing(chat_id)
            return Membership.UNKNOWN
        except RetryLaterError as error:
            self._unreadable.put(chat_id, True, min(error.seconds, _LONGEST_PAUSE_S))
            return Membership.UNKNOWN
        except TelegramUnavailableError:
            return Membership.UNKNOWN
        self._watch.working(chat_id)
        return Membership.MEMBER if is_member else await self._absent(chat_id, user_id)

    async def _absent(self, chat_id: int, user_id: int) -> Membership:
        try:
            asked_at = await self._requests.asked_at(chat_id, user_id)
        except DatabaseUnavailableError:
            return Membership.UNKNOWN
        counts = timedelta(hours=self._runtime.current.force_subscribe_request_h)
        if asked_at is not None and asked_at + counts > self._clock.utc_now():
            return Membership.PENDING
        return Membership.ABSENT

    async def _correct(self, place: _Place, membership: Membership | None) -> None:
        """Go by what was told from now on, or, with None, ask when it is needed.

        Redis only forgets: a delete that it does not take is made up for, and its value is not read until then.
        """
        self._corrections += 1
        self._flights.pop(place, None)  # who asks from now on does not share an answer of before
        self._known.drop(place)
        self._just_asked.drop(place)
        if membership is not None:
            self._known.put(place, membership, self._runtime.current.force_subscribe_cache_s)
        await self._cache.delete(keys.member(*place))
