"""Structured logs: JSON lines on a pipe, colours on a terminal, secrets masked in both."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping, Sequence

    from structlog.typing import EventDict, Processor

_MASK = "[secret]"
_SHORTEST_SECRET = 6
_QUIET = ("pyrogram", "asyncio", "aiohttp.access", "pymongo", "redis")
_PATTERNS = (
    re.compile(r"\b\d{3,}:[A-Za-z0-9_-]{20,}"),  # a bot token
    re.compile(r"(?<=://)[^\s/@]*@"),  # credentials in a URI
    re.compile(r"\b[0-9a-fA-F]{32}\b"),  # an API hash
)


class Redactor:
    """Masks secrets in every text of a log entry, nested ones and tracebacks included.

    Args:
        secrets: known values; they are masked wherever they occur. Ones under six characters are passed over, since
            they would mask ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """The structlog processor; keys are static and stay."""
        return {key: self._clean(value) for key, value in event.items()}

    def text(self, value: str) -> str:
        """One text without secrets."""
        if self._known is not None:
            value = self._known.sub(_MASK, value)
        for pattern in _PATTERNS:
            value = pattern.sub(_MASK, value)
        return value

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool | int | float | None):
            return value
        if isinstance(value, dict):
            return {self._clean(key): self._clean(part) for key, part in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(part) for part in value]
        return self.text(str(value))


def configure_logging(
    level: str = "info", log_format: str = "auto", secrets: Sequence[str] = (), stream: TextIO | None = None
) -> None:
    """Set up structlog and route the standard library's loggers through it; call it again to change it.

    Args:
        level: debug, info, warning or error.
        log_format: json, console, or auto: console when `stream` is a terminal.
        secrets: values to mask, see `BootstrapSettings.secrets`.
        stream: where lines go; None for standard error, which leaves standard output to the program.
    """
    target = sys.stderr if stream is None else stream
    as_console = log_format == "console" or (log_format == "auto" and target.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
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
    handler.setFormatter(_formatter(shared, as_console=as_console))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _formatter(shared: Sequence[Processor], *, as_console: bool) -> logging.Formatter:
    renderer: Processor = structlog.dev.ConsoleRenderer() if as_console else _render_json
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=list(shared),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str).decode()
