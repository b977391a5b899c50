"""What readers see while a store is broken: the table that the tests play and the operations page shows."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(Enum):
    """How something turns out while a store is broken."""

    WORKS = "works"
    PARTIAL = "partial"
    REFUSED = "refused"
    LATER = "later"
    EITHER = "either"


DEEDS = ("search", "page", "press", "send-all", "index", "maintenance")

_WORKS, _PARTIAL, _REFUSED, _LATER, _EITHER = Outcome

MATRIX: Mapping[tuple[str, str], tuple[Outcome, ...]] = {
    ("primary", "down"): (_PARTIAL, _PARTIAL, _REFUSED, _REFUSED, _WORKS, _LATER),
    ("primary", "slow"): (_WORKS, _WORKS, _WORKS, _WORKS, _WORKS, _WORKS),
    ("primary", "full"): (_WORKS, _WORKS, _REFUSED, _REFUSED, _WORKS, _LATER),
    ("primary", "flapping"): (_EITHER, _EITHER, _EITHER, _EITHER, _EITHER, _EITHER),
    ("secondary", "down"): (_PARTIAL, _PARTIAL, _WORKS, _PARTIAL, _WORKS, _WORKS),
    ("secondary", "slow"): (_WORKS, _WORKS, _WORKS, _WORKS, _WORKS, _WORKS),
    ("secondary", "full"): (_WORKS, _WORKS, _WORKS, _WORKS, _WORKS, _WORKS),
    ("secondary", "flapping"): (_EITHER, _EITHER, _WORKS, _EITHER, _WORKS, _EITHER),
    ("redis", "down"): (_WORKS,) * 6,
    ("redis", "slow"): (_WORKS,) * 6,
    ("redis", "full"): (_WORKS,) * 6,
    ("redis", "flapping"): (_WORKS,) * 6,
}
"""For every broken store: the outcome of each of `DEEDS`, in their order."""
