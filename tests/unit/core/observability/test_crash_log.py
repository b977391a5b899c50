"""A crash is a log line like any other: JSON, and without secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[4]
SECRET = "hunter22hunter"
PROGRAM = """
import sys, threading, warnings
from core.observability.logging import configure_logging
configure_logging("info", "json", [{secret!r}], crashes=True)
{crash}
"""
CRASHES = {
    "the process": ("raise ValueError('at {secret}')", "process_ended", 1),
    "a thread": ("t = threading.Thread(target=lambda: int('{secret}')); t.start(); t.join()", "thread_ended", 0),
    "an error that nobody can raise": (
        "class C:\n    def __del__(self): raise ValueError('at {secret}')\nC()",
        "error_not_raised",
        0,
    ),
    "a warning": ("warnings.warn('at {secret}')", "at [secret]", 0),
}


@pytest.mark.parametrize(("crash", "event", "code"), CRASHES.values(), ids=CRASHES.keys())
def test_what_python_would_print_is_logged_without_secrets(crash, event, code):
    """Scenario 136: the text of an error that ends something shows no secret, and the exit code stays."""
    program = PROGRAM.format(secret=SECRET, crash=crash.format(secret=SECRET))
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=60, check=False)

    entries = [orjson.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == code
    assert event in entries[0]["event"]
    assert "[secret]" in ended.stderr.decode()
    assert SECRET not in (ended.stderr + ended.stdout).decode()
