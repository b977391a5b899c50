"""Errors are told to Sentry without anything that somebody wrote."""

from __future__ import annotations

import io
import json

import pytest
import sentry_sdk
import structlog
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from core.errors import ConfigurationError
from core.observability.error_reports import ErrorReports, error_reports
from core.observability.logging import configure_logging
from tests.fixtures.sentry import local_sentry

DSN = "https://public@sentry.example.net/1"
TOKEN = "123456789:AAE-a-token-that-nobody-may-see"
WRITTEN = "what ann wrote, and nobody else may read"


class Transport(sentry_sdk.transport.Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__({"dsn": DSN})
        self.events: list[dict] = []

    def capture_envelope(self, envelope) -> None:
        self.events += [json.loads(item.get_bytes()) for item in envelope.items]

    @property
    def all_text(self) -> str:
        return json.dumps(self.events)


@pytest.fixture
def transport():
    """In place of the network; afterwards nothing logs through it any more."""
    transport, stream = Transport(), io.StringIO()
    reports = ErrorReports(DSN, [TOKEN], transport=transport)
    configure_logging("info", "json", [TOKEN], stream=stream, errors=reports)
    transport.stream = stream
    yield transport
    reports.close()
    structlog.reset_defaults()
    configure_logging("info", "json", stream=io.StringIO())


def fail(text: str) -> None:
    """Raises an error out of another one, both of which quote somebody, with a secret in a variable."""
    held = {"message": text, "token": TOKEN}
    try:
        int(held["message"])
    except ValueError as error:
        raise KeyError(text) from error


def test_an_error_says_where_it_was_and_whose_update_it_was(transport):
    """Scenario 136: an operator finds the defect by class, place, route and update, and no text of anybody."""
    log = structlog.get_logger("handlers.pipeline")
    with bound_contextvars(update_id="0123456789ab", route="search", user_id=7, query=WRITTEN):
        try:
            fail(WRITTEN)
        except KeyError as error:
            log.error("handler_failed", exc_info=error, detail=WRITTEN)  # noqa: TRY400 - as the pipeline says it

    (event,) = transport.events
    kinds = [error["type"] for error in event["exception"]["values"]]
    assert kinds == ["ValueError", "KeyError"]
    assert event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["transaction"] == "handler_failed"
    assert event["tags"] == {"logger": "handlers.pipeline", "route": "search", "update_id": "0123456789ab"}
    assert event["user"] == {"id": "7"}
    assert event["level"] == "error"
    assert WRITTEN not in transport.all_text
    assert TOKEN not in transport.all_text
    assert "handler_failed" in transport.stream.getvalue()  # the line is logged as ever


def test_only_errors_with_an_exception_are_told(transport):
    """Warnings, outages and plain errors stay in the log."""
    log = structlog.get_logger("core.services")
    log.info("update_handled")
    log.error("library_full")
    try:
        fail("x")
    except KeyError as error:
        log.warning("dependency_unavailable", exc_info=error)

    assert transport.events == []


def test_nothing_of_the_machine_is_told(transport):
    """No name of the host, no modules, no breadcrumbs, no values of variables."""
    log = structlog.get_logger("core.concurrency.task_registry")
    log.info("said before", text=WRITTEN)
    try:
        fail(WRITTEN)
    except KeyError:
        log.exception("task_failed", task="heal_file")

    (event,) = transport.events
    assert event["tags"]["task"] == "heal_file"
    allowed = {"event_id", "timestamp", "level", "platform", "release", "exception", "tags", "transaction", "sdk"}
    assert event.keys() <= allowed
    frames = [frame for error in event["exception"]["values"] for frame in error["stacktrace"]["frames"]]
    assert all("vars" not in frame for frame in frames)
    assert all("value" not in error for error in event["exception"]["values"])


def test_without_an_address_nothing_is_built():
    """Off by default."""
    assert error_reports(None, []) is None


def test_an_address_that_cannot_be_used_is_named_without_being_shown():
    """A wrong variable is a sentence at the start, and no secret in it."""
    with pytest.raises(ConfigurationError, match="SENTRY_DSN") as refused:
        error_reports(SecretStr("https://public@/x"), [])
    assert "public" not in str(refused.value)


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    """The package is optional; who asks for it without having it is told."""
    monkeypatch.setitem(__import__("sys").modules, "sentry_sdk", None)
    with pytest.raises(ConfigurationError, match="--extra sentry"):
        ErrorReports(DSN)


def test_a_report_reaches_the_server_before_the_process_ends():
    """The library's own way over HTTP works with these options, and `close` sends what waits."""
    with local_sentry() as server:
        reports = ErrorReports(server.dsn, [TOKEN])
        try:
            fail(WRITTEN)
        except KeyError as error:
            reports(None, "error", {"event": "task_failed", "level": "error", "exc_info": error})
        reports.close()

    ((path, body),) = server.taken
    assert path == "/api/42/envelope/"
    assert server.events()[0]["exception"]["values"][-1]["type"] == "KeyError"
    assert WRITTEN not in body
    assert TOKEN not in body
