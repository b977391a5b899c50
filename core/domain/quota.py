"""What a reader may still fetch today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class QuotaReservation:
    """Slots held for a delivery; carries its day, so that a release after midnight leaves the new day alone.

    Attributes:
        id: the idempotency key of the hold.
        granted: slots held, from 0 up to what was asked.
        limit: the daily limit it was granted under; 0 means unlimited, and then nothing is held.
    """

    id: str
    user_id: int
    day: date
    granted: int
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaStatus:
    """A reader's quota at one moment.

    Attributes:
        limit: files a day; 0 means unlimited.
        charged: spent plus held today.
    """

    limit: int
    charged: int

    @property
    def left(self) -> int | None:
        """Files still free today; None when unlimited."""
        return None if self.limit == 0 else max(0, self.limit - self.charged)
