"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from tests.architecture.sources import EVERYTHING, Source, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_LIMIT, FILE_AIM = 400, 350
BODY_LIMIT, BODY_AIM = 40, 25
AIMED_SHARE = 0.95
ENTRY_LIMIT = 80

# path, or path::function, and why it may be longer.
EXCEPTIONS: dict[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function of a file with its qualified name, nested ones included."""
    for node in ast.iter_child_nodes(tree):
        name = f"{prefix}{getattr(node, 'name', '')}"
        if isinstance(node, Function):
            yield name, node
        yield from functions(node, f"{name}." if isinstance(node, Function | ast.ClassDef) else prefix)


def body_lines(function: Function) -> int:
    """Lines from the first statement to the last; signature and docstring do not count."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def file_sizes() -> dict[str, int]:
    return {source.path: source.lines for source in sources(*EVERYTHING)}


def body_sizes() -> dict[str, int]:
    return {f"{s.path}::{name}": body_lines(node) for s in sources(*EVERYTHING) for name, node in functions(s.tree)}


def above(sizes: dict[str, int], limit: int) -> dict[str, int]:
    """What is larger than the limit, without the named exceptions, largest first."""
    large = {name: size for name, size in sizes.items() if size > limit and name not in EXCEPTIONS}
    return dict(sorted(large.items(), key=lambda item: -item[1]))


def test_no_file_is_longer_than_400_lines() -> None:
    """A file beyond the limit is two use cases in one."""
    assert above(file_sizes(), FILE_LIMIT) == {}


def test_nearly_every_file_is_within_350_lines() -> None:
    """At least 95 % of the files leave room to grow."""
    sizes = file_sizes()
    allowed = math.floor(len(sizes) * (1 - AIMED_SHARE))

    assert len(large := above(sizes, FILE_AIM)) <= allowed, f"{allowed} may be longer than {FILE_AIM} lines: {large}"


def test_no_function_body_is_longer_than_40_lines() -> None:
    """A function beyond the limit does several things."""
    assert above(body_sizes(), BODY_LIMIT) == {}


def test_nearly_every_function_body_is_within_25_lines() -> None:
    """At least 95 % of the functions are read at a glance."""
    sizes = body_sizes()
    allowed = math.floor(len(sizes) * (1 - AIMED_SHARE))

    assert len(large := above(sizes, BODY_AIM)) <= allowed, f"{allowed} may be longer than {BODY_AIM} lines: {large}"


def test_process_entry_stays_under_80_lines() -> None:
    """bot.py starts things; it decides nothing."""
    assert {s.path: s.lines for s in sources("bot.py") if s.lines >= ENTRY_LIMIT} == {}


def test_exceptions_are_still_needed() -> None:
    """A named exception disappears when its reason does."""
    sizes = file_sizes() | body_sizes()
    idle = [name for name in EXCEPTIONS if sizes.get(name, 0) <= (BODY_AIM if "::" in name else FILE_AIM)]

    assert idle == []


def test_measure_counts_statements_only() -> None:
    """Neither the signature nor the docstring makes a body long."""
    text = 'def f(\n    a,\n):\n    """One.\n\n    Two.\n    """\n    b = a\n\n    return b\n'
    source = Source("x.py", text, ast.parse(text))

    assert {name: body_lines(node) for name, node in functions(source.tree)} == {"f": 3}
    assert source.lines == 10
