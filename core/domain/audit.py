"""What an admin did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing done with an admin's rights.

    Attributes:
        at: UTC.
        admin_id: who did it.
        action: what kind of thing, for example "channel_added".
        details: what it was done to; texts, numbers, truth values and lists of them.
    """

    at: datetime
    admin_id: int
    action: str
    details: Mapping[str, object] = field(default_factory=dict)
