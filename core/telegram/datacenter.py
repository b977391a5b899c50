"""Point a client at a data centre of one's own instead of Telegram's."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from pyrogram.connection import Connection
from pyrogram.crypto import rsa

if TYPE_CHECKING:
    from pyrogram import Client

_BEGIN, _END = "-----BEGIN RSA PUBLIC KEY-----", "-----END RSA PUBLIC KEY-----"
_DER_INTEGER, _DER_SEQUENCE = 0x02, 0x30
_MODULUS_BITS = 2048


class PublicKey(NamedTuple):
    """An RSA public key.

    Attributes:
        modulus: 2,048 bits, the only size of the MTProto handshake.
        exponent: odd, greater than 1.
    """

    modulus: int
    exponent: int

    @property
    def fingerprint(self) -> int:
        """The signed 64-bit number by which a server names this key in the handshake.

        Source: core.telegram.org/mtproto/auth_key, lower 64 bits of the SHA-1 of the TL-serialised key.
        """
        serialised = b"".join(_tl_bytes(_big_endian(number)) for number in self)
        return int.from_bytes(hashlib.sha1(serialised).digest()[-8:], "little", signed=True)  # noqa: S324


def point_at_datacenter(client: Client, host: str, port: int, public_key_pem: str) -> None:
    """Route every connection of `client` to host:port and trust the key found there. Call it before `start()`.

    Only this client is redirected; the key joins the process-wide table of trusted keys, as pyrogram has no other.

    Args:
        client: built but not started.
        host: address or name of the data centre; it stands for every dc_id.
        port: its TCP port.
        public_key_pem: PKCS#1 ("RSA PUBLIC KEY") PEM of the server's 2,048-bit key.

    Raises:
        ValueError: the PEM is not such a key.
    """
    key = read_public_key(public_key_pem)
    rsa.server_public_keys[key.fingerprint] = rsa.PublicKey(m=key.modulus, e=key.exponent)

    class FixedAddressConnection(Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.address = (host, port)

    client.connection_factory = FixedAddressConnection
    structlog.get_logger(__name__).warning("telegram_datacenter_replaced", host=host, port=port)


def read_public_key(pem: str) -> PublicKey:
    """Read a PKCS#1 PEM: a DER sequence of the modulus and the exponent.

    Raises:
        ValueError: something else was given, or the key has another size than 2,048 bits.
    """
    lines = pem.strip().splitlines()
    if len(lines) < 3 or lines[0].strip() != _BEGIN or lines[-1].strip() != _END:
        raise ValueError(f"a PKCS#1 public key starts with {_BEGIN!r} and ends with {_END!r}")
    try:
        der = base64.b64decode("".join(line.strip() for line in lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ValueError("the key is not valid base64") from error
    body, rest = _read_der(der, _DER_SEQUENCE)
    modulus, tail = _read_der(body, _DER_INTEGER)
    exponent, end = _read_der(tail, _DER_INTEGER)
    key = PublicKey(int.from_bytes(modulus, "big", signed=True), int.from_bytes(exponent, "big", signed=True))
    if rest or end or key.modulus.bit_length() != _MODULUS_BITS or key.modulus < 0 or key.exponent < 3:
        raise ValueError(f"the key is not a single RSA public key of {_MODULUS_BITS} bits")
    return key


def _read_der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Split off the value of the element `data` starts with; returns (value, what follows it)."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError("the key's DER structure is not that of PKCS#1")
    length, start = data[1], 2
    if length & 0x80:  # long form: the low bits count the bytes that hold the length
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError("the key is cut short")
    return data[start : start + length], data[start + length :]


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _tl_bytes(value: bytes) -> bytes:
    """Serialise a TL `bytes`: its length, itself, zeros up to a multiple of four."""
    head = bytes([len(value)]) if len(value) < 254 else b"\xfe" + len(value).to_bytes(3, "little")
    return head + value + bytes(-(len(head) + len(value)) % 4)
