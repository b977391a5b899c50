"""One flipped byte on the wire, and the client may not go on as if nothing had happened.

Each mutant changes a single byte of what the data centre sends. Where the byte lies under the encryption, the packet is
sealed again, so that only the check of that very field can notice it.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from pyrogram import raw
from pyrogram.crypto import aes, mtproto
from pyrogram.session import Auth, Session

from core.clock import Clock
from core.telegram.client import build_client, build_storage
from sandbox.datacenter import DataCenter, crypto
from tests.e2e.wire.tiny_world import BOT, NEAREST, TOKEN, TinyWorld
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pyrogram import Client

pytestmark = pytest.mark.wire

PLAIN_BODY = 20  # auth key id 0, message id, length
DH_ANSWER = PLAIN_BODY + 4 + 16 + 16 + 4  # constructor, nonce, server nonce, length of the encrypted answer
MESSAGE_KEY = 8  # after the auth key id
SEALED = 24  # after the message key; its first bytes are the salt
ENVELOPE_BODY = 32  # salt, session id, message id, sequence number, length
NEW_SALT = ENVELOPE_BODY + 4 + 8 + 4 + 4  # constructor, bad message id, its sequence number, error code
SESSION_ID = 8
THIRD_TRY = 4  # connections: one for the key exchange, the others for a session


class Mutant:
    """Flips one byte of every packet that it is about.

    Args:
        change: the changed packet; None for packets it is not about.

    Attributes:
        hits: packets changed.
    """

    def __init__(self, change: Callable[[bytes], bytes | None]) -> None:
        self._change = change
        self.hits = 0

    def __call__(self, packet: bytes) -> bytes:
        changed = self._change(packet)
        if changed is None:
            return packet
        self.hits += 1
        return changed


def flipped(data: bytes, position: int) -> bytes:
    """`data` with all bits of one byte turned over."""
    changed = bytearray(data)
    changed[position] ^= 0xFF
    return bytes(changed)


def is_plain(packet: bytes) -> bool:
    return packet[:8] == bytes(8)


def is_dh_answer(packet: bytes) -> bool:
    constructor = int.from_bytes(packet[PLAIN_BODY : PLAIN_BODY + 4], "little")
    return is_plain(packet) and constructor == raw.types.ServerDHParamsOk.ID


def sealed_again(dc: DataCenter, packet: bytes, change: Callable[[bytes], bytes | None]) -> bytes | None:
    """The packet with its decrypted content changed, under a message key that fits the change."""
    if is_plain(packet):
        return None
    auth = dc.auth_keys[packet[:8]]
    message_key = packet[MESSAGE_KEY:SEALED]
    plain = aes.ige256_decrypt(packet[SEALED:], *mtproto.kdf(auth.key, message_key, False))
    length = int.from_bytes(plain[ENVELOPE_BODY - 4 : ENVELOPE_BODY], "little")
    changed = change(plain[: ENVELOPE_BODY + length])
    return None if changed is None else crypto.encrypt(auth.key, auth.id, changed)


def dh_answer(position: int) -> Callable[[DataCenter, bytes], bytes | None]:
    return lambda _dc, packet: (
        flipped(packet, DH_ANSWER if position == 0 else position) if is_dh_answer(packet) else None
    )


def message_key(_dc: DataCenter, packet: bytes) -> bytes | None:
    return None if is_plain(packet) else flipped(packet, MESSAGE_KEY)


def salt_under_way(_dc: DataCenter, packet: bytes) -> bytes | None:
    return None if is_plain(packet) else flipped(packet, SEALED)


def salt_told(dc: DataCenter, packet: bytes) -> bytes | None:
    def change(plain: bytes) -> bytes | None:
        constructor = int.from_bytes(plain[ENVELOPE_BODY : ENVELOPE_BODY + 4], "little")
        return flipped(plain, NEW_SALT) if constructor == raw.types.BadServerSalt.ID else None

    return sealed_again(dc, packet, change)


def session_id(dc: DataCenter, packet: bytes) -> bytes | None:
    return sealed_again(dc, packet, lambda plain: flipped(plain, SESSION_ID))


def nothing(dc: DataCenter, packet: bytes) -> bytes | None:
    """Every packet opened, sealed again and otherwise left alone: the way through this file is sound."""
    return packet if is_plain(packet) else sealed_again(dc, packet, lambda plain: plain)


MUTANTS = {
    "the first byte of the DH answer": dh_answer(0),
    "the last byte of the DH answer": dh_answer(-1),
    "the message key": message_key,
    "the server salt under way": salt_under_way,
    "the server salt that is told": salt_told,
    "the session id": session_id,
}


@pytest.fixture
async def dc() -> AsyncIterator[DataCenter]:
    world = TinyWorld()
    datacenter = DataCenter(world, methods=world.methods())
    await datacenter.start()
    yield datacenter
    await datacenter.stop()


@pytest.fixture
async def client(dc: DataCenter, tmp_path: Path) -> Client:
    """The client that the bot runs on, repairs included, without a key."""
    key = tmp_path / "datacenter.pem"
    key.write_text(dc.key.public_pem)
    settings = SimpleNamespace(
        api_id=1,
        api_hash=SecretStr("x"),
        bot_token=SecretStr(TOKEN),
        session_file=tmp_path / "bot.session",
        telegram_datacenter=(dc.host, dc.port),
        telegram_datacenter_key=key,
    )
    return build_client(settings, build_storage(settings, Clock()))


@pytest.fixture
def soon_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key exchange is tried once, and an introduction for half a second."""
    monkeypatch.setattr(Auth, "MAX_RETRIES", 1)
    monkeypatch.setattr(Session, "START_TIMEOUT", 0.5)


@pytest.mark.usefixtures("soon_given_up")
@pytest.mark.parametrize("name", MUTANTS)
async def test_the_client_does_not_get_past_a_flipped_byte(dc: DataCenter, client: Client, name: str) -> None:
    """A client whose key exchange or first messages were changed under way fails or tries again; nothing is served."""
    mutant = Mutant(lambda packet: MUTANTS[name](dc, packet))
    dc.trouble.tamper = mutant

    start = asyncio.create_task(client.start())
    while not start.done() and dc.stats.connections < THIRD_TRY and dc.stats.calls == 0:
        await Clock().sleep(0.01)
    start.cancel()
    [outcome] = await asyncio.gather(start, return_exceptions=True)
    if client.session is not None:
        await client.session.stop()

    assert isinstance(outcome, BaseException)
    assert mutant.hits >= 1
    assert dc.stats.calls == 0


async def test_the_client_gets_past_packets_that_are_whole(dc: DataCenter, client: Client) -> None:
    """The same way with nothing flipped ends in a login and in answers."""
    unchanged = dc.trouble.tamper = Mutant(lambda packet: nothing(dc, packet))

    await client.start()
    nearest = await client.invoke(NEAREST())
    await client.stop()

    assert (client.me.id, nearest.country) == (BOT, "GR")
    assert unchanged.hits > 5


@pytest.mark.parametrize("name", ["the message key", "the session id"])
async def test_a_running_client_takes_no_changed_answer(dc: DataCenter, client: Client, name: str) -> None:
    """An answer changed under way is not taken for one, while the next whole one is."""
    await client.start()
    mutant = dc.trouble.tamper = Mutant(lambda packet: MUTANTS[name](dc, packet))
    with pytest.raises(TimeoutError):
        await client.session.send(NEAREST(), timeout=0.3)
    await until(lambda: mutant.hits)

    dc.trouble.tamper = None
    assert (await client.invoke(NEAREST())).country == "GR"
    await client.stop()
