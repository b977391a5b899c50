"""What one post costs on its way into the library, and what asking for each file by itself would cost."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyrogram
import tgcrypto
from pyrogram import raw
from pyrogram.raw.core import TLObject

from benchmarks.corpus import EIGHT_SCRIPTS, SEED, Corpus
from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.pool import DatabaseConnectionPool
from core.search.word_counts import read_words
from core.telegram.incoming import channel_event_from_raw
from repositories.media_document import to_document
from tests.fixtures.media_stores import batches_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import NewMedia
    from tests.fixtures.servers import MongoServer

_POSTS = 2_000
_BATCH = 50
_LONG_BATCH = 200
_CHANNEL = 1_700_000_001
_UPDATE_WITH_ENVELOPE = 64  # bytes of message header, sequence and padding


@dataclass(frozen=True)
class Costs:
    """Microseconds a post.

    Attributes:
        wire: decrypting the packet and reading its objects.
        parse: making our own value of the update.
        names: taking name and caption apart for the search.
        database: storing by batches of 50, words read before.
        database_long: the same by batches of 200.
        one_by_one: asking for each file by itself, and storing it by itself.
    """

    wire: float
    parse: float
    names: float
    database: float
    database_long: float
    one_by_one: float


async def measure_costs(mongo: MongoServer) -> Costs:
    """Measure every part by itself over the same posts; each way of storing in a database of its own, in turns."""
    files = list(islice(Corpus(SEED, EIGHT_SCRIPTS).files(), _POSTS))
    updates = [_update(number, media) for number, media in enumerate(files, start=1)]
    wire = _wire_seconds([update.write() for update in updates])
    started = time.perf_counter()
    for update in updates:
        channel_event_from_raw(update)
    parse = time.perf_counter() - started
    started = time.perf_counter()
    words = read_words([(media.name, media.caption) for media in files])
    names = time.perf_counter() - started
    stored = await _storing_seconds(mongo, files, words)
    return Costs(*(seconds / _POSTS * 1e6 for seconds in (wire, parse, names, *stored)))


def _wire_seconds(packets: Sequence[bytes]) -> float:
    key, iv = os.urandom(32), os.urandom(32)
    padded = [packet + bytes(-len(packet) % 16 + _UPDATE_WITH_ENVELOPE) for packet in packets]
    encrypted = [tgcrypto.ige256_encrypt(packet, key, iv) for packet in padded]
    started = time.perf_counter()
    for packet in encrypted:
        TLObject.read(BytesIO(tgcrypto.ige256_decrypt(packet, key, iv)))
    return time.perf_counter() - started


async def _storing_seconds(
    mongo: MongoServer, files: Sequence[NewMedia], words: Sequence[list[str]]
) -> tuple[float, float, float]:
    """Seconds for batches of 50, batches of 200, and one by one; a block of each at a time, in turns."""
    pools = [DatabaseConnectionPool(mongo.uri, f"costs_{name}", clock=Clock()) for name in ("short", "long", "single")]
    for pool in pools:
        await ensure_indexes(pool)
    short, long = batches_on(pools[0]), batches_on(pools[1])
    spent = [0.0, 0.0, 0.0]
    for first in range(0, len(files), _LONG_BATCH):
        block = slice(first, first + _LONG_BATCH)
        started = time.perf_counter()
        for start in range(first, min(first + _LONG_BATCH, len(files)), _BATCH):
            part = slice(start, start + _BATCH)
            await short.save_batch(files[part], {}, words[part])
        spent[0] += time.perf_counter() - started
        started = time.perf_counter()
        await long.save_batch(files[block], {}, words[block])
        spent[1] += time.perf_counter() - started
        started = time.perf_counter()
        for number, media in enumerate(files[block], start=first):
            await _store_alone(pools[2], media, number + 1, words[number])
        spent[2] += time.perf_counter() - started
    for pool in pools:
        await pool.close()
    return spent[0], spent[1], spent[2]


async def _store_alone(pool: DatabaseConnectionPool, media: NewMedia, media_id: int, words: Sequence[str]) -> None:
    """The usual way of such bots: ask whether this file is known, and store it when it is not."""
    if await pool.find_one("media_files", {"u": media.unique_id}) is None:
        await pool.insert_one("media_files", to_document(media, media_id, words))


def _update(number: int, media: NewMedia) -> Any:
    """A channel post of a file, as Telegram pushes it."""
    document = raw.types.Document(
        id=number,
        access_hash=number,
        file_reference=b"r" * 25,
        date=1_700_000_000,
        mime_type="video/x-matroska",
        size=media.size,
        dc_id=2,
        attributes=[
            raw.types.DocumentAttributeVideo(duration=60, w=1280, h=720),
            raw.types.DocumentAttributeFilename(file_name=media.name),
        ],
    )
    message = raw.types.Message(
        id=number,
        peer_id=raw.types.PeerChannel(channel_id=_CHANNEL),
        date=1_700_000_000,
        message=media.caption or "",
        post=True,
        media=raw.types.MessageMediaDocument(document=document),
    )
    return raw.types.UpdateNewChannelMessage(message=message, pts=number, pts_count=1)


assert pyrogram.__version__  # importing the package registers the constructors that `TLObject.read` needs
