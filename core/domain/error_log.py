"""An error that happened, once or often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class NotedError:
    """All occurrences of the same error: of one class, in one place of the code, during the same work.

    Attributes:
        fingerprint: the same for all of them, in every process; hexadecimal.
        kind: the error's class.
        message: of the newest occurrence, without secrets, on one line; "" for none.
        where: what was being done, and the innermost place of our own code, e.g. "search · core/search/query.py:31".
        first: UTC, as `last` is.
    """

    fingerprint: str
    kind: str
    message: str
    where: str
    count: int
    first: datetime
    last: datetime
