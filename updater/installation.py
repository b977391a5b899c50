"""One installation: its versions, which of them is current, and where an update of it stands.

.env, data, …                     the operator's; no update touches them
current ─► .updates/releases/X    what a start runs; without it, the checkout itself
.updates/releases/<commit>/       whole versions, each with a link to its environment
.updates/environments/<lock>/     shared by versions with the same lock file
.updates/state.json, lock         how the last update went; whose turn it is
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from updater.programs import UpdateError, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OWN = (".env", "data")
_KEPT = 3
_PRIVATE = 0o700


class Installation:
    """The directory that holds a bot; `current` changes by one rename, so that a start finds one whole version."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / ".updates"
        self.releases = self.work / "releases"
        self._current = home / "current"

    @property
    def tree(self) -> Path:
        """The version that a start runs."""
        return self._current.resolve() if self._current.is_symlink() else self.home

    @property
    def previous(self) -> Path:
        """The version that was current before.

        Raises:
            UpdateError: there is none any more.
        """
        named = self.state().get("previous")
        tree = (self.home / named).resolve() if isinstance(named, str) else None
        if tree is None or tree == self.tree or not tree.is_relative_to(self.home) or not (tree / "bot.py").exists():
            raise UpdateError("There is no earlier version to go back to.")
        return tree

    @property
    def is_checkout(self) -> bool:
        """Whether the directory came from git."""
        return (self.home / ".git").exists()

    def version_of(self, tree: Path) -> str:
        """The commit of a tree; "unknown" when nothing tells."""
        if tree == self.home and self.is_checkout:
            return git("rev-parse", "HEAD", at=self.home).decode().strip()
        told = self.told_by(tree)
        return told if _COMMIT.fullmatch(told) else "unknown"

    @staticmethod
    def told_by(tree: Path) -> str:
        """What a bot that runs from a tree says it is."""
        try:
            return (tree / ".release").read_text(encoding="ascii").strip()
        except OSError:
            return "source"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of the installation; the system drops it with the process.

        Raises:
            UpdateError: another process holds it.
        """
        self.work.mkdir(exist_ok=True)  # open to the bot's own account, which need not be the updater's
        with (self.work / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UpdateError("Another update is under way; see --status.") from None
            try:
                yield
            except (UpdateError, OSError) as error:
                self.note(outcome=f"failed: {error}")
                raise

    @property
    def is_proven(self) -> bool:
        """Whether nobody has to see yet how the current version is, since it was before, or an operator chose it."""
        return self.state().get("unproven") != _within(self.home, self.tree)

    def switch(self, tree: Path) -> None:
        """Make a version current, durably, and remember the one before; it has yet to prove itself."""
        previous, older = _within(self.home, self.tree), self.state().get("previous")
        self.note(previous=previous, older=older, unproven=_within(self.home, tree))
        self._point_to(tree)

    def take_back(self) -> None:
        """Make the version before current again; the one that is left is nothing that anybody goes back to.

        Raises:
            UpdateError: there is none.
        """
        older = self.state().get("older")
        self._point_to(self.previous)
        self.note(previous=older, older=None, unproven=None)

    def _point_to(self, tree: Path) -> None:
        link = self.home / ".current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(_within(self.home, tree))
        link.replace(self._current)
        _sync(self.home)

    def state(self) -> dict[str, object]:
        """What was noted; empty when nothing was."""
        try:
            found = json.loads((self.work / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, **changes: object) -> None:
        """Write down where the update stands, as a whole or not at all."""
        new = self.work / "state.json.new"
        with new.open("w", encoding="utf-8") as file:
            json.dump({**self.state(), **changes, "at": _now()}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.work / "state.json")

    def back_up(self) -> None:
        """Copy what a new version might spoil, settings and session, for the owner's eyes only."""
        backup = self.work / "backups" / datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%f")
        backup.mkdir(mode=_PRIVATE, parents=True)
        for source in (self.home / name for name in _OWN):
            if source.is_dir():
                shutil.copytree(source, backup / source.name)
            elif source.exists():
                shutil.copy2(source, backup / source.name)

    def tidy(self) -> None:
        """Keep the newest versions and backups, the environments they use, what runs and what it came after.

        What cannot be removed stays: it keeps no version from being well.
        """
        releases = _newest(self.releases)
        kept = {self.tree, *releases[:_KEPT]}
        with suppress(UpdateError):
            kept.add(self.previous)
        unused = [tree for tree in releases if tree not in kept]
        used = {(tree / ".venv").resolve() for tree in kept}
        unused += [one for one in _newest(self.work / "environments") if one.resolve() not in used]
        for directory in (*unused, *_newest(self.work / "backups")[_KEPT:]):
            shutil.rmtree(directory, ignore_errors=True)


def home_of(file: Path) -> Path:
    """The installation that a program belongs to: its checkout, or the one whose release it is part of."""
    tree = file.resolve().parent
    is_release = tree.parent.name == "releases" and tree.parent.parent.name == ".updates"
    return tree.parents[2] if is_release else tree


def _within(home: Path, tree: Path) -> str:
    return os.path.relpath(tree, home)


def _newest(directory: Path) -> list[Path]:
    found = directory.iterdir() if directory.exists() else ()
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _sync(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY)
    os.fsync(opened)
    os.close(opened)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
