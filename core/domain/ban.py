"""Who may not use the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class BannedPerson:
    """Somebody who is refused everywhere.

    Attributes:
        first_name: "" for somebody whom the bot has never met.
        username: without the @; None for none.
        reason: told to the person; "" for none.
        at: UTC.
        by: who banned; 0 for the bot itself.
    """

    id: int
    first_name: str
    username: str | None
    reason: str
    at: datetime
    by: int


@dataclass(frozen=True, slots=True)
class BannedPage:
    """A part of everybody who is banned, the latest first.

    Attributes:
        number: of the page, from 1.
        pages: how many can be shown, at least 1; who was banned before them is only counted.
        total: how many people.
    """

    people: Sequence[BannedPerson]
    number: int
    pages: int
    total: int
