"""Running other programs: no shell, nobody to ask, a time limit, and little of the environment."""

from __future__ import annotations

import os
import subprocess
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_GIT_S = 300
_OF_NETWORKS = ("UV_", "PIP_", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_")
_SAFE = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never", "-c", "protocol.https.allow=always"),
    *("-c", "safe.directory=*"),  # whoever starts an update trusts the directory that it is part of
    *("-c", "transfer.fsckObjects=true", "-c", "credential.helper=", "-c", "core.fsmonitor=false"),
)
_SILENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_LINES_SHOWN = 8


class UpdateError(Exception):
    """The update cannot go on; the sentence says why and what to do."""


def run(
    command: Sequence[str], patience_s: float, *, at: Path | None = None, more: Mapping[str, str] | None = None
) -> bytes:
    """The output of a program.

    Args:
        command: the program and its arguments.
        patience_s: seconds after which it is ended.
        at: its working directory.
        more: variables that it gets beside those that find programs and reach the network.

    Raises:
        UpdateError: it is missing, failed, or took too long; ends with the last lines it said.
    """
    environ = {name: value for name, value in os.environ.items() if _passes(name)} | _SILENT | dict(more or {})
    try:
        # Files and no pipes: whatever the program leaves running, such as a bot, may keep them open.
        with TemporaryFile() as output, TemporaryFile() as errors:
            done = subprocess.run(  # noqa: S603 - a list, and no shell
                command,
                cwd=at,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                timeout=patience_s,
                check=False,
            )
            printed, complained = _written(output), _written(errors)
    except FileNotFoundError:
        raise UpdateError(f"{command[0]} is needed and not installed.") from None
    except subprocess.TimeoutExpired:
        raise UpdateError(f"{' '.join(command[:2])} took longer than {patience_s:.0f} s.") from None
    if done.returncode:
        said = (complained or printed).decode("utf-8", "replace").strip().splitlines()[-_LINES_SHOWN:]
        raise UpdateError(f"{' '.join(command[:2])} failed with {done.returncode}:\n" + "\n".join(said))
    return printed


def git(*arguments: str, at: Path | None = None, local: bool = False) -> bytes:
    """The output of git, which asks nobody, runs no hooks and, unless `local`, reaches nothing but https; see `run`."""
    files = ("-c", "protocol.file.allow=always") if local else ()
    return run(["git", *_SAFE, *files, *arguments], _GIT_S, at=at)


def _written(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _passes(name: str) -> bool:
    return name in {"PATH", "HOME", "LANG", "TMPDIR"} or name.upper().startswith(_OF_NETWORKS)
