"""Errors told to a Sentry of the operator's: where and what kind, never what somebody wrote."""

from __future__ import annotations

import atexit
import sys
from typing import TYPE_CHECKING, Any

from config.release import running_release
from core.errors import ConfigurationError
from core.observability.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr
    from structlog.typing import EventDict

_LEVELS = {"error": "error", "critical": "fatal"}
_TAGS = ("logger", "route", "update", "task", "step", "update_id")
_IN_EVENT = ("event_id", "timestamp", "level", "platform", "release", "exception", "tags", "user", "transaction", "sdk")
_IN_FRAME = ("filename", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context")
_PACKAGES = ["config", "core", "handlers", "repositories", "bot"]
_FLUSH_S = 1.0


class ErrorReports:
    """A structlog processor: what is logged as an error with an exception is also sent to Sentry.

    Sent are the classes of the error and of those that led to it, the places in the code with the lines around them,
    the event's name, the update's id and the id of the person. Not sent are messages of errors, which may quote what
    somebody wrote, values of variables, the fields of the log line, and names of machines.

    Sending happens in a thread of the library's own; a Sentry that is away costs nothing but the reports.

    Args:
        dsn: where to.
        secrets: known values; they are masked even in the little that is sent.
        options: further ones of the library's client, for tests.

    Raises:
        ConfigurationError: the library is not installed, or the address cannot be used.
    """

    def __init__(self, dsn: str, secrets: Iterable[str] = (), **options: Any) -> None:
        try:
            import sentry_sdk
            from sentry_sdk.utils import BadDsn, event_from_exception
        except ImportError:
            raise ConfigurationError(
                "SENTRY_DSN needs the package sentry-sdk: uv sync --extra sentry, or leave the variable out"
            ) from None
        self._redactor = Redactor(secrets)
        self._event_from = event_from_exception
        try:
            self._client = sentry_sdk.Client(
                dsn=dsn,
                release=running_release(),
                server_name="",
                default_integrations=False,
                auto_enabling_integrations=False,
                auto_session_tracking=False,
                send_client_reports=False,
                include_local_variables=False,
                in_app_include=_PACKAGES,
                before_send=self._bared,
                shutdown_timeout=_FLUSH_S,
                **options,
            )
        except BadDsn:
            raise ConfigurationError(
                "SENTRY_DSN: cannot be used; for example https://key@sentry.example.net/1"
            ) from None

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """Report the error of a line, if it has one; the line stays as it is."""
        error = _error_of(event.get("exc_info"))
        level = _LEVELS.get(str(event.get("level")))
        if error is not None and level is not None:
            report, hint = self._event_from(error, client_options=self._client.options)
            tags = {name: str(event[name]) for name in _TAGS if event.get(name) is not None}
            report |= {"level": level, "transaction": event.get("event"), "tags": tags}
            if isinstance(person := event.get("user_id"), int):
                report["user"] = {"id": str(person)}
            self._client.capture_event(report, hint)
        return event

    def close(self) -> None:
        """Send what waits, for a second at most."""
        self._client.close(timeout=_FLUSH_S)

    def _bared(self, event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
        """Only what is known to hold nothing of a person."""
        kept = {name: event[name] for name in _IN_EVENT if name in event}
        kept["exception"] = {"values": [_bare_error(error) for error in event.get("exception", {}).get("values", ())]}
        return {name: value if name == "timestamp" else self._redactor.value(value) for name, value in kept.items()}


def error_reports(dsn: SecretStr | None, secrets: Iterable[str]) -> ErrorReports | None:
    """The reports of a process, which sends the last ones at its end; None without a `dsn`.

    Raises:
        ConfigurationError: as of `ErrorReports`.
    """
    if dsn is None:
        return None
    reports = ErrorReports(dsn.get_secret_value(), secrets)
    atexit.register(reports.close)
    return reports


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    elif exc_info is True:
        exc_info = sys.exc_info()[1]
    return exc_info if isinstance(exc_info, BaseException) else None


def _bare_error(error: dict[str, Any]) -> dict[str, Any]:
    """Class and places, without the message."""
    frames = (error.get("stacktrace") or {}).get("frames", ())
    kept = [{name: frame[name] for name in _IN_FRAME if name in frame} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "stacktrace": {"frames": kept}}
