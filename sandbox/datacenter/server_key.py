"""The RSA key by which clients recognize the data centre: generate, load and export it as PKCS#1 PEM."""

from __future__ import annotations

import base64
import secrets
import textwrap
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from typing import TYPE_CHECKING

from sandbox.datacenter.crypto import minimal_bytes, tl_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIVATE = "RSA PRIVATE KEY"
_PUBLIC = "RSA PUBLIC KEY"
_SEQUENCE, _INTEGER = 0x30, 0x02  # the two DER tags that PKCS#1 needs
_MILLER_RABIN_ROUNDS = 40  # error below 4^-40 for a random candidate
_SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)

# Factors of the default key. They are public on purpose: the key only tells clients which server is the sandbox.
_DEFAULT_P = int(
    "cf7e8897803c59ca11e08d948aad7b6d25bc6a82d1c6e11c9a6deeed077b4d89c49733f04e10e9952fc993e2b8d6685e"
    "1b8df4314039b64f96f651b8407fbc3bf05feca10e05fc023693b25221eade6f49559275775605cfdc2d8cf085cb4947"
    "1c71b2fe54440896dbb243a6c5f3fb896a5727b6af38faf2473ba044df82e819",
    16,
)
_DEFAULT_Q = int(
    "c298ade35366f0d35505b46fe557c3410ae6e115895d415f625ac123b1e4615f572f13f0da7273efb12d3af09d1b5946"
    "df13e65094a7f1d56037d774a963ba4ae28620e9a940e1fe85930e57d5b7f21f163663d61c84b27bb7ee92193ba89ad0"
    "f59a737e386dbe5ce63322d99552e150fa31430a4852f30ef637eb38dcbd763d",
    16,
)


@dataclass(frozen=True)
class ServerKey:
    """A 2048-bit RSA key.

    Attributes:
        p: one prime factor of the modulus.
        q: the other one.
        e: the public exponent.
    """

    p: int
    q: int
    e: int = 65537

    @classmethod
    def default(cls) -> ServerKey:
        """The key that every sandbox shares unless told otherwise; it protects nothing."""
        return cls(_DEFAULT_P, _DEFAULT_Q)

    @classmethod
    def generate(cls) -> ServerKey:
        """Make a new random key; takes about a second."""
        e = 65537
        p = _random_prime(1024, e)
        q = _random_prime(1024, e)
        return cls(p, q, e) if p != q else cls.generate()

    @classmethod
    def from_pem(cls, pem: str) -> ServerKey:
        """Read a private key as `private_pem` and `openssl genrsa -traditional` write it.

        Raises:
            ValueError: not an unencrypted PKCS#1 private key.
        """
        _version, n, e, _d, p, q, *_ = _read_pem(pem, _PRIVATE)
        if p * q != n:
            raise ValueError("the factors do not multiply to the modulus")
        return cls(p, q, e)

    @cached_property
    def n(self) -> int:
        """The modulus."""
        return self.p * self.q

    @cached_property
    def fingerprint(self) -> int:
        """Telegram's 64-bit signed name of the public key."""
        digest = sha1(tl_bytes(minimal_bytes(self.n)) + tl_bytes(minimal_bytes(self.e))).digest()
        return int.from_bytes(digest[-8:], "little", signed=True)

    @property
    def public_pem(self) -> str:
        """The public half as a PKCS#1 PEM."""
        return _write_pem(_PUBLIC, self.n, self.e)

    @property
    def private_pem(self) -> str:
        """The whole key as a PKCS#1 PEM."""
        d, dp, dq, q_inverse = self._private_exponents
        return _write_pem(_PRIVATE, 0, self.n, self.e, d, self.p, self.q, dp, dq, q_inverse)

    def decrypt(self, data: bytes) -> bytes:
        """Undo a client's raw RSA encryption; the result has 256 bytes, paddings included."""
        _d, dp, dq, q_inverse = self._private_exponents
        cipher = int.from_bytes(data, "big")
        # Two half-size powers joined by the Chinese remainder theorem cost a quarter of one full-size power.
        by_p, by_q = pow(cipher, dp, self.p), pow(cipher, dq, self.q)
        return (by_q + (by_p - by_q) * q_inverse % self.p * self.q).to_bytes(256, "big")

    @cached_property
    def _private_exponents(self) -> tuple[int, int, int, int]:
        d = pow(self.e, -1, (self.p - 1) * (self.q - 1))
        return d, d % (self.p - 1), d % (self.q - 1), pow(self.q, -1, self.p)


def _read_pem(pem: str, label: str) -> list[int]:
    lines = [line.strip() for line in pem.splitlines()]
    if len(lines) < 3 or lines[0] != f"-----BEGIN {label}-----" or lines[-1] != f"-----END {label}-----":
        raise ValueError(f"not a PEM of an {label}")
    body = list(_der_values(base64.b64decode("".join(lines[1:-1]), validate=True), _SEQUENCE))
    if len(body) != 1:
        raise ValueError("a PKCS#1 key is one DER sequence")
    return [int.from_bytes(number, "big") for number in _der_values(body[0], _INTEGER)]


def _write_pem(label: str, *numbers: int) -> str:
    integers = b"".join(_der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in numbers)
    text = base64.b64encode(_der(_SEQUENCE, integers)).decode("ascii")
    return "\n".join([f"-----BEGIN {label}-----", *textwrap.wrap(text, 64), f"-----END {label}-----", ""])


def _der(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = minimal_bytes(len(content))
    return bytes([tag, 0x80 | len(length)]) + length + content


def _der_values(data: bytes, tag: int) -> Iterator[bytes]:
    """Contents of consecutive DER values that all carry `tag`."""
    position = 0
    while position < len(data):
        if data[position] != tag:
            raise ValueError(f"expected DER tag {tag:#x}, found {data[position]:#x}")
        length, position = data[position + 1], position + 2
        if length & 0x80:
            size = length & 0x7F
            length, position = int.from_bytes(data[position : position + size], "big"), position + size
        if position + length > len(data):
            raise ValueError("a DER value ends after its data")
        yield data[position : position + length]
        position += length


def _random_prime(bits: int, e: int) -> int:
    """A random prime with its two highest bits set, so that two of them multiply to twice the bits."""
    while True:
        candidate = secrets.randbits(bits) | 0b11 << (bits - 2) | 1
        if (candidate - 1) % e and _is_prime(candidate):
            return candidate


def _is_prime(number: int) -> bool:
    """Miller-Rabin with random bases."""
    if any(number % small == 0 for small in _SMALL_PRIMES):
        return False
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    odd = (number - 1) >> twos
    return all(_passes_base(number, odd, twos, secrets.randbelow(number - 3) + 2) for _ in range(_MILLER_RABIN_ROUNDS))


def _passes_base(number: int, odd: int, twos: int, base: int) -> bool:
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
