"""What went wrong inside the data centre itself, as opposed to what it refused."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from types import TracebackType


class ProblemLog(list[str]):
    """Descriptions of the data centre's own errors, oldest first; a test asserts that there are none."""

    def note(self, event: str, detail: str) -> None:
        """Remember and log one error.

        Args:
            event: static name of what happened.
            detail: what it happened to.
        """
        self.append(f"{event}: {detail}")
        structlog.get_logger(__name__).error(event, detail=detail)

    def guard(self, event: str, detail: str) -> Guard:
        """A block whose errors end up here, with their traceback, instead of ending the server."""
        return Guard(self, event, detail)


class Guard:
    """Context manager made by `ProblemLog.guard`; lets cancellation and exits pass."""

    __slots__ = ("_detail", "_event", "_problems")

    def __init__(self, problems: ProblemLog, event: str, detail: str) -> None:
        self._problems = problems
        self._event = event
        self._detail = detail

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._problems.note(self._event, f"{self._detail}\n{''.join(traceback.format_exception(kind, error, trace))}")
        return True
