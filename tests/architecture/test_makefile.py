"""`make` explains itself, and every target prepares what it needs."""

from __future__ import annotations

import re
import subprocess

from tests.architecture.sources import ROOT

TEXT = (ROOT / "Makefile").read_text("utf-8")
PHONY = set(re.findall(r"^\.PHONY:(.*)$", TEXT, re.MULTILINE)[0].split())
RULES = dict(re.findall(r"^([a-z][a-z-]*):(.*)$", TEXT, re.MULTILINE))


def test_help_lists_every_target() -> None:
    """`make` alone prints each target with a sentence."""
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert set(re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE)) == PHONY == set(RULES)
    assert {"help", "setup", "demo", "demo-tour", "test", "check", "bench"} <= PHONY


def test_every_target_prepares_what_it_needs() -> None:
    """Nobody has to run `make setup` first."""
    assert [target for target, rule in RULES.items() if target != "help" and not rule.startswith(" $(READY) ##")] == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    """What the CI runs is what people are told to run."""
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    assert {"make check", "make test"} <= set(script.read_text("utf-8").splitlines())
    assert "make test" in (ROOT / "README.md").read_text("utf-8")
