"""The command line of `bot.py`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What `bot.py` was asked to do; None for the arguments of the process.

    Raises:
        SystemExit: 0 after --help, 2 for what cannot be used.
    """
    parser = argparse.ArgumentParser(description="File Filter Bot: a library out of Telegram channels full of files.")
    parser.add_argument("--check", action="store_true", help="read the settings, build everything, connect to nothing")
    parser.add_argument("--demo", action="store_true", help="run against a local Telegram with stores in memory")
    parser.add_argument("--port", type=int, default=8000, help="with --demo: HTTP port, 0 = any")
    parser.add_argument("--datacenter-port", type=int, default=18443, help="with --demo: Telegram port, 0 = any")
    return parser.parse_args(arguments)
