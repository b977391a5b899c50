"""Structured logs: JSON lines on a pipe, colours on a terminal, secrets masked in both."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import structlog

from core.observability.crash_log import log_crashes
from core.observability.error_reports import error_reports
from core.observability.malformed_lines import MalformedLines
from core.observability.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from structlog.typing import Processor

    from config.settings import BootstrapSettings

_QUIET = ("pyrogram", "asyncio", "aiohttp.access", "pymongo", "redis")


def configure_logging(
    level: str = "info",
    log_format: str = "auto",
    secrets: Sequence[str] = (),
    stream: TextIO | None = None,
    *,
    crashes: bool = False,
    errors: Processor | None = None,
) -> None:
    """Set up structlog and route the standard library's loggers through it; call it again to change it.

    Args:
        level: debug, info, warning or error.
        log_format: json, console, or auto: console when `stream` is a terminal.
        secrets: values to mask, see `BootstrapSettings.secrets`.
        stream: where lines go; None for standard error, which leaves standard output to the program.
        crashes: also log what Python would print by itself, see `log_crashes`; for programs, not for tests.
        errors: sees every line as it was logged, with its exception, and its secrets; see `ErrorReports`.
    """
    if crashes:
        log_crashes()
    target = sys.stderr if stream is None else stream
    as_console = log_format == "console" or (log_format == "auto" and target.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([errors] if errors is not None else ()),
        structlog.processors.format_exc_info,
        Redactor(secrets),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.addFilter(MalformedLines())
    handler.setFormatter(_formatter(shared, as_console=as_console))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_process(settings: BootstrapSettings) -> None:
    """Log as a process of the bot's own does, crashes and reports of errors included, until it ends.

    Raises:
        ConfigurationError: errors cannot be reported as the settings ask.
    """
    secrets = settings.secrets
    reports = error_reports(settings.sentry_dsn, secrets)
    configure_logging(settings.log_level, settings.log_format, secrets, crashes=True, errors=reports)


def _formatter(shared: Sequence[Processor], *, as_console: bool) -> logging.Formatter:
    renderer: Processor = structlog.dev.ConsoleRenderer() if as_console else _render_json
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=list(shared),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """One line; with every field as text where JSON cannot hold one of them."""
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:
        return orjson.dumps({_encodable(name): _encodable(value) for name, value in event.items()}).decode()


def _encodable(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()
