"""The last lines of the log, for the panel."""

from __future__ import annotations

import logging
from collections import deque
from secrets import token_hex
from typing import Any

from core.observability.redaction import Redactor

KEPT = 300
_OWN = {"event", "level", "timestamp", "logger"}


class LastLines(logging.Handler):
    """Keeps the newest log entries; hang it on the root logger after `configure_logging`.

    Args:
        secrets: values to mask, as in the log itself.
        kept: how many.

    Attributes:
        run: whose numbers they are; another one in another process.
    """

    def __init__(self, secrets: tuple[str, ...] = (), *, kept: int = KEPT) -> None:
        super().__init__()
        self._redact = Redactor(secrets)
        self._lines: deque[dict[str, Any]] = deque(maxlen=kept)
        self._count = 0
        self.run = token_hex(4)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one entry: number, time, level, event, and the other fields as one text."""
        entry = record.msg if isinstance(record.msg, dict) else {"event": self._redact.text(record.getMessage())}
        fields = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _OWN)
        self._count += 1
        self._lines.append(
            {
                "number": self._count,
                "time": str(entry.get("timestamp", ""))[11:19],
                "level": record.levelname.lower(),
                "event": str(entry.get("event", "")),
                "fields": fields,
            }
        )

    def since(self, number: int) -> list[dict[str, Any]]:
        """Entries after a number, oldest first; 0 for all that are kept."""
        return [line for line in self._lines if line["number"] > number]
