"""Errors are caught where something is done about them."""

from __future__ import annotations

import ast

from tests.architecture.sources import EVERYTHING, sources

PER_THOUSAND_LINES = 0.5

# The only places that may catch everything, and why.
PLACES = {
    "core/concurrency/task_registry.py": "a background task's error is reported, and a supervised one runs again",
    "handlers/pipeline.py": "an update's error becomes a reply and a log line",
}
BROAD = {"Exception", "BaseException"}


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether a clause catches everything and lets it end there."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(one).rpartition(".")[2] if one else "BaseException" for one in caught}
    raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
    return bool(names & BROAD) and not raises


def broad_excepts() -> list[str]:
    """path:line of every clause that swallows everything, `contextlib.suppress(Exception)` included."""
    found: list[str] = []
    for source in sources(*EVERYTHING):
        for node in ast.walk(source.tree):
            swallows = isinstance(node, ast.ExceptHandler) and is_broad(node)
            suppresses = (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).rpartition(".")[2] == "suppress"
                and any(ast.unparse(argument) in BROAD for argument in node.args)
            )
            if swallows or suppresses:
                found.append(f"{source.path}:{node.lineno}")
    return found


def test_broad_excepts_stand_in_two_places_only() -> None:
    """Only the update pipeline and the task registry may catch everything."""
    assert [place for place in broad_excepts() if place.partition(":")[0] not in PLACES] == []


def test_broad_excepts_are_rare() -> None:
    """At most one in 2,000 lines, once there are enough lines to tell."""
    lines = sum(source.lines for source in sources(*EVERYTHING))

    assert len(broad_excepts()) <= max(2, lines * PER_THOUSAND_LINES / 1000)


def test_swallowing_is_told_from_passing_on() -> None:
    """A clause that raises again is not counted; a bare one is."""
    text = "try: x\nexcept Exception: raise\ntry: x\nexcept (OSError, Exception): pass\ntry: x\nexcept: pass\n"
    handlers = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler)]

    assert sorted(is_broad(handler) for handler in handlers) == [False, True, True]
