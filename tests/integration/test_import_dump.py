"""Another bot's collection comes into the library: whole, once, and with every record that is left out named."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
import pymongo.uri_parser
import pytest

from core.domain.media import MediaKind
from core.telegram.file_ids import identity_of
from core.tools import import_dump
from repositories.media_document import to_media
from tests.fixtures.foreign_dump import auto_filter_record, full_file_id, short_file_id
from tests.fixtures.programs import Programs
from tests.fixtures.tcp_proxy import TcpProxy
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.database.pool import DatabaseConnectionPool

    Imported = Callable[..., Awaitable[tuple[int, str, str]]]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environ(mongo_uri: str, mongo_database: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "API_ID": "1",
        "API_HASH": "0" * 32,
        "BOT_TOKEN": "1:no-telegram-here",
        "SESSION": str(tmp_path / "bot.session"),
        "DATABASE_URI": mongo_uri,
        "DATABASE_NAME": mongo_database,
        "REDIS_URI": redis_url,
        "ADMINS": "1",
    }


@pytest.fixture
def imported(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Imported:
    """Runs the program as an operator does: (exit code, output, complaints)."""
    monkeypatch.chdir(tmp_path)
    return partial(Programs(environ, monkeypatch, capsys).run, import_dump)


def dump(path: Path, records: Sequence[Any]) -> Path:
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in records))
    return path


def progress_of(folder: Path) -> list[Path]:
    """Where an import keeps how far it is."""
    return list(folder.glob("import-*.json"))


async def library(pool: DatabaseConnectionPool) -> dict[str, Any]:
    return {found["n"]: to_media(found) for found in await pool.find("media_files", {})}


async def test_a_dump_becomes_files_without_sources(
    imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path
) -> None:
    """Names, sizes, kinds and captions are there, words are learned, names are read; bad records are told by number."""
    path = dump(
        tmp_path / "dump.json",
        [
            auto_filter_record(1, "Nosferatu.1922.1080p.mkv", caption="Silent"),
            "{broken\n",
            auto_filter_record(2, "Golem.mkv", file_size={"$numberLong": "5000000000"}),
            auto_filter_record(3, "", _id="nonsense"),
            {"_id": 17, "file_id": full_file_id(1), "file_name": "The same again.mkv"},
        ],
    )

    code, told, complaints = await imported(path)

    assert code == 0, complaints
    assert "5 read" in told
    assert "2 new, 1 known; left out: 1 bad_file_id, 1 unreadable" in told
    assert complaints.splitlines() == ["record 2: unreadable", "record 4: bad_file_id"]
    files = await library(pool)
    assert set(files) == {"Nosferatu.1922.1080p.mkv", "Golem.mkv"}
    first = files["Nosferatu.1922.1080p.mkv"]
    assert (first.caption, first.size, first.kind, first.sources) == ("Silent", 1001, MediaKind.VIDEO, ())
    assert first.file_id == full_file_id(1)
    assert first.metadata is not None
    assert first.metadata.quality == "1080p"
    assert files["Golem.mkv"].size == 5_000_000_000
    assert await pool.find_one("search_terms", {"_id": "nosferatu"}) is not None
    assert progress_of(tmp_path) == []

    assert "0 new, 3 known" in (await imported(path))[1]
    assert len(await library(pool)) == 2


async def test_what_is_known_or_taken_down_stays_as_it_is(
    imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path
) -> None:
    """An import renames nothing, brings nothing back that was given up, and lets nothing in that was taken down."""
    path = dump(tmp_path / "dump.json", [auto_filter_record(n, f"Foreign {n}.mkv") for n in (1, 2, 3)])
    assert (await imported(path))[0] == 0
    known, dead, down = (identity_of(short_file_id(n)).unique_id for n in (1, 2, 3))
    post = {"ch": -100, "mi": 5}
    await pool.update_one("media_files", {"u": known}, {"$set": {"n": "Ours.mkv", "src": [post]}})
    await pool.update_one("media_files", {"u": dead}, {"$set": {"x": 1, "h": []}})
    await pool.delete_one("media_files", {"u": down})
    await pool.insert_one(
        "blocked_files", {"_id": down, "reason": "asked", "admin": 1, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    )

    code, told, complaints = await imported(path)

    assert code == 0, complaints
    assert "0 new, 2 known; left out: 1 taken_down" in told
    assert {
        (found["n"], "x" in found, tuple(found["src"] and ("post",))) for found in await pool.find("media_files", {})
    } == {
        ("Ours.mkv", False, ("post",)),
        ("Foreign 2.mkv", True, ()),
    }


@pytest.mark.parametrize("content", ["", "hello\nworld\n", '{"user": 1}\n{"user": 2}\n', "\x00\x01\x02"])
async def test_nonsense_is_refused_as_a_whole(
    imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path, content: str
) -> None:
    """A file that is no dump of files changes nothing, and the operator is told why."""
    path = tmp_path / "dump.json"
    path.write_text(content)

    code, told, complaints = await imported(path)

    assert (code, "done" in told) == ((0, True) if not content else (2, False))
    assert await pool.count("media_files", {}) == 0
    if content:
        assert "none of the first" in complaints


async def test_a_collection_is_read_from_its_server(
    imported: Imported, pool: DatabaseConnectionPool, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With keys of several types; the address is in a variable, and a rehearsal stores nothing."""
    records = [auto_filter_record(n, f"Film {n}.mkv") for n in range(1, 4)]
    with pymongo.MongoClient(mongo_uri) as client:
        client[pool.name]["Telegram_files"].insert_many(records)
        client[pool.name]["Telegram_files"].insert_one({"_id": 5, "file_id": full_file_id(5), "file_name": "Five.mkv"})
    arguments = ("--collection", "Telegram_files", "--database", pool.name)

    assert (await imported(*arguments))[0] == 2
    monkeypatch.setenv("SOURCE_URI", mongo_uri)
    assert "nothing stored (--dry-run)" in (await imported(*arguments, "--dry-run"))[1]
    assert await pool.count("media_files", {}) == 0
    code, told, complaints = await imported(*arguments)

    assert code == 0, complaints
    assert "4 new" in told
    assert set(await library(pool)) == {"Five.mkv", *(record["file_name"] for record in records)}


async def test_a_killed_import_goes_on(
    environ: dict[str, str], imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path
) -> None:
    """What was stored is not read again, and nothing is missing or stored twice."""
    path = dump(tmp_path / "dump.json", [auto_filter_record(n, f"Film {n}.mkv") for n in range(1, 1501)])
    server = pymongo.uri_parser.parse_uri(environ["DATABASE_URI"])["nodelist"][0][1]
    async with TcpProxy(server) as proxy:  # which works in this process: the program is never far ahead of it
        through = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "core.tools.import_dump", str(path)),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environ, "DATABASE_URI": through},
            stdout=asyncio.subprocess.DEVNULL,
        )
        await until(lambda: progress_of(tmp_path) or process.returncode is not None, within_s=40)
        assert process.returncode is None
        process.kill()
        await process.wait()

    code, told, complaints = await imported(path)

    assert code == 0, complaints
    assert "going on behind record" in told
    assert "1,500 read" in told
    assert await pool.count("media_files", {}) == 1500


async def test_a_rehearsal_needs_no_store_and_leaves_no_trace(
    imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stores nothing makes no setting either, and reads a dump without a database."""
    path = dump(tmp_path / "dump.json", [auto_filter_record(1, "Five.mkv")])
    monkeypatch.setenv("COUNT_LIMIT", "200")
    assert (await imported("--dry-run", path))[0] == 0
    assert await pool.count("bot_settings", {}) == 0

    monkeypatch.setenv("DATABASE_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    monkeypatch.setenv("REDIS_URI", "redis://127.0.0.1:1/0")
    async with asyncio.timeout(30):
        code, told, complaints = await imported("--dry-run", path)

    assert (code, complaints) == (0, "")
    assert "1 read" in told


@pytest.mark.parametrize(
    ("address", "database", "named"),
    [
        ("mongodb://me:Pa55/word@127.0.0.1:1/", "old", "SOURCE_URI"),
        ("nonsense", "old", "SOURCE_URI"),
        ("mongodb://127.0.0.1:1/", "Cluster 0", "--database"),
    ],
)
async def test_an_address_that_cannot_be_used_is_named_and_not_shown(
    imported: Imported, monkeypatch: pytest.MonkeyPatch, address: str, database: str, named: str
) -> None:
    """Scenario 136: a password that was not escaped is no part of a complaint; the sentence says what to mend."""
    monkeypatch.setenv("SOURCE_URI", address)

    code, _, complaints = await imported("--dry-run", "--collection", "files", "--database", database)

    assert (code, named in complaints) == (2, True)
    assert "word" not in complaints.replace("password", "")


@pytest.mark.parametrize("name", ["dump.json.gz", "dump.bson.gz"])
async def test_a_packed_dump_that_was_cut_off_is_taken_as_far_as_it_goes(
    imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path, name: str
) -> None:
    """A copy that broke off is told by the number of the record behind the last whole one, as an unpacked one is."""
    records = [auto_filter_record(n, f"Film {n}.mkv") for n in range(1, 31)]
    encoded = b"".join(
        bson.encode(record) if "bson" in name else json.dumps(record).encode() + b"\n" for record in records
    )
    packed = gzip.compress(encoded)
    path = tmp_path / name
    path.write_bytes(packed[: len(packed) * 2 // 3])

    code, told, complaints = await imported(path)

    assert code == 0, complaints
    assert complaints.splitlines()[-1].endswith("unreadable")
    assert "1 unreadable" in told
    assert 0 < len(await library(pool)) < 30


async def test_a_database_that_is_away_is_told_at_once(
    imported: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for minutes, in silence, for a server that was misspelt."""
    monkeypatch.setenv("DATABASE_URI", "mongodb://127.0.0.1:1/")
    path = dump(tmp_path / "dump.json", [auto_filter_record(1, "Five.mkv")])

    async with asyncio.timeout(30):
        code, _, complaints = await imported(path)

    assert (code, "Call it again" in complaints) == (1, True)


async def test_a_library_that_holds_a_file_twice_is_repaired_first(
    imported: Imported, pool: DatabaseConnectionPool, tmp_path: Path
) -> None:
    """Without the index that tells files apart nothing is imported; the sentence says who repairs that."""
    for number in (1, 2):
        await pool.insert_many("media_files", [{"_id": number, "u": "same", "n": "Same.mkv"}])

    code, _, complaints = await imported(dump(tmp_path / "dump.json", [auto_filter_record(1, "Five.mkv")]))

    assert (code, "start the bot" in complaints) == (2, True)
    assert "same" not in complaints
