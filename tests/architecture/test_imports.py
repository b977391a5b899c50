"""Imports point down, and each part knows only what it may know."""

from __future__ import annotations

import os
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.sources import EVERYTHING, PRODUCTION, ROOT, runtime_imports, sources

ENTRY_MAY_IMPORT = (
    "config.flags",
    "config.settings",
    "core.container",
    "core.errors",
    "core.lifecycle",
    "core.observability.logging",
    "handlers",
    "updater.hand_over",
    "uvloop",
)
OWN_ROOTS = {"bot", "update", "updater", "config", "core", "handlers", "repositories", "sandbox", "benchmarks", "tests"}


def within(module: str, roots: tuple[str, ...]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def test_contracts_of_the_import_linter_hold() -> None:
    """The layers and the forbidden drivers of pyproject.toml are kept."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_process_entry_imports_the_top_of_the_tree_only() -> None:
    """bot.py sees settings, the container, the life cycle and the handlers; the local Telegram only when asked for."""
    for source in sources("bot.py"):
        top = [name for name in runtime_imports(source.tree, top_level_only=True) if not in_stdlib(name)]
        later = set(runtime_imports(source.tree)) - set(runtime_imports(source.tree, top_level_only=True))

        assert [name for name in top if not within(name, ENTRY_MAY_IMPORT)] == []
        assert [name for name in later if not within(name, (*ENTRY_MAY_IMPORT, "sandbox"))] == []


def test_updater_runs_on_a_broken_tree() -> None:
    """update.py and its parts import nothing but the standard library and each other."""
    found = [name for source in sources("update.py", "updater") for name in runtime_imports(source.tree)]

    assert [name for name in found if not in_stdlib(name) and not within(name, ("updater",))] == []


@pytest.mark.parametrize("forbidden", ["sandbox", "tests", "benchmarks", "bot"])
def test_production_never_imports(forbidden: str) -> None:
    """What serves people does not depend on what tries it out."""
    guilty = [
        source.path
        for source in sources(*PRODUCTION)
        if source.path != "bot.py" and any(within(name, (forbidden,)) for name in runtime_imports(source.tree))
    ]

    assert guilty == []


def test_sandbox_never_imports_tests() -> None:
    """What people try the bot with runs without the tests."""
    guilty = [s.path for s in sources("sandbox") if any(within(name, ("tests",)) for name in runtime_imports(s.tree))]

    assert guilty == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Every module can be loaded first."""
    modules = {source.module: source for source in sources(*EVERYTHING)}
    graph = {
        name: {
            owner for imported in runtime_imports(s.tree, top_level_only=True) if (owner := owner_of(imported, modules))
        }
        - {name}
        for name, s in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


def owner_of(imported: str, modules: dict[str, object]) -> str | None:
    """The module of ours that "a.b.c" names: a.b.c itself, or a.b that defines c."""
    return next((name for name in (imported, imported.rpartition(".")[0]) if name in modules), None)


def in_stdlib(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names and name.partition(".")[0] not in OWN_ROOTS
