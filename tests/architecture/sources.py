"""The project's own source files, parsed once for all architecture tests."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PRODUCTION = ("bot.py", "update.py", "updater", "config", "core", "handlers", "repositories")
EVERYTHING = (*PRODUCTION, "sandbox", "benchmarks")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the project, with forward slashes."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def lines(self) -> int:
        return self.text.count("\n")


@cache
def parse(path: Path) -> Source:
    text = path.read_text("utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


def sources(*places: str) -> list[Source]:
    """Every Python file at or below places of the project; a place that does not exist has none."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [parse(path) for path in found]


def runtime_imports(tree: ast.Module, *, top_level_only: bool = False) -> Iterator[str]:
    """Modules a file imports when it runs, `from a.b import c` as "a.b.c"; imports for type checkers are left out."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
        elif not (top_level_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            pending += ast.iter_child_nodes(node)
