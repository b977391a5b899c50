"""Tests wait for events, never for time."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import sources

# Where a test may wait for time, and why: another process gives no event.
EXCEPTIONS: dict[str, str] = {}


def sleeps(tree: ast.AST) -> list[int]:
    """Lines that sleep: any `time.sleep`, and `asyncio.sleep` of anything but 0 (which only yields)."""
    bare = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"asyncio", "time"}
        for alias in node.names
        if alias.name == "sleep"
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep", *bare}
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]


def test_no_test_sleeps() -> None:
    """A sleep is either too short on a busy machine or too long on an idle one."""
    found = [f"{s.path}:{line}" for s in sources("tests") if s.path not in EXCEPTIONS for line in sleeps(s.tree)]

    assert found == []


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("await asyncio.sleep(0)", 0),
        ("await asyncio.sleep(0.1)", 1),
        ("await asyncio.sleep(pause)", 1),
        ("time.sleep(0.1)", 1),
        ("from asyncio import sleep as nap\nawait nap(1)", 1),
        ("await clock.sleep(1)", 0),
    ],
)
def test_sleeping_is_recognised(code: str, count: int) -> None:
    """Yielding to the loop and advancing a fake clock are no sleeps."""
    assert len(sleeps(ast.parse(code, mode="exec"))) == count
