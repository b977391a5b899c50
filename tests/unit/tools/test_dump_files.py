"""Files of records, whole and broken."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import bson
import pytest

from core.tools import dump_files
from core.tools.dump_files import dump_batches
from core.tools.import_progress import ImportProgress, read_progress, write_progress

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [{"_id": number, "name": f"ф{number}"} for number in range(1, 8)]


async def entries(path: Path, position: str | None = None):
    return [entry async for batch in dump_batches(path, position) for entry in batch]


def as_bson() -> bytes:
    return b"".join(map(bson.encode, RECORDS))


def as_lines() -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dump.json", as_lines()),
        ("dump.json.gz", gzip.compress(as_lines(), mtime=0)),
        ("dump.bson", as_bson()),
        ("dump.bson.gz", gzip.compress(as_bson(), mtime=0)),
        ("array.json", b"[" + b",\n".join(as_lines().splitlines()) + b"]\n"),
        ("array.json", b"[\n" + b",\n".join(as_lines().splitlines()) + b"\n]"),
    ],
)
async def test_every_form_gives_the_same_records(
    tmp_path: Path, name: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And reading goes on behind any of them, with the numbers it would have had."""
    monkeypatch.setattr(dump_files, "BATCH", 3)
    path = tmp_path / name
    path.write_bytes(content)

    whole = await entries(path)

    assert [entry.fields for entry in whole] == RECORDS
    for at, entry in enumerate(whole):
        assert await entries(path, entry.position) == whole[at + 1 :]


async def test_extended_json_is_read(tmp_path: Path) -> None:
    """Numbers and ids are documents, as mongoexport writes them."""
    path = tmp_path / "dump.json"
    path.write_text('{"_id": {"$oid": "64b7f0f0f0f0f0f0f0f0f0f0"}, "size": {"$numberLong": "5000000000"}}\n')

    [entry] = await entries(path)

    assert entry.fields is not None
    assert entry.fields["size"] == 5_000_000_000


async def test_a_broken_line_is_told_by_its_number(tmp_path: Path) -> None:
    """What stands before and behind it is read; an endless line is one broken line."""
    path = tmp_path / "dump.json"
    path.write_bytes(b'{"a": 1}\n{"a": \n\n7\n\xff\xfe\n{"a": "' + b"x" * (3 << 20) + b'"}\n{"a": 2}')

    found = await entries(path)

    assert [(entry.number, entry.fields) for entry in found] == [
        (1, {"a": 1}),
        (2, None),
        (4, None),
        (5, None),
        (6, None),
        (7, {"a": 2}),
    ]


@pytest.mark.parametrize("tail", [b"\x01", b"\xff\xff\xff\xff rest", as_bson()[:9], b"\x05\x00\x00\x00"])
async def test_bson_that_breaks_off_ends_with_a_broken_record(tmp_path: Path, tail: bytes) -> None:
    """What stands before it is read."""
    path = tmp_path / "dump.bson"
    path.write_bytes(as_bson() + tail)

    found = await entries(path)

    assert [entry.fields for entry in found] == [*RECORDS, None]


def test_progress_of_another_dump_does_not_count(tmp_path: Path) -> None:
    """Nor does a file that is broken, or that is not there."""
    path = tmp_path / "progress.json"
    assert read_progress(path, "a").position is None
    progress = ImportProgress("a", "100 5")
    progress.tally.read, progress.tally.refused["no_name"] = 5, 2

    write_progress(path, progress)

    assert read_progress(path, "a") == progress
    assert read_progress(path, "b") == ImportProgress("b")
    path.write_text("{")
    assert read_progress(path, "a").position is None
