"""What an inline query is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.domain.deep_link import HELP_PAYLOAD

if TYPE_CHECKING:
    from core.domain.media import MediaFile


class InlineNotice(StrEnum):
    """What is said above the results."""

    INVITATION = "invitation"
    NOTHING = "nothing"
    NOTHING_PARTIAL = "nothing-partial"
    PARTIAL = "partial"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One file.

    Attributes:
        link: payload of a link that delivers the file in the private chat; None when the file itself may be sent.
    """

    media: MediaFile
    link: str | None = None


@dataclass(frozen=True, slots=True)
class InlinePage:
    """One answer to an inline query.

    Attributes:
        cache_s: how long the same person may get the same answer again; seconds.
        next_offset: where the next page begins, as text; "" when this is the last.
        notice: None when there is nothing to say.
        corrected: for `CORRECTED`: what was searched for instead.
        notice_payload: what a press on the notice opens in the private chat.
    """

    results: tuple[InlineResult, ...]
    cache_s: int
    next_offset: str = ""
    notice: InlineNotice | None = None
    corrected: str = ""
    notice_payload: str = HELP_PAYLOAD
