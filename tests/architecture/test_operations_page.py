"""The operations page tells what the code does."""

from __future__ import annotations

import re

from core.observability.metrics import METRICS
from tests.architecture.sources import ROOT
from tests.e2e.degraded.matrix import DEEDS, MATRIX

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")


def test_the_degraded_mode_table_is_the_one_that_is_played() -> None:
    """Every cell of the table is the outcome that the tests insist on."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if re.match(r"\| (primary|secondary|redis|store) \|", line)
    ]

    assert rows[0] == ["store", "fault", *DEEDS]
    assert {(store, fault): tuple(cells) for store, fault, *cells in rows[1:]} == {
        key: tuple(outcome.value for outcome in outcomes) for key, outcomes in MATRIX.items()
    }


def test_every_metric_that_is_named_exists() -> None:
    """Whoever follows the page finds the metric."""
    names = {f"file_filter_{spec.name}" for spec in METRICS}
    named = set(re.findall(r"file_filter_[a-z_]+", PAGE))

    assert named
    assert {name for name in named if not any(name.startswith(known) for known in names)} == set()


def test_every_log_event_that_is_named_is_logged() -> None:
    """Whoever greps the log for a sign of the page finds it."""
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "core").rglob("*.py"))
    events = {
        "breaker_changed",
        "health_changed",
        "write_database_changed",
        "library_full",
        "indexing_waits_for_database",
        "postponed_changes_applied",
        "duplicates_prevent_unique_index",
        "telegram_login_waits",
        "telegram_deaf",
        "clock_drifts",
        "clock_skew",
        "receiver_stands_by",
        "receiver_active",
        "receiver_lost",
        "shutdown_hangs",
    }

    assert all(f"`{event}`" in PAGE for event in events)
    assert {event for event in events if f'"{event}"' not in sources} == set()
