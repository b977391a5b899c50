"""One process at a time per file, as the kernel knows it."""

from __future__ import annotations

import fcntl
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME_BYTES = 64


class InstanceLock:
    """A lock that ends with its process, however that ends, and a name that outlives it.

    Whoever starts again with the same file has the same name, so that it is known as the successor of a process that
    was killed; two that live at the same time never share it.

    Args:
        path: the lock's file; made with mode 0600 when it is missing, and never removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> str | None:
        """Lock the file; its name, or None while another process holds it. Safe to repeat.

        Raises:
            OSError: the file cannot be made or written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._file
        if file is None:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return None
            self._file = file
        name = os.pread(file, _NAME_BYTES, 0).decode("ascii", "replace").strip()
        if not name:
            name = secrets.token_hex(16)
            os.pwrite(file, name.encode(), 0)
            os.fsync(file)
        return name

    def release(self) -> None:
        """Let another process have it; without effect when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
