"""What the databases held at every moment, read from their own operation logs without any class of the bot."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pymongo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.fixtures.servers import MongoServer

ID_EPOCH_S = 1_577_836_800
ID_MS_SHIFT = 12


def born_at(media_id: int) -> float:
    """The moment an id was given out."""
    return ID_EPOCH_S + (media_id >> ID_MS_SHIFT) / 1000


def name_words(name: str) -> frozenset[str]:
    """The words of a name of the benchmark's corpus."""
    return frozenset(name.removesuffix(".mkv").split())


@dataclass(slots=True)
class Copy:
    """One record of one database, from its insertion to its deletion.

    Attributes:
        names: (since when, name), oldest first.
        until: when it was deleted.
    """

    database: int
    id: int
    unique_id: str
    names: list[tuple[float, str]]
    until: float = math.inf

    @property
    def since(self) -> float:
        """When it was inserted."""
        return self.names[0][0]

    def names_within(self, start: float, end: float) -> list[str]:
        """Every name it had at some moment between `start` and `end`; none when it did not exist then."""
        if self.since > end or self.until < start:
            return []
        first = max(0, bisect_right(self.names, start, key=lambda version: version[0]) - 1)
        return [name for since, name in self.names[first:] if since <= end]

    def existed_throughout(self, start: float, end: float) -> bool:
        """Whether it was there from `start` to `end`."""
        return self.since <= start and self.until >= end

    def could_match(self, words: frozenset[str], start: float, end: float) -> bool:
        """Whether it matched at some moment."""
        return any(words <= name_words(name) for name in self.names_within(start, end))

    def must_match(self, words: frozenset[str], start: float, end: float) -> bool:
        """Whether it was there and matched all the time."""
        if not self.existed_throughout(start, end):
            return False
        return all(words <= name_words(name) for name in self.names_within(start, end))


@dataclass(slots=True)
class Library:
    """Every record that ever was in any database, by id and by word."""

    copies: list[Copy] = field(default_factory=list)
    by_id: dict[int, list[Copy]] = field(default_factory=dict)
    by_word: dict[str, list[Copy]] = field(default_factory=dict)

    @classmethod
    def of(cls, copies: Iterable[Copy]) -> Library:
        """Index copies."""
        library = cls(list(copies))
        for copy in library.copies:
            library.by_id.setdefault(copy.id, []).append(copy)
            for word in {word for _, name in copy.names for word in name_words(name)}:
                library.by_word.setdefault(word, []).append(copy)
        return library

    def candidates(self, words: Iterable[str]) -> Sequence[Copy]:
        """The copies that ever had the rarest of `words`."""
        return min((self.by_word.get(word, []) for word in words), key=len, default=[])


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A record as it is at the end; `sources` are (channel, message)."""

    database: int
    unique_id: str
    name: str
    sources: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class StoredQuota:
    """A reader's quota as it is at the end; `held` is the sum of all holds that are left on the counted day."""

    charged: int
    held: int


def read_copies(mongods: Sequence[MongoServer], database: str) -> list[Copy]:
    """Replay the operation logs of all servers."""
    copies: list[Copy] = []
    for number, server in enumerate(mongods, start=1):
        with _open(server) as client:
            log = client["local"]["oplog.rs"]
            entries = log.find({"ns": f"{database}.media_files", "op": {"$in": ["i", "u", "d"]}}).sort("$natural", 1)
            copies.extend(replay(number, entries))
    return copies


def replay(number: int, entries: Iterable[dict[str, Any]]) -> list[Copy]:
    """The records of one database from the entries of its operation log, oldest first."""
    living: dict[int, Copy] = {}
    copies: list[Copy] = []
    for entry in entries:
        moment = entry["wall"].timestamp()
        if entry["op"] == "i":
            document = entry["o"]
            copy = Copy(number, document["_id"], document["u"], [(moment, document["n"])])
            living[copy.id] = copy
            copies.append(copy)
        elif entry["op"] == "d":
            living.pop(entry["o"]["_id"]).until = moment
        elif (name := _new_name(entry["o"])) is not None:
            living[entry["o2"]["_id"]].names.append((moment, name))
    return copies


def _new_name(change: dict[str, Any]) -> str | None:
    """The name an update set; None when it left the name alone."""
    if "diff" in change:
        changed = {**change["diff"].get("u", {}), **change["diff"].get("i", {})}
        return changed.get("n")
    return change.get("n")


def read_files(mongods: Sequence[MongoServer], database: str) -> list[StoredFile]:
    """Every record of every database as it is now."""
    files: list[StoredFile] = []
    for number, server in enumerate(mongods, start=1):
        with _open(server) as client:
            found = client[database]["media_files"].find({"x": {"$exists": False}}, {"u": 1, "n": 1, "src": 1})
            for document in found:
                sources = frozenset((source["ch"], source["mi"]) for source in document["src"])
                files.append(StoredFile(number, document["u"], document["n"], sources))
    return files


def read_quotas(primary: MongoServer, database: str) -> dict[int, StoredQuota]:
    """The stored quota of every reader."""
    quotas: dict[int, StoredQuota] = {}
    with _open(primary) as client:
        for document in client[database]["users"].find({"quota": {"$exists": True}}, {"quota": 1}):
            quota = document["quota"]
            held = sum(hold["n"] for hold in quota.get("holds", ()) if hold["day"] == quota["day"])
            quotas[document["_id"]] = StoredQuota(quota["charged"], held)
    return quotas


def count_postponed(primary: MongoServer, database: str) -> tuple[int, int]:
    """(changes that still wait for a database, notes of changes that every database has taken)."""
    with _open(primary) as client:
        changes = client[database]["postponed_changes"]
        waiting = changes.count_documents({"waiting": {"$ne": []}})
        return waiting, changes.count_documents({"waiting": []})


def _open(server: MongoServer) -> pymongo.MongoClient[dict[str, Any]]:
    """A client of its own on the server itself, past every proxy."""
    return pymongo.MongoClient(f"mongodb://127.0.0.1:{server.port}/?directConnection=true", tz_aware=True)
