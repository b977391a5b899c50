"""What the bot finds when it looks at its own set-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the catalogue that says what is wrong and what to do.

    Attributes:
        key: of the sentence.
        values: what it needs.
    """

    key: str
    values: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a look at the set-up found.

    Attributes:
        channels: how many are on the index list and switched on.
        unreadable: one for each of them whose posts do not reach the bot.
        other: what else should be put right.
    """

    channels: int
    unreadable: tuple[Finding, ...] = ()
    other: tuple[Finding, ...] = ()

    @property
    def needs_owner(self) -> bool:
        """Whether nothing, or not everything, can be indexed."""
        return not self.channels or bool(self.unreadable)
