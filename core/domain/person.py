"""What admins see of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.permission import Role
    from core.domain.quota import QuotaStatus
    from core.domain.user import User


@dataclass(frozen=True, slots=True)
class Profile:
    """One person, now.

    Attributes:
        role: as it counts, from the settings or by appointment.
        is_premium: at this moment.
    """

    user: User
    role: Role
    quota: QuotaStatus
    is_premium: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some of those who were here last, the newest first.

    Attributes:
        number: of this page, from 1.
        has_more: whether there is a page after it.
    """

    people: Sequence[User]
    number: int
    has_more: bool
