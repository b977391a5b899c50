"""Errors are caught where something is done about them."""

from __future__ import annotations

import ast

from tests.architecture.sources import EVERYTHING, sources

PER_THOUSAND_LINES = 0.5

# The only places that may catch everything, and why.
PLACES = {
    "core/concurrency/task_registry.py": "a background task's error is reported, and a supervised one runs again",
    "handlers/pipeline.py": "an update's error becomes a reply and a log line",
    "sandbox/datacenter/problems.py": "an error of the data centre is kept for the test that asserts there is none",
}
BROAD = {"Exception", "BaseException"}


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether a clause catches everything and lets it end there."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(one).rpartition(".")[2] if one else "BaseException" for one in caught}
    raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
    return bool(names & BROAD) and not raises


def is_swallowing_exit(node: ast.AST) -> bool:
    """Whether a context manager's exit can end an error of any kind: it answers something other than None or False."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name not in {"__exit__", "__aexit__"}:
        return False
    answers = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None]
    return any(not (isinstance(answer, ast.Constant) and not answer.value) for answer in answers)


def broad_excepts() -> list[str]:
    """path:line of every clause, `contextlib.suppress(Exception)` and context manager that swallows everything."""
    found: list[str] = []
    for source in sources(*EVERYTHING):
        for node in ast.walk(source.tree):
            swallows = isinstance(node, ast.ExceptHandler) and is_broad(node)
            suppresses = (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).rpartition(".")[2] == "suppress"
                and any(ast.unparse(argument) in BROAD for argument in node.args)
            )
            if swallows or suppresses or is_swallowing_exit(node):
                found.append(f"{source.path}:{node.lineno}")
    return found


def test_broad_excepts_stand_in_named_places_only() -> None:
    """Only the update pipeline, the task registry and the data centre's problem log may catch everything."""
    assert [place for place in broad_excepts() if place.partition(":")[0] not in PLACES] == []


def test_named_places_still_catch_everything() -> None:
    """A named place disappears from the list when its clause does."""
    assert set(PLACES) <= {place.partition(":")[0] for place in broad_excepts()}


def test_broad_excepts_are_rare() -> None:
    """At most one in 2,000 lines, once there are enough lines to tell."""
    lines = sum(source.lines for source in sources(*EVERYTHING))

    assert len(broad_excepts()) <= max(2, lines * PER_THOUSAND_LINES / 1000)


def test_swallowing_is_told_from_passing_on() -> None:
    """A clause that raises again is not counted; a bare one is."""
    text = "try: x\nexcept Exception: raise\ntry: x\nexcept (OSError, Exception): pass\ntry: x\nexcept: pass\n"
    handlers = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler)]

    assert sorted(is_broad(handler) for handler in handlers) == [False, True, True]


def test_exit_that_swallows_is_told_from_one_that_cleans_up() -> None:
    """A context manager that answers True ends the error; one that answers None or False passes it on."""
    texts = ("return True", "return None", "return False", "return isinstance(e, Exception)", "return", "pass")
    exits = [ast.parse(f"def __exit__(self, k, e, t):\n    {text}").body[0] for text in texts]

    assert [is_swallowing_exit(node) for node in exits] == [True, False, False, True, False, False]
