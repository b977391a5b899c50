"""Which version of the bot this tree is."""

from __future__ import annotations

from pathlib import Path

_RELEASE = Path(__file__).resolve().parents[1] / ".release"


def running_release() -> str:
    """The commit that `update.py` made this tree from; "source" in a checkout or an image."""
    try:
        return _RELEASE.read_text(encoding="ascii").strip()
    except OSError:
        return "source"
