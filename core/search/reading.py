"""How a query was understood: for each of its words, the words that count as it."""

from __future__ import annotations

from dataclasses import dataclass

WordChoice = tuple[str, ...]
"""Words of which a file has to have one, best first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One understanding of a query's words.

    Attributes:
        choices: for each word, in order; a single-element choice is a word as it was typed.
    """

    choices: tuple[WordChoice, ...]
