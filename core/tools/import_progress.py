"""How far an import has come, in a file of its own, so that it goes on there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from core.domain.library_import import ImportTally

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Where an import of one dump stands.

    Attributes:
        source: what is imported; the progress of anything else does not count.
        position: behind the last entry that was stored; None at the beginning.
    """

    source: str
    position: str | None = None
    tally: ImportTally = field(default_factory=ImportTally)


def read_progress(path: Path, source: str) -> ImportProgress:
    """Where the import of `source` stands; at the beginning, where the file is not there or tells of another one."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["source"] == source:
            return ImportProgress(source, found["position"], ImportTally(**found["tally"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return ImportProgress(source)


def write_progress(path: Path, progress: ImportProgress) -> None:
    """Replace the file as a whole, so that a kill leaves the old one or the new one.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(asdict(progress)), "utf-8")
    fresh.replace(path)
