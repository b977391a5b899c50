"""Files of records: one JSON document a line as mongoexport writes it, or BSON as mongodump does; `.gz` too."""

from __future__ import annotations

import gzip
import zlib
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

import bson
from bson import json_util
from bson.errors import BSONError

from core.domain.library_import import DumpEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

BATCH = 500
_LONGEST_LINE = 1 << 20
_SMALLEST_DOCUMENT, _LARGEST_DOCUMENT = 5, 16 << 20


class _Place(NamedTuple):
    """Behind which byte, and behind how many records, to go on."""

    offset: int = 0
    number: int = 0

    def __str__(self) -> str:
        return f"{self.offset} {self.number}"


def dump_batches(path: Path, position: str | None) -> AsyncIterator[list[DumpEntry]]:
    """What a file holds, in batches.

    Args:
        path: `.bson`, `.bson.gz`, or else lines of JSON; a JSON array with one record a line will do.
        position: of the last entry that was dealt with; None to begin at the beginning.

    Raises:
        OSError: while reading.
    """
    place = _Place(*map(int, position.split())) if position else _Place()
    read = bson_entries if ".bson" in path.suffixes else json_entries
    return _in_batches(path, place, read)


async def _in_batches(path: Path, place: _Place, read: Any) -> AsyncIterator[list[DumpEntry]]:
    batch: list[DumpEntry] = []
    with _open(path) as file:
        for entry in _until_it_breaks_off(file, place, read):
            batch.append(entry)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _until_it_breaks_off(file: IO[bytes], place: _Place, read: Any) -> Iterator[DumpEntry]:
    """Entries up to where a packed file is cut off or damaged, and there one that cannot be read."""
    number, position = place.number, str(place)
    try:
        file.seek(place.offset)
        for entry in read(file, place):
            yield entry
            number, position = entry.number, entry.position
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield DumpEntry(number + 1, position, None)


def json_entries(file: IO[bytes], place: _Place) -> Iterator[DumpEntry]:
    """Lines; empty ones and the brackets of an array are passed over."""
    offset, number = place
    while line := file.readline(_LONGEST_LINE):
        number += 1
        offset += len(line)
        is_cut = len(line) == _LONGEST_LINE and not line.endswith(b"\n")
        while is_cut and (rest := file.readline(_LONGEST_LINE)):
            offset += len(rest)
            is_cut = not rest.endswith(b"\n")
            line = b"?"
        text = line.strip().removeprefix(b"[").removesuffix(b"]").strip().removesuffix(b",")
        if text:
            yield DumpEntry(number, str(_Place(offset, number)), _parsed(text))


def bson_entries(file: IO[bytes], place: _Place) -> Iterator[DumpEntry]:
    """Documents, up to one whose length cannot be right: nothing behind it can be found."""
    offset, number = place
    while head := file.read(4):
        number += 1
        length = int.from_bytes(head, "little", signed=True)
        is_length = len(head) == 4 and _SMALLEST_DOCUMENT <= length <= _LARGEST_DOCUMENT
        body = file.read(length - 4) if is_length else b""
        if not is_length or len(body) < length - 4:
            yield DumpEntry(number, str(_Place(offset, number)), None)
            return
        offset += length
        yield DumpEntry(number, str(_Place(offset, number)), _decoded(head + body))


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        found = json_util.loads(text)
    except (ValueError, TypeError, BSONError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decoded(document: bytes) -> dict[str, Any] | None:
    try:
        return bson.decode(document)
    except (BSONError, ValueError, OverflowError):
        return None
