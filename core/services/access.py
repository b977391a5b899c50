"""Who may use the bot at all."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core.domain.user import User
from core.errors import BannedError, DatabaseUnavailableError

if TYPE_CHECKING:
    from core.services.daily_statistics import DailyCounters
    from repositories.user import UserRepository


class AccessService:
    """Admits the sender of an update, or refuses a banned one."""

    def __init__(self, users: UserRepository, counters: DailyCounters) -> None:
        self._users = users
        self._counters = counters

    async def admit(self, user_id: int, first_name: str, username: str | None) -> User:
        """The stored user, created or renamed when needed; safe to repeat and to race.

        Raises:
            BannedError: with the reason an admin gave.
            DatabaseUnavailableError: the user is not cached and the primary database did not answer.
        """
        user = await self._users.get_user(user_id)
        if user is None:
            user = await self._users.create_user(User(user_id, first_name, username))
            self._counters.add("new_users")
        elif (user.first_name, user.username) != (first_name, username):
            with suppress(DatabaseUnavailableError):  # the next update brings the new name again
                user = await self._users.create_user(User(user_id, first_name, username))
        if user.is_banned:
            raise BannedError(reason=user.ban_reason or "")
        return user
