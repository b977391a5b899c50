"""Cryptography of MTProto 2.0 as the server sees it: key exchange payloads, the message envelope, message ids.

Written apart from pyrogram.crypto so that an error there shows; only the AES of tgcrypto is shared.
Source: core.telegram.org/mtproto/description and core.telegram.org/mtproto/auth_key.
"""

from __future__ import annotations

import os
from hashlib import sha1, sha256
from typing import TYPE_CHECKING

import tgcrypto

if TYPE_CHECKING:
    from core.clock import Clock
    from sandbox.datacenter.server_key import ServerKey

# The 2048-bit safe prime that clients have built in; they refuse any other.
DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DBFA336F6E0AC92513"
    "9543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC4988"
    "0708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4"
    "B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F"
    "0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
DH_GENERATOR = 3
_SMALLEST_INNER_DATA = 76  # bytes of p_q_inner_data when p and q are as short as they can be
_CLIENT_TO_SERVER = 0  # "x" of the key derivation
_SERVER_TO_CLIENT = 8


class SecurityError(Exception):
    """A packet that does not decrypt to what its key or checksum promises."""


def tl_bytes(data: bytes) -> bytes:
    """Serialize a TL `bytes` value: length prefix, data, padding to a multiple of four."""
    if len(data) <= 253:
        return bytes([len(data)]) + data + bytes(-(len(data) + 1) % 4)
    return b"\xfe" + len(data).to_bytes(3, "little") + data + bytes(-len(data) % 4)


def minimal_bytes(number: int) -> bytes:
    """Big-endian bytes of a positive integer without a leading zero."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def xor(left: bytes, right: bytes) -> bytes:
    """Bytewise exclusive or of two values of equal length.

    Raises:
        ValueError: the lengths differ.
    """
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def ige_encrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """AES-256 in IGE mode; `data` is a multiple of 16 bytes, `key` and `iv` have 32."""
    return bytes(tgcrypto.ige256_encrypt(data, key, iv))


def ige_decrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Inverse of `ige_encrypt`."""
    return bytes(tgcrypto.ige256_decrypt(data, key, iv))


class CtrStream:
    """AES-256 in CTR mode over a whole connection; encrypting and decrypting are the same.

    Args:
        key: 32 bytes.
        iv: 16 bytes.
    """

    __slots__ = ("_iv", "_key", "_state")

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._key = key
        self._iv = bytearray(iv)
        self._state = bytearray(1)

    def apply(self, data: bytes) -> bytes:
        """Encrypt or decrypt the next bytes of the stream."""
        return bytes(tgcrypto.ctr256_encrypt(data, self._key, self._iv, self._state)) if data else b""


def open_inner_data(encrypted: bytes, key: ServerKey) -> bytes:
    """Recover the serialized p_q_inner_data from `encrypted_data` of req_DH_params, whichever padding made it.

    The result may carry padding after the object when the newer padding was used.

    Raises:
        SecurityError: neither padding fits.
    """
    plain = key.decrypt(encrypted)
    if plain[0] == 0 and (data := _open_sha1_padding(plain[1:])) is not None:
        return data
    return _open_rsa_pad(plain)


def _open_sha1_padding(plain: bytes) -> bytes | None:
    """Old scheme: sha1 of the data, the data, random bytes. The length is not given, so it is searched for."""
    checksum, body = plain[:20], plain[20:]
    for length in range(_SMALLEST_INNER_DATA, len(body) + 1, 4):
        if sha1(body[:length]).digest() == checksum:
            return body[:length]
    return None


def _open_rsa_pad(plain: bytes) -> bytes:
    """RSA_PAD: a one-time AES key masked by the hash of what it encrypts."""
    encrypted = plain[32:]
    aes_key = xor(plain[:32], sha256(encrypted).digest())
    decrypted = ige_decrypt(encrypted, aes_key, bytes(32))
    data = decrypted[:192][::-1]
    if sha256(aes_key + data).digest() != decrypted[192:]:
        raise SecurityError("the RSA payload fits neither padding")
    return data


def key_exchange_aes(new_nonce: bytes, server_nonce: bytes) -> tuple[bytes, bytes]:
    """Key and iv, 32 bytes each, that hide the Diffie-Hellman messages of one key exchange."""
    forward = sha1(new_nonce + server_nonce).digest()
    backward = sha1(server_nonce + new_nonce).digest()
    doubled = sha1(new_nonce + new_nonce).digest()
    return forward + backward[:12], backward[12:] + doubled + new_nonce[:4]


def _message_aes(auth_key: bytes, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
    a = sha256(msg_key + auth_key[x : x + 36]).digest()
    b = sha256(auth_key[x + 40 : x + 76] + msg_key).digest()
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]


def encrypt(auth_key: bytes, key_id: bytes, plain: bytes) -> bytes:
    """Seal one message from the server: `plain` is salt, session id, message id, seq_no, length and body."""
    plain += os.urandom(-(len(plain) + 12) % 16 + 12)
    msg_key = sha256(auth_key[96:128] + plain).digest()[8:24]
    return key_id + msg_key + ige_encrypt(plain, *_message_aes(auth_key, msg_key, _SERVER_TO_CLIENT))


def decrypt(auth_key: bytes, packet: bytes) -> bytes:
    """Open one packet of a client; the result still ends in the message's padding.

    Raises:
        SecurityError: the message key does not match the content.
    """
    msg_key = packet[8:24]
    whole_blocks = 24 + (len(packet) - 24) // 16 * 16  # the padded framing appends a few bytes of noise
    plain = ige_decrypt(packet[24:whole_blocks], *_message_aes(auth_key, msg_key, _CLIENT_TO_SERVER))
    if sha256(auth_key[88:120] + plain).digest()[8:24] != msg_key:
        raise SecurityError("the message key does not match the message")
    return plain


class MessageIds:
    """Server message ids: unix time times 2^32, strictly increasing.

    Attributes:
        offset_s: seconds the server pretends to be ahead of `clock`; negative when behind.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self.offset_s = 0.0

    def step(self, offset_s: float) -> None:
        """Change `offset_s`; after a step back the ids follow the new time at once, below those given before."""
        self.offset_s = offset_s
        self._last = 0

    def now(self) -> float:
        """The server's idea of unix time, in seconds."""
        return self._clock.unix() + self.offset_s

    def next(self, *, answer: bool) -> int:
        """The next id: 1 modulo 4 when it answers a request of the client, 3 modulo 4 otherwise."""
        candidate = int(self.now() * 2**32) & ~3
        self._last = candidate if candidate > self._last else self._last + 4
        return self._last | (1 if answer else 3)
