"""Reading the key of a data centre and pointing a client at it."""

from __future__ import annotations

import base64
import types

import pytest
from pyrogram.crypto import rsa

from core.telegram.datacenter import point_at_datacenter, read_public_key


def _der(tag: int, value: bytes) -> bytes:
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    size = len(value).to_bytes(2, "big")
    return bytes([tag, 0x82]) + size + value


def _pem(modulus: int, exponent: int, *, extra: bytes = b"") -> str:
    integers = (_der(2, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (modulus, exponent))
    text = base64.encodebytes(_der(0x30, b"".join(integers) + extra)).decode()
    return f"-----BEGIN RSA PUBLIC KEY-----\n{text}-----END RSA PUBLIC KEY-----\n"


@pytest.mark.parametrize("fingerprint", sorted(rsa.server_public_keys))
def test_every_public_key_of_telegram_is_read_with_its_published_fingerprint(fingerprint):
    """A key read from PEM has the fingerprint that Telegram publishes for it."""
    known = rsa.server_public_keys[fingerprint]

    key = read_public_key(_pem(known.m, known.e))

    assert (key.modulus, key.exponent, key.fingerprint) == (known.m, known.e, fingerprint)


_MODULUS = (1 << 2047) + 12345


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "no key",
        _pem(_MODULUS, 65537).replace("RSA PUBLIC", "PUBLIC"),
        _pem((1 << 1023) + 1, 65537),
        _pem(_MODULUS, 1),
        _pem(_MODULUS, 65537, extra=b"\x02\x01\x05"),
        _pem(_MODULUS, 65537).replace("M", "!", 1),
        _pem(_MODULUS, 65537).replace("\n", "\nAAAA", 1),
        "-----BEGIN RSA PUBLIC KEY-----\nMIIB\n-----END RSA PUBLIC KEY-----",
        "-----BEGIN RSA PUBLIC KEY-----\nMA==\n-----END RSA PUBLIC KEY-----",
    ],
)
def test_what_is_not_a_key_is_refused(pem):
    """Anything but one 2,048-bit PKCS#1 key is a ValueError, never another exception."""
    with pytest.raises(ValueError, match="key"):
        read_public_key(pem)


async def test_every_connection_of_the_client_goes_to_the_given_address(monkeypatch):
    """Whatever data centre a client asks for, its connection has the address it was pointed at."""
    monkeypatch.setattr(rsa, "server_public_keys", dict(rsa.server_public_keys))
    client = types.SimpleNamespace(connection_factory=None)

    point_at_datacenter(client, "127.0.0.1", 4430, _pem(_MODULUS, 65537))

    connection = client.connection_factory(dc_id=4, test_mode=False, ipv6=False, alt_port=False, proxy={}, media=True)
    assert connection.address == ("127.0.0.1", 4430)
    assert rsa.server_public_keys[read_public_key(_pem(_MODULUS, 65537)).fingerprint].m == _MODULUS
