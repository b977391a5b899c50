"""Who can be written to, and groups of people that a broadcast is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DAYS = re.compile(r"[0-9]{1,4}")
_MOST_DAYS = 3650


class Unreachable(StrEnum):
    """Why a person cannot be written to; the values are stored, and labels of a metric."""

    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    NEVER_STARTED = "never_started"


class SegmentKind(StrEnum):
    """What a segment goes by."""

    ALL = "all"
    PREMIUM = "premium"
    FREE = "free"
    ACTIVE = "active"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Segment:
    """People that have something in common; only those who are neither banned nor unreachable belong to any.

    Attributes:
        days: of ACTIVE: seen today or in the days before, so many days in all; otherwise 0.
        language: of LANGUAGE: a code of two or three small letters, without a region; otherwise "".
    """

    kind: SegmentKind = SegmentKind.ALL
    days: int = 0
    language: str = ""

    @classmethod
    def parse(cls, text: str) -> Segment | None:
        """Read what `pack` made, or an admin typed: `all`, `premium`, `free`, `active:30`, `language:ru`.

        A space does for the colon. None for anything else.
        """
        name, _, rest = text.strip().lower().replace(" ", ":", 1).partition(":")
        rest = rest.strip()
        if name == SegmentKind.ACTIVE:
            days = int(rest) if _DAYS.fullmatch(rest) else 0
            return cls(SegmentKind.ACTIVE, days=days) if 1 <= days <= _MOST_DAYS else None
        if name == SegmentKind.LANGUAGE:
            return cls(SegmentKind.LANGUAGE, language=rest) if _LANGUAGE.fullmatch(rest) else None
        return cls(SegmentKind(name)) if name in set(SegmentKind) and not rest else None

    def pack(self) -> str:
        """As `parse` reads it; at most 15 bytes of ASCII."""
        if self.kind is SegmentKind.ACTIVE:
            return f"{self.kind}:{self.days}"
        return f"{self.kind}:{self.language}" if self.kind is SegmentKind.LANGUAGE else str(self.kind)


def spoken_language(tag: str | None) -> str | None:
    """The language of Telegram's tag without its region, e.g. "pt" of "pt-BR"; None when it names none."""
    language = (tag or "").partition("-")[0].lower()
    return language if _LANGUAGE.fullmatch(language) else None
