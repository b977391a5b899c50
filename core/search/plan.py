"""How a query is put to the index, without saying how the database spells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """Word hashes to look up.

    Attributes:
        leads: from 1 to 32 hashes that drive the index: a match has at least one of them.
        branches: a match also has all hashes of at least one branch; () asks for nothing more.
    """

    leads: tuple[int, ...]
    branches: tuple[tuple[int, ...], ...] = ()
