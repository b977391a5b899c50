"""A backup on disk: a folder for every database, a file of BSON for every collection, and a manifest written last.

The files are those of mongodump (`--gzip`), so that its tools read them as well.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bson.raw_bson import RawBSONDocument

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterator, Sequence
    from pathlib import Path

FORMAT = 1
_MANIFEST = "manifest.json"
_PART = 1 << 20
_HEAD = 4


@dataclass(frozen=True, slots=True)
class SavedCollection:
    """One file of a backup.

    Attributes:
        database: its number, the primary is 1.
        documents: how many it holds.
        digest: SHA-256 of the file, hexadecimal.
    """

    database: int
    name: str
    documents: int
    digest: str

    @property
    def place(self) -> str:
        """Relative to the folder of the backup."""
        return f"database_{self.database}/{self.name}.bson.gz"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup consists of; without one, a backup is not complete.

    Attributes:
        began_at: ISO 8601, UTC; also its name.
    """

    began_at: str
    collections: tuple[SavedCollection, ...]

    @property
    def databases(self) -> int:
        """How many databases it was made of."""
        return max((saved.database for saved in self.collections), default=1)


async def save_collection(
    folder: Path, database: int, name: str, pages: AsyncIterable[Sequence[RawBSONDocument]]
) -> SavedCollection:
    """Write one collection, byte for byte; what the manifest says of it."""
    path = folder / SavedCollection(database, name, 0, "").place
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with gzip.open(path, "wb", compresslevel=4) as file:
        async for documents in pages:
            for document in documents:
                file.write(document.raw)
            count += len(documents)
    return SavedCollection(database, name, count, _digest(path))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make a backup complete."""
    content = {"format": FORMAT, "program": "file-filter-bot", **asdict(manifest)}
    fresh = folder / f"{_MANIFEST}.new"
    fresh.write_text(json.dumps(content, indent=1), "utf-8")
    fresh.replace(folder / _MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """What a backup consists of, every file of it checked.

    Raises:
        ConfigurationError: it is not there, not complete, damaged, or of a later format.
    """
    try:
        content: dict[str, Any] = json.loads((folder / _MANIFEST).read_text("utf-8"))
        if content["format"] != FORMAT:
            raise ConfigurationError(
                f"{folder}: format {content['format']} is not known; use a newer version of the bot"
            )
        collections = tuple(SavedCollection(**saved) for saved in content["collections"])
        manifest = Manifest(content["began_at"], collections)
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(f"{folder}: no complete backup ({_MANIFEST} is missing or unreadable)") from None
    for saved in collections:
        if not (folder / saved.place).is_file() or _digest(folder / saved.place) != saved.digest:
            raise ConfigurationError(f"{folder}: {saved.place} is missing or damaged")
    return manifest


def documents_of(folder: Path, saved: SavedCollection) -> Iterator[RawBSONDocument]:
    """What a checked file holds."""
    with gzip.open(folder / saved.place, "rb") as file:
        while head := file.read(_HEAD):
            length = int.from_bytes(head, "little")
            yield RawBSONDocument(head + file.read(length - _HEAD))


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while part := file.read(_PART):
            found.update(part)
    return found.hexdigest()
