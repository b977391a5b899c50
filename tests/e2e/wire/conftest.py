"""A data centre over the smallest world, and two clients of it: a bare one and an unmodified pyrofork."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clients import session_string
from sandbox.datacenter import DataCenter
from tests.e2e.wire.tiny_world import BOT, TinyWorld, pyrofork
from tests.fixtures.wire_client import WireClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pyrogram import Client


@pytest.fixture
def world() -> TinyWorld:
    return TinyWorld()


@pytest.fixture
async def dc(world: TinyWorld) -> AsyncIterator[DataCenter]:
    datacenter = DataCenter(world, methods=world.methods())
    await datacenter.start()
    yield datacenter
    await datacenter.stop()


@pytest.fixture
async def bot(dc: DataCenter, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.chdir(tmp_path)
    client = pyrofork(dc, session_string=session_string(dc, BOT, is_bot=True))
    await client.start()
    yield client
    await client.stop()


@pytest.fixture
async def wire(dc: DataCenter) -> AsyncIterator[WireClient]:
    client = WireClient(dc, dc.issue_auth_key(BOT))
    await client.connect()
    yield client
    await client.close()
