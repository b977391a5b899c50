"""Names that the project promises stay where its documentation says they are."""

from __future__ import annotations

import ast
import re

from tests.architecture.sources import ROOT, parse

DOCUMENT = ROOT / "docs" / "architecture.md"
PROMISE = re.compile(r"`([\w/]+\.py)::([\w.]+)`")


def defined(tree: ast.AST, prefix: str = "") -> set[str]:
    """Qualified names of everything a file defines: classes, functions, methods, constants, fields."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names |= {f"{prefix}{node.name}"} | defined(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {f"{prefix}{target.id}" for target in targets if isinstance(target, ast.Name)}
            names |= {
                f"{prefix}{ast.unparse(t).removeprefix('self.')}" for t in targets if isinstance(t, ast.Attribute)
            }
    return names


def test_every_promised_name_exists() -> None:
    """`path.py::symbol` in docs/architecture.md names something that is there."""
    promises = PROMISE.findall(DOCUMENT.read_text("utf-8"))
    broken = [
        f"{path}::{symbol}"
        for path, symbol in promises
        if not (ROOT / path).is_file()
        or not any(name == symbol or name.endswith(f".{symbol}") for name in defined(parse(ROOT / path).tree))
    ]

    assert promises
    assert broken == []


def test_methods_and_constants_count_as_names() -> None:
    """A symbol may be a function, a class, a method, a constant or an attribute set by a constructor."""
    tree = ast.parse("LIMIT = 1\nclass A:\n    x: int\n    def m(self):\n        self.queue = []\n")

    assert defined(tree) == {"LIMIT", "A", "A.x", "A.m", "A.m.queue"}
