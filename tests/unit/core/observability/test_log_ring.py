"""The newest lines of the log."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import structlog

from core.observability.log_ring import LogRing
from core.observability.logging import configure_logging
from core.observability.redaction import Redactor

if TYPE_CHECKING:
    import pytest

SECRET = "hunter2-pass"


def record(message: object, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("other.library", level, "", 1, message, None, None)


def test_only_the_newest_lines_are_kept_and_each_is_short() -> None:
    """Whatever is logged, memory stays bounded and a line is one line."""
    ring = LogRing(Redactor(), kept=3)
    for number in range(5):
        ring.emit(record({"event": "tried", "number": number, "timestamp": "2026-11-22T18:00:01.5Z", "level": "info"}))
    ring.emit(record("x\n" * 5_000))

    *tried, long = ring.lines(10)
    assert tried == [f"2026-11-22 18:00:01 warning tried number={number}" for number in (3, 4)]
    assert len(long) < 5_000
    assert "\n" not in long
    assert ring.lines(1) == [long]
    assert ring.lines(0) == []


def test_half_a_secret_is_not_left_over() -> None:
    """Scenario 136: a secret is masked before a line is cut, whoever logs it."""
    for before in range(1_950, 1_985):
        ring = LogRing(Redactor([SECRET]))
        ring.emit(record("x " * (before // 2) + SECRET))
        assert SECRET[:6] not in ring.lines(1)[0]


def test_it_listens_between_attach_and_detach() -> None:
    """A ring of a process that was closed hears nothing of the next one in the same interpreter."""
    ring, log = LogRing(Redactor()), logging.getLogger("test_log_ring")
    log.warning("before")
    ring.attach()
    log.warning("between")
    ring.detach()
    log.warning("after")
    assert [line.split("warning ")[1].split()[0] for line in ring.lines(9)] == ["between"]


def test_a_malformed_call_of_a_logger_stops_nobody_and_betrays_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scenario 136: what does not fit its text is logged as such; the caller goes on, and its values stay unseen."""
    stream, root = io.StringIO(), logging.getLogger()
    level = root.level
    monkeypatch.setattr(root, "handlers", [])
    configure_logging(log_format="json", secrets=[SECRET], stream=stream)
    ring = LogRing(Redactor([SECRET]))
    ring.attach()
    try:
        logging.getLogger("other.library").warning("%d of them", SECRET)
    finally:
        ring.detach()
        root.setLevel(level)
        structlog.reset_defaults()

    said = stream.getvalue() + ring.lines(1)[0]
    assert said.count("log_line_malformed") == 2
    assert SECRET not in said + "".join(capsys.readouterr())
