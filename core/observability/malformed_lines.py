"""Calls of a logger whose values do not fit its text: a defect of a library, which must neither stop nor betray it."""

from __future__ import annotations

import logging


class MalformedLines(logging.Filter):
    """Keeps of such a line that there was one: what it was made of may be a secret, and standard error shows all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mend a record in place; lets every record pass."""
        if record.args:
            try:
                record.getMessage()
            except (TypeError, ValueError, LookupError) as error:
                record.msg, record.args = f"log_line_malformed {type(error).__name__} in line {record.lineno}", ()
        return True
