"""The bot that an installation runs: restarting it, and asking how it is."""

from __future__ import annotations

import json
import os
import shlex
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from updater.programs import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RESTART_S = 60.0
_ANSWER_S = 5.0
_PAUSE_S = 0.5
_USUAL_PORT = 8000


class RunningBot:
    """Reached as the settings say: UPDATE_RESTART, PORT and HTTP_TOKEN.

    Args:
        health_s: how long it may take until it can do its job.
    """

    def __init__(self, home: Path, settings: Mapping[str, str], health_s: float) -> None:
        self._home = home
        self._settings = settings
        self._health_s = health_s

    def restart(self) -> bool:
        """Run the command that restarts it; False when there is none.

        Raises:
            UpdateError: the command failed.
        """
        command = shlex.split(self._settings.get("UPDATE_RESTART", ""))
        if not command:
            return False
        run(command, _RESTART_S, at=self._home, more=dict(os.environ))
        return True

    def becomes_healthy(self, version: str) -> bool:
        """Whether it can do its job within the time for it, and is this version."""
        deadline = time.monotonic() + self._health_s
        while time.monotonic() < deadline:
            if self._ask("/health/ready") is not None and (self._ask("/performance") or {}).get("version") == version:
                return True
            time.sleep(_PAUSE_S)
        return False

    def _ask(self, path: str) -> dict[str, object] | None:
        """The bot's answer; None unless it is a good one."""
        port = int(self._settings.get("PORT") or _USUAL_PORT)
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
        if token := self._settings.get("HTTP_TOKEN"):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310 - always this machine
                found = json.load(answer)
        except (urllib.error.URLError, TimeoutError, ValueError, ConnectionError):
            return None
        return found if isinstance(found, dict) else None


def read_settings(home: Path) -> dict[str, str]:
    """The environment, and below it the plain `NAME=value` lines of `.env`."""
    found: dict[str, str] = {}
    file = home / ".env"
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return {**found, **os.environ}
