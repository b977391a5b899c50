"""A person who uses a Telethon client."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from telethon import events

from sandbox.clients import telethon_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telethon import TelegramClient

    from sandbox.datacenter import DataCenter

PHONE, CODE = "+9996621111", "22222"
BOT_NAME = "filter_test_bot"


class Inbox:
    """What a telethon client is told of, in order."""

    def __init__(self, client: TelegramClient) -> None:
        self._seen: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        client.add_event_handler(self._new, events.NewMessage(incoming=True))
        client.add_event_handler(self._edited, events.MessageEdited())

    async def _new(self, event: Any) -> None:
        self._seen.put_nowait(("new", event.message))

    async def _edited(self, event: Any) -> None:
        self._seen.put_nowait(("edited", event.message))

    async def next(self) -> tuple[str, Any]:
        """The next new message or edit, and which of them it is."""
        return await asyncio.wait_for(self._seen.get(), 10)


@asynccontextmanager
async def connected(dc: DataCenter) -> AsyncIterator[TelegramClient]:
    """A telethon client that is nobody yet."""
    client = telethon_client(dc.host, dc.port, dc.key, timeout=5)
    await client.connect()
    try:
        yield client
    finally:
        await client.disconnect()


async def sign_in(client: TelegramClient) -> Any:
    """Make a client the owner of the test phone; returns who that is."""
    sent = await client.send_code_request(PHONE)
    return await client.sign_in(PHONE, CODE, phone_code_hash=sent.phone_code_hash)
