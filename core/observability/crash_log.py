"""What Python would print by itself goes through the log, where secrets are masked."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from types import TracebackType


def log_crashes() -> None:
    """Log what ends the process or a thread, errors that nobody can raise, and warnings; for the life of the process.

    Ctrl-C before the bot listens to signals stays as Python prints it.
    """
    sys.excepthook = _process_ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _not_raised
    logging.captureWarnings(capture=True)


def _process_ended(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    _log().critical("process_ended", exc_info=error)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        _log().error("thread_ended", thread=ended.thread and ended.thread.name, exc_info=ended.exc_value)


def _not_raised(lost: sys.UnraisableHookArgs) -> None:
    _log().error("error_not_raised", where=lost.err_msg, exc_info=lost.exc_value)


def _log() -> structlog.stdlib.BoundLogger:
    log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
    return log
