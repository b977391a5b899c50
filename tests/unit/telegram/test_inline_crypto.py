"""Which packets are encrypted on the loop's thread, and which in the worker's."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pyrogram import raw
from pyrogram.crypto import mtproto
from pyrogram.errors import SecurityCheckMismatch
from pyrogram.raw.core import Message

from core.telegram.inline_crypto import SMALL_PACKET, InlineCryptoExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, KEY_ID, SESSION = os.urandom(256), os.urandom(8), os.urandom(8)


class Worker(ThreadPoolExecutor):
    """A real worker thread that counts what it is given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given = 0

    def submit(self, fn, /, *args, **kwargs):
        self.given += 1
        return super().submit(fn, *args, **kwargs)


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker() as executor:
        yield executor


def packet_of(size: int) -> Message:
    body = raw.functions.upload.SaveFilePart(file_id=1, file_part=0, bytes=bytes(size))
    return Message(body, 4, 1, len(body.write()))


async def pack(executor: InlineCryptoExecutor, message: Message) -> bytes:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(executor, mtproto.pack, message, 0, SESSION, KEY, KEY_ID)


async def test_a_small_packet_is_packed_without_the_worker(worker: Worker) -> None:
    """The packets of a chat are encrypted where they are, to what a server can open."""
    packed = await pack(InlineCryptoExecutor(worker), packet_of(100))

    assert worker.given == 0
    assert packed[:8] == KEY_ID
    assert len(packed) > 100


async def test_a_large_packet_goes_to_the_worker(worker: Worker) -> None:
    """A part of an upload does not hold up the event loop, in either direction."""
    executor = InlineCryptoExecutor(worker)
    await pack(executor, packet_of(SMALL_PACKET + 1))
    assert worker.given == 1

    loop = asyncio.get_running_loop()
    with pytest.raises(SecurityCheckMismatch):
        await loop.run_in_executor(executor, mtproto.unpack, BytesIO(bytes(SMALL_PACKET + 1)), SESSION, KEY, KEY_ID)
    assert worker.given == 2


async def test_a_packet_that_cannot_be_opened_raises_where_it_is_awaited(worker: Worker) -> None:
    """A forged small packet fails for the awaiting caller just as it would have in the worker."""
    loop = asyncio.get_running_loop()
    with pytest.raises(SecurityCheckMismatch):
        await loop.run_in_executor(
            InlineCryptoExecutor(worker), mtproto.unpack, BytesIO(bytes(64)), SESSION, KEY, KEY_ID
        )
    assert worker.given == 0


async def test_other_work_stays_in_the_worker(worker: Worker) -> None:
    """Whatever else pyrogram gives its crypto thread keeps its order there."""
    loop = asyncio.get_running_loop()
    thread = await loop.run_in_executor(InlineCryptoExecutor(worker), threading.get_ident)

    assert thread != threading.get_ident()
