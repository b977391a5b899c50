"""Starting the version that is current, whichever one was asked to start."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run_current(program: Path) -> None:
    """Become the same program of the version that `current` names; returns where this is that one.

    Its own path is used, without the link, so that nothing of a later version is imported after a switch.
    """
    tree = program.resolve().parent
    current = tree / "current"
    right = (current.resolve() if current.is_symlink() else tree) / program.name
    if right == program or not right.exists():
        return
    own = right.parent / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    os.execv(python, [python, str(right), *sys.argv[1:]])  # noqa: S606 - the paths are ours, and there is no shell
