"""What is wrong with a file, as readers and the bot itself report it."""

from __future__ import annotations

from enum import StrEnum


class ReportReason(StrEnum):
    """Why a file was reported; the values are stored."""

    GONE = "gone"
    """No post holds it any more: the bot found out when somebody wanted it."""
