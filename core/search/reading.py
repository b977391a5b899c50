"""How a query was understood: for each of its words, the words that count as it."""

from __future__ import annotations

from dataclasses import dataclass

WordChoice = tuple[str, ...]
"""Words of which a file has to have one, best first; one with a space stands for its words in a row."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One understanding of a query's words.

    Attributes:
        choices: for each word, in order; a single-element choice is a word as it was typed.
        text: the query in the best words of all choices.
    """

    choices: tuple[WordChoice, ...]

    @property
    def text(self) -> str:
        """The query as it would be typed in this reading."""
        return " ".join(choice[0] for choice in self.choices)
