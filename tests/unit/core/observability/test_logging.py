"""Logs: one JSON object a line, and no secret in any of them."""

from __future__ import annotations

import io
import logging

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.observability.logging import configure_logging
from core.observability.redaction import Redactor

TOKEN = "123456789:AAEabcdefghijklmnopqrstuvwxyz0123456"
SECRET = "hunter22"


@pytest.fixture
def lines():
    """Log into memory; gives a function that reads what was logged."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    configure_logging("info", "json", [SECRET], stream)
    yield lambda: [orjson.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, level = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_an_entry_is_one_json_object(lines):
    """Static event, values as fields, level, logger, time in UTC."""
    structlog.get_logger("core.x").info("files_delivered", sent=18, took_ms=1.5)
    (entry,) = lines()
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "files_delivered", "sent": 18, "took_ms": 1.5, "level": "info", "logger": "core.x"}


@pytest.mark.parametrize(
    "text",
    [TOKEN, f"mongodb://me:{SECRET}@db/x", "redis://:pw@cache:6379/0", "0123456789abcdef0123456789ABCDEF", SECRET],
)
def test_a_secret_is_masked_wherever_it_stands(lines, text):
    """Scenario 136: in a field, nested, in an exception and in a message of a library."""
    log = structlog.get_logger("core.x")
    log.info("one", value=text, nested={"list": [text, {text: 1}]}, thing=ValueError(text))
    error = ValueError(f"at {text}!")
    log.error("two", exc_info=error)
    logging.getLogger("library").error("three %s", text, exc_info=error)

    logged = orjson.dumps(lines()).decode()
    assert len(lines()) == 3
    for part in (text, SECRET, "me:", ":pw@"):
        assert part not in logged


def test_libraries_log_through_the_same_lines(lines):
    """The standard library's loggers come out as JSON too; chatty ones only from warning on."""
    logging.getLogger("pyrogram.session").info("chatter")
    logging.getLogger("pyrogram.session").warning("lost %d", 3)
    assert [(entry["event"], entry["logger"]) for entry in lines()] == [("lost 3", "pyrogram.session")]


def test_what_is_below_the_level_is_not_written(lines):
    """Debug entries cost nothing in production."""
    structlog.get_logger("core.x").debug("detail")
    assert lines() == []


def test_a_terminal_gets_readable_lines(capsys):
    """The console form is no JSON and is masked as well."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    try:
        configure_logging("info", "console", [SECRET], stream)
        structlog.get_logger("core.x").info("started", uri=f"mongodb://me:{SECRET}@db")
    finally:
        root.handlers = before[0]
        root.setLevel(before[1])
        structlog.reset_defaults()
    assert "started" in stream.getvalue()
    assert SECRET not in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@examples(deadline=None)
@given(st.text(min_size=6), st.text(), st.text())
def test_a_known_secret_never_survives(secret, before, after):
    """Whatever stands around it, a known value is gone from a text."""
    cleaned = Redactor([secret]).text(before + secret + after)
    assert secret not in cleaned.replace("[secret]", "\0")


def test_ordinary_values_pass_unchanged():
    """Redaction does not eat counts, times, names or short words."""
    event = {"event": "x", "n": 5, "ok": True, "none": None, "name": "Metropolis (1927) 1080p", "at": "12:30"}
    assert Redactor(["", "abc"])(None, "info", dict(event)) == event


@pytest.mark.parametrize("value", ["half a letter \ud83d", 1 << 80, {"\ud83d": {1: "x"}}, {(1, 2): "x"}])
def test_a_value_that_json_cannot_hold_costs_no_line(lines, capsys, value):
    """Scenario 136: what cannot be written is written differently, and nothing is printed past the log."""
    structlog.get_logger("core.x").error("odd", value=value)

    assert [entry["event"] for entry in lines()] == ["odd"]
    assert capsys.readouterr() == ("", "")
