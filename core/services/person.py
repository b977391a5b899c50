"""Looking at people: everybody who was here lately, and one of them closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.person import PeoplePage, Profile
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.services.quota import QuotaService
    from core.services.roles import RoleService
    from repositories.people import PeopleRepository
    from repositories.user import UserRepository

_ON_PAGE = 20
MOST_PAGES = 100


class PersonService:
    """Every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(
        self,
        users: UserRepository,
        people: PeopleRepository,
        roles: RoleService,
        quota: QuotaService,
        clock: Clock,
    ) -> None:
        self._users = users
        self._people = people
        self._roles = roles
        self._quota = quota
        self._clock = clock

    async def page(self, number: int) -> PeoplePage:
        """Page `number` (from 1, at most `MOST_PAGES`) of those who were here last; the last one there is beyond it."""
        number = min(max(1, number), MOST_PAGES)
        people = await self._people.latest(number * _ON_PAGE + 1)
        number = min(number, max(1, -(-len(people) // _ON_PAGE)))
        shown = people[(number - 1) * _ON_PAGE : number * _ON_PAGE]
        return PeoplePage(shown, number, has_more=len(people) > number * _ON_PAGE and number < MOST_PAGES)

    async def profile(self, user_id: int) -> Profile:
        """What is known of somebody.

        Raises:
            BadInputError: the bot has never met this person.
        """
        user = await self._users.get_user(user_id)
        if user is None:
            raise BadInputError("user-unknown", id=str(user_id))
        is_premium = user.is_premium(self._clock.utc_now())
        return Profile(user, self._roles.role_in(user), await self._quota.status(user), is_premium)
