"""Who may use the bot at all."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core.domain.audience import spoken_language
from core.domain.local_day import day_at
from core.domain.user import Meeting
from core.errors import BannedError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.domain.user import User
    from core.services.daily_statistics import DailyCounters
    from repositories.user import UserRepository


class AccessService:
    """Admits the sender of an update, or refuses a banned one.

    Args:
        spared: ids that no stored ban keeps out: those whom the settings name.
    """

    def __init__(
        self,
        users: UserRepository,
        counters: DailyCounters,
        clock: Clock,
        time_zone: ZoneInfo,
        spared: Collection[int] = (),
    ) -> None:
        self._users = users
        self._counters = counters
        self._clock = clock
        self._time_zone = time_zone
        self._spared = frozenset(spared)

    async def admit(
        self,
        user_id: int,
        first_name: str,
        username: str | None,
        *,
        language_code: str | None = None,
        is_private: bool = False,
    ) -> User:
        """The stored user, created, renamed or noted as seen today when needed; safe to repeat and to race.

        Args:
            user_id: who sent the update.
            first_name: as the update tells it.
            username: likewise; None for none.
            language_code: Telegram's tag of the person's app; what it was is stored once a day.
            is_private: the update is from the private chat, so that the person can be written to again.

        Raises:
            BannedError: with the reason an admin gave.
            DatabaseUnavailableError: the user is not cached and the primary database did not answer.
        """
        today = day_at(self._clock.utc_now(), self._time_zone).isoformat()
        app_language = spoken_language(language_code)
        meeting = Meeting(user_id, first_name, username, app_language, today, is_private)
        user = await self._users.get_user(user_id)
        if user is None:
            user = await self._users.meet(meeting)
            self._counters.add("new_users")
        elif not meeting.is_known_to(user):
            with suppress(DatabaseUnavailableError):  # the next update brings it again
                user = await self._users.meet(meeting)
        if user.is_banned and user.id not in self._spared:
            raise _banned(user)
        return user


def _banned(user: User) -> BannedError:
    refusal = BannedError("error-banned-reason", reason=user.ban_reason) if user.ban_reason else BannedError()
    refusal.language = user.language
    return refusal
