"""The newest lines of the log, for admins who look at it from a chat."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.observability.malformed_lines import MalformedLines

if TYPE_CHECKING:
    from core.observability.redaction import Redactor

KEPT = 1_000
_LENGTH = 2_000
_OWN = frozenset({"event", "level", "timestamp", "logger"})


class LogRing(logging.Handler):
    """Keeps what this process logs, between `attach` and `detach`: some two megabytes at most.

    Args:
        redactor: masks secrets, as in the log itself; every line is looked through once more when it is read.
        kept: how many lines.
    """

    def __init__(self, redactor: Redactor, *, kept: int = KEPT) -> None:
        super().__init__()
        self.addFilter(MalformedLines())
        self._redactor = redactor
        self._lines: deque[str] = deque(maxlen=kept)

    def attach(self) -> None:
        """Listen to everything that is logged from now on."""
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Listen no more; what was heard can still be read."""
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one entry; called by the logging module alone."""
        entry = record.msg if isinstance(record.msg, dict) else self._foreign(record)
        fields = " ".join(f"{name}={value}" for name, value in entry.items() if name not in _OWN)
        moment = str(entry.get("timestamp", ""))[:19].replace("T", " ")
        line = f"{moment} {record.levelname.lower()} {entry.get('event', '')} {fields}"
        self._lines.append(" | ".join(line[:_LENGTH].split("\n")).strip())

    def lines(self, newest: int) -> list[str]:
        """At most `newest` lines of plain text without secrets, oldest first: time in UTC, level, event, fields."""
        kept = list(self._lines)
        return [self._redactor.text(line) for line in kept[max(0, len(kept) - newest) :]]

    def _foreign(self, record: logging.LogRecord) -> dict[str, Any]:
        """An entry of another library's logger."""
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat()
        return {"timestamp": stamp, "event": self._redactor.text(record.getMessage()), "logger": record.name}
