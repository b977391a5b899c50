"""Databases come back from a backup as they were, or nothing is touched and the operator is told why."""

from __future__ import annotations

import gzip
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import bson
import pymongo
import pytest
from bson import Decimal128, Int64, ObjectId
from bson.raw_bson import RawBSONDocument

from core.clock import Clock
from core.database.copying_pool import CopyingPool
from core.tools import backup as backup_program
from core.tools import restore as restore_program
from core.tools.backup import back_up
from core.tools.backup_folder import read_manifest
from core.tools.restore import restore
from tests.fixtures.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOMENT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ODD = [
    {
        "_id": key,
        "n": Int64(5),
        "d": Decimal128("1.10"),
        "at": MOMENT,
        "b": b"\0\xff",
        "none": None,
        "deep": {"z": 1, "a": 2},
    }
    for key in (3, 1.5, "text", "", ObjectId(), {"a": 1}, b"bytes", True, MOMENT)
]


@pytest.fixture
def names(mongo_uri: str) -> Iterator[tuple[str, str]]:
    """Two names; with `_2` behind them, they are dropped too."""
    found = tuple(f"test_{uuid.uuid4().hex[:16]}" for _ in range(2))
    yield found
    with pymongo.MongoClient(mongo_uri) as client:
        for name in found:
            client.drop_database(name)
            client.drop_database(f"{name}_2")


@pytest.fixture
def programs(
    mongo_uri: str, names: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Programs:
    monkeypatch.chdir(tmp_path)
    environ = {
        "API_ID": "1",
        "API_HASH": "0" * 32,
        "BOT_TOKEN": "1:no-telegram-here",
        "DATABASE_URI": mongo_uri,
        "DATABASE_NAME": names[0],
        "DATABASE_URIS": mongo_uri,
        "DATABASE_NAMES": f"{names[0]}_2",
        "ADMINS": "1",
    }
    monkeypatch.setattr(backup_program, "_AT_ONCE", 5)  # pages end between ids of two types, too
    return Programs(environ, monkeypatch, capsys)


@pytest.fixture
def filled(mongo_uri: str, names: tuple[str, str]) -> Iterator[pymongo.MongoClient[Any]]:
    """Two databases with something of everything in them."""
    with pymongo.MongoClient(mongo_uri, tz_aware=True) as client:
        first, second = client[names[0]], client[f"{names[0]}_2"]
        first["media_files"].insert_many([{"_id": Int64(number), "u": f"u{number}"} for number in range(501)])
        second["media_files"].insert_one({"_id": 9, "u": "nine"})
        first["odd"].insert_many(ODD)
        for name in ("users", "blocked_files", "leases", "indexed_channels", "deliveries", "premium_grants"):
            first[name].insert_one({"_id": 1, "fence": 7})
        first["broadcasts"].insert_many(
            [{"_id": state, "state": state} for state in ("running", "waiting", "done", "draft")]
        )
        yield client


class DyingPool(CopyingPool):
    """Takes a few inserts, and then the program is gone."""

    inserts_left = 0

    async def insert_many(self, *args: Any, **options: Any) -> None:
        if not self.inserts_left:
            raise InterruptedError
        self.inserts_left -= 1
        await super().insert_many(*args, **options)


def backup_in(parent: Path) -> Path:
    """The one that was made there."""
    [folder] = [path for path in parent.iterdir() if path.is_dir()]
    return folder


def contents(client: pymongo.MongoClient[Any], name: str) -> dict[str, list[bytes]]:
    """Every document of a database, byte for byte."""
    options = bson.CodecOptions(document_class=RawBSONDocument)
    database = client[name].with_options(codec_options=options)
    found = {key: sorted(d.raw for d in database[key].find({})) for key in client[name].list_collection_names()}
    return {key: documents for key, documents in found.items() if documents}


async def test_everything_comes_back_byte_for_byte(programs, filled, names, tmp_path: Path) -> None:
    """Ids of every type, in all databases; jobs of the moment stay away, and broadcasts wait for a decision."""
    code, told, complaints = await programs.run(backup_program, "--to", tmp_path / "kept")
    assert code == 0, complaints
    [folder] = (tmp_path / "kept").iterdir()
    assert f"complete: {folder}" in told
    assert folder.stat().st_mode & 0o077 == 0

    code, told, complaints = await programs.run(restore_program, "--from", folder, "--database", names[1])

    assert code == 0, complaints
    assert "2 broadcasts are paused" in told
    before, after = contents(filled, names[0]), contents(filled, names[1])
    assert set(before) - set(after) == {"deliveries"}
    for name in set(after) - {"broadcasts"}:
        assert after[name] == before[name], name
    assert {d["_id"]: d["state"] for d in filled[names[1]]["broadcasts"].find()} == {
        "running": "paused",
        "waiting": "paused",
        "done": "done",
        "draft": "draft",
    }
    assert contents(filled, f"{names[1]}_2") == contents(filled, f"{names[0]}_2")


async def test_what_says_done_is_copied_before_what_it_speaks_of(programs, filled, tmp_path: Path) -> None:
    """So that a backup of a running bot is as good as a kill: done once more is fine, left out is not."""
    await programs.run(backup_program, "--to", tmp_path)
    folder = backup_in(tmp_path)

    order = [saved.name for saved in read_manifest(folder).collections]

    assert order.index("indexed_channels") < order.index("media_files")
    assert order.index("premium_grants") < order.index("users")
    assert max(at for at, name in enumerate(order) if name == "media_files") < order.index("blocked_files")
    assert order[-1] == "leases"


async def test_tools_of_the_server_can_read_it(programs, filled, tmp_path: Path) -> None:
    """A collection is a gzipped file of BSON documents, as mongodump makes it."""
    await programs.run(backup_program, "--to", tmp_path)
    file = backup_in(tmp_path) / "database_1" / "users.bson.gz"

    assert bson.decode_all(gzip.decompress(file.read_bytes())) == [{"_id": 1, "fence": 7}]


async def test_a_database_that_is_not_empty_is_not_touched(programs, filled, names, tmp_path: Path) -> None:
    """Not by a single document, not even where only the second one is not empty."""
    await programs.run(backup_program, "--to", tmp_path)
    folder = backup_in(tmp_path)
    filled[f"{names[1]}_2"]["users"].insert_one({"_id": 5})

    code, _, complaints = await programs.run(restore_program, "--from", folder, "--database", names[1])

    assert code == 2
    assert f"database 2 ({names[1]}_2) is not empty: it holds users" in complaints
    assert contents(filled, names[1]) == {}
    assert contents(filled, f"{names[1]}_2") == {"users": [bson.encode({"_id": 5})]}


async def test_a_refused_restore_does_not_open_a_living_database_to_the_next(
    programs, filled, names, tmp_path: Path
) -> None:
    """What was written into the first database since then is not mixed with the backup."""
    await programs.run(backup_program, "--to", tmp_path)
    arguments = ("--from", backup_in(tmp_path), "--database", names[1])
    filled[f"{names[1]}_2"]["users"].insert_one({"_id": 5})
    await programs.run(restore_program, *arguments)
    filled[names[1]]["users"].insert_one({"_id": 6})
    filled[f"{names[1]}_2"].drop_collection("users")

    code, _, complaints = await programs.run(restore_program, *arguments)

    assert code == 2
    assert f"database 1 ({names[1]}) is not empty: it holds users" in complaints


@pytest.mark.parametrize("harm", ["cut", "gone", "no manifest", "later format"])
async def test_a_damaged_backup_is_refused_before_anything_is_written(
    programs, filled, names, tmp_path: Path, harm: str
) -> None:
    """One that is not complete, too."""
    await programs.run(backup_program, "--to", tmp_path)
    folder = backup_in(tmp_path)
    file, manifest = folder / "database_2" / "media_files.bson.gz", folder / "manifest.json"
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    elif harm == "gone":
        file.unlink()
    elif harm == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))

    code, _, complaints = await programs.run(restore_program, "--from", folder, "--database", names[1])

    assert code == 2
    assert complaints.startswith(str(folder))
    assert contents(filled, names[1]) == {}


async def test_fewer_databases_than_the_backup_has_are_refused(programs, filled, names, tmp_path, monkeypatch) -> None:
    """Their files would be missing."""
    await programs.run(backup_program, "--to", tmp_path)
    folder = backup_in(tmp_path)
    monkeypatch.delenv("DATABASE_URIS")
    monkeypatch.delenv("DATABASE_NAMES")

    code, _, complaints = await programs.run(restore_program, "--from", folder, "--database", names[1])

    assert code == 2
    assert "of 2 databases" in complaints


async def test_an_interrupted_restore_goes_on(mongo_uri: str, filled, names, tmp_path: Path) -> None:
    """Whatever it was interrupted at, called again it ends with everything, once."""
    opened = [CopyingPool(mongo_uri, name, clock=Clock(), number=1) for name in names]
    manifest = await back_up(opened[:1], tmp_path, "now")

    for limit in (0, 3, 6):
        dying = DyingPool(mongo_uri, names[1], clock=Clock(), number=1)
        dying.inserts_left = limit
        with pytest.raises(InterruptedError):
            await restore([dying], tmp_path, manifest)
        await dying.close()
    await restore(opened[1:], tmp_path, manifest)
    for pool in opened:
        await pool.close()

    before, after_all = contents(filled, names[0]), contents(filled, names[1])
    assert {name: len(found) for name, found in after_all.items()} == {
        name: len(found) for name, found in before.items() if name != "deliveries"
    }


@pytest.mark.parametrize("name", ["two words", "a.b", "a/b", "x" * 60, ""])
async def test_a_name_that_no_database_can_have_is_refused(programs: Programs, tmp_path: Path, name: str) -> None:
    """Before anything is read, in a sentence that says what a name may be."""
    with pytest.raises(SystemExit) as refused:
        await programs.run(restore_program, "--from", tmp_path, "--database", name)
    assert refused.value.code == 2


async def test_a_view_is_no_collection(programs, filled, names, tmp_path: Path) -> None:
    """Somebody's view of the people holds nothing of its own, and keeps no backup from being made."""
    filled[names[0]].create_collection("people_by_day", viewOn="users", pipeline=[])

    code, told, complaints = await programs.run(backup_program, "--to", tmp_path)

    assert (code, complaints) == (0, "")
    assert "people_by_day" not in told


async def test_what_a_database_refuses_is_told_without_the_documents(programs, filled, names, tmp_path: Path) -> None:
    """Scenario 136: a rule that somebody put on a collection ends a restore in a sentence that quotes nobody."""
    filled[names[0]]["users"].insert_one({"_id": 2, "name": "Ann Elk"})
    await programs.run(backup_program, "--to", tmp_path)
    filled[names[1]].create_collection("users", validator={"never": {"$exists": True}})

    code, _, complaints = await programs.run(restore_program, "--from", backup_in(tmp_path), "--database", names[1])

    assert code == 1
    assert "121" in complaints
    assert "Ann" not in complaints
