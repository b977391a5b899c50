"""Keys and ciphers of the local data centre, against the client's own cryptography where there is one."""

from __future__ import annotations

import os
from hashlib import sha1, sha256
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pyrogram import raw
from pyrogram.crypto import mtproto, prime
from pyrogram.raw.core import Message

from core.telegram.datacenter import read_public_key
from sandbox.datacenter import ServerKey, crypto

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock

KEY = ServerKey.default()
AUTH_KEY = bytes(range(256))
KEY_ID = sha1(AUTH_KEY).digest()[-8:]
SESSION_ID = b"session!"


def rsa(plain: bytes) -> bytes:
    return pow(int.from_bytes(plain, "big"), KEY.e, KEY.n).to_bytes(256, "big")


def rsa_pad(data: bytes) -> bytes:
    """What a client does that uses the newer padding."""
    data += os.urandom(192 - len(data))
    while True:
        aes_key = os.urandom(32)
        sealed = crypto.ige_encrypt(data[::-1] + sha256(aes_key + data).digest(), aes_key, bytes(32))
        padded = crypto.xor(aes_key, sha256(sealed).digest()) + sealed
        if int.from_bytes(padded, "big") < KEY.n:
            return rsa(padded)


@pytest.mark.parametrize("length", [76, 96, 144])
def test_inner_data_under_the_old_padding_is_recovered(length: int) -> None:
    """Data behind its sha1 comes out exactly, though its length is not given."""
    data = os.urandom(length)

    assert crypto.open_inner_data(rsa(sha1(data).digest() + data + os.urandom(235 - length)), KEY) == data


def test_inner_data_under_the_new_padding_is_recovered() -> None:
    """Data under RSA_PAD comes out, followed by the padding."""
    data = os.urandom(144)

    assert crypto.open_inner_data(rsa_pad(data), KEY)[:144] == data


@pytest.mark.parametrize("first", [0, 1])
def test_inner_data_under_no_padding_is_refused(first: int) -> None:
    """A payload that neither padding explains is an error, not garbage."""
    with pytest.raises(crypto.SecurityError):
        crypto.open_inner_data(rsa(bytes([first]) + os.urandom(255)), KEY)


def test_a_client_opens_what_the_server_seals() -> None:
    """Pyrogram's own unpacking accepts the server's envelope, for bodies of every remainder of 16."""
    for count in range(8):
        body = raw.types.MsgsAck(msg_ids=list(range(count))).write()
        head = (
            bytes(8) + SESSION_ID + (4 * count + 1).to_bytes(8, "little") + bytes(4) + len(body).to_bytes(4, "little")
        )
        packet = crypto.encrypt(AUTH_KEY, KEY_ID, head + body)
        message = mtproto.unpack(BytesIO(packet), SESSION_ID, AUTH_KEY, KEY_ID)

        assert message.body.msg_ids == list(range(count))


@pytest.mark.parametrize("noise", [b"", b"\x07" * 15])
def test_the_server_opens_what_a_client_seals(noise: bytes) -> None:
    """A packet of pyrogram's own packing opens, also with the noise of the padded framing behind it."""
    body = raw.functions.Ping(ping_id=77)
    packet = mtproto.pack(Message(body, 400, 1, 12), 99, SESSION_ID, AUTH_KEY, KEY_ID)

    plain = crypto.decrypt(AUTH_KEY, packet + noise)

    assert plain[:8] == (99).to_bytes(8, "little")
    assert plain[8:16] == SESSION_ID
    assert plain[32:44] == body.write()


@pytest.mark.parametrize("position", [8, 24, 60])
def test_a_packet_changed_on_the_way_is_refused(position: int) -> None:
    """One flipped bit, in the message key or in the message, is noticed."""
    packet = bytearray(mtproto.pack(Message(raw.functions.Ping(ping_id=1), 4, 1, 12), 9, SESSION_ID, AUTH_KEY, KEY_ID))
    packet[position] ^= 1

    with pytest.raises(crypto.SecurityError):
        crypto.decrypt(AUTH_KEY, bytes(packet))


def test_the_prime_is_the_one_clients_insist_on() -> None:
    """The Diffie-Hellman prime is pyrogram's built-in one."""
    assert crypto.DH_PRIME == prime.CURRENT_DH_PRIME


@pytest.mark.parametrize("length", [0, 1, 253, 254, 70_000])
def test_tl_bytes_read_back(length: int) -> None:
    """Serialized bytes are read by pyrogram as they were, and fill whole words."""
    data = os.urandom(length)
    serialized = crypto.tl_bytes(data)

    assert raw.core.Bytes.read(BytesIO(serialized)) == data
    assert len(serialized) % 4 == 0


def test_message_ids_grow_and_tell_their_kind(clock: TestClock) -> None:
    """Ids never repeat within one instant, are 1 modulo 4 for answers and 3 otherwise, and hold the time."""
    ids = crypto.MessageIds(clock)
    made = [ids.next(answer=number % 2 == 0) for number in range(10)]

    assert made == sorted(set(made))
    assert [number % 4 for number in made] == [1, 3] * 5
    assert made[0] >> 32 == int(clock.unix())


def test_message_ids_follow_a_pretended_clock(clock: TestClock) -> None:
    """An offset moves the time that ids tell, and an id after a step back is still larger."""
    ids = crypto.MessageIds(clock)
    ids.offset_s = 100
    ahead = ids.next(answer=True)
    ids.offset_s = 0

    assert ahead >> 32 == int(clock.unix()) + 100
    assert ids.next(answer=True) > ahead


def test_a_generated_key_survives_its_pem() -> None:
    """A private PEM reads back as the same key; a public one is what the client side reads."""
    key = ServerKey.generate()
    public = read_public_key(key.public_pem)

    assert ServerKey.from_pem(key.private_pem) == key
    assert (public.modulus, public.exponent, public.fingerprint) == (key.n, key.e, key.fingerprint)
    assert key.n.bit_length() == 2048
    assert key.n != KEY.n


@pytest.mark.parametrize("pem", ["", "x", KEY.public_pem, KEY.private_pem.replace("MII", "NII", 1)])
def test_what_is_no_private_key_is_refused(pem: str) -> None:
    """Nothing, noise, a public key and damaged DER are all a ValueError."""
    with pytest.raises(ValueError, match=r"PEM|DER"):
        ServerKey.from_pem(pem)


def test_a_key_whose_numbers_disagree_is_refused() -> None:
    """A PEM whose factors do not multiply to its modulus is a ValueError."""
    pem = ServerKey(KEY.p, KEY.q + 2, KEY.e).private_pem
    lines, other = pem.splitlines(), KEY.private_pem.splitlines()

    with pytest.raises(ValueError, match="factors"):
        ServerKey.from_pem("\n".join(other[:6] + lines[6:]))
