"""The bot that an installation runs: restarting it, and asking how it is."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from updater.programs import run

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESTART_S = 60.0
_ANSWER_S = 5.0
_PAUSE_S = 0.5
_USUAL_PORT = "8000"
_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to reach, not to bind
_LINE = re.compile(r"""\s*(?:export\s+)?(?P<name>[^#=\s'"]+)\s*=[ \t]*(?P<value>'[^']*'|"[^"]*"|(?:(?!\s#).)*)""")
_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is for the way out
_TOKEN = "HTTP_TOKEN"  # noqa: S105 - the name of a variable


class RunningBot:
    """Reached as the settings say: UPDATE_RESTART, HTTP_HOST, PORT and HTTP_TOKEN.

    Args:
        health_s: how long it may take until it can do its job.
    """

    def __init__(self, home: Path, settings: Mapping[str, str], health_s: float) -> None:
        self._home = home
        self._settings = settings
        self._health_s = health_s

    @property
    def address(self) -> str:
        """Where it can be asked from this machine."""
        host = self._settings.get("HTTP_HOST", "")
        host = _ANYWHERE.get(host, host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._settings.get('PORT') or _USUAL_PORT}"

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
        request = urllib.request.Request(f"{self.address}{path}")  # noqa: S310 - the operator's own address, by http
        if token := self._settings.get(_TOKEN):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with _DIRECTLY.open(request, timeout=_ANSWER_S) as answer:
                found = json.load(answer)
        except (OSError, ValueError, http.client.HTTPException):
            return None
        return found if isinstance(found, dict) else None


def read_settings(home: Path) -> dict[str, str]:
    """The environment, and below it the lines of `.env`, as the bot reads both: names in capitals, empty ones left out.

    The token may be in a file of its own, which HTTP_TOKEN_FILE names.
    """
    file = home / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    named = [(found["name"], _unquoted(found["value"])) for found in map(_LINE.match, lines) if found is not None]
    pairs = [*named, *os.environ.items()]
    settings = {name.upper(): value.strip() for name, value in pairs if value.strip()}
    token_file = settings.get(f"{_TOKEN}_FILE")
    if token_file and _TOKEN not in settings:
        settings[_TOKEN] = (home / Path(token_file)).read_text(encoding="utf-8").strip()
    return settings


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if value[:1] in {"'", '"'} and value[:1] == value[-1:] else value
