"""How a query is put to the index, without saying how the database spells it."""

from __future__ import annotations

from dataclasses import dataclass

WordSet = tuple[int, ...]
"""Hashes of words that count as one: a match has any of them."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a file must be and have.

    Attributes:
        leads: up to 200 hashes that drive the index: a match has at least one of them. () walks the whole library.
        branches: a match also has, for at least one branch, a hash of every set of it; () asks for nothing more.
        kinds: numbers of `MediaKind`; () for any.
        min_size: bytes, inclusive; None for any.
        max_size: bytes, inclusive; None for any.
    """

    leads: WordSet
    branches: tuple[tuple[WordSet, ...], ...] = ()
    kinds: tuple[int, ...] = ()
    min_size: int | None = None
    max_size: int | None = None
