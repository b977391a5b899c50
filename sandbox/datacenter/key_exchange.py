"""The Diffie-Hellman exchange by which a client and the data centre agree on an auth key.

Source: core.telegram.org/mtproto/auth_key.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter import crypto
from sandbox.datacenter.session import AuthKey
from sandbox.datacenter.transport import ProtocolViolation

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datacenter.codec import Codec
    from sandbox.datacenter.server_key import ServerKey

FAST_PRIMES = (10_007, 2_147_483_647)
"""Factored at once by every client, and still valid."""
REAL_SIZE_PRIMES = (1_229_739_323, 1_402_015_859)
"""31 bits each, as Telegram's: a client in pure Python works a second on their product."""

_MAX_UNFINISHED = 256
_MIN_PUBLIC_VALUE = 2 ** (2048 - 64)


def _nonce_bytes(nonce: int, size: int = 16) -> bytes:
    return nonce.to_bytes(size, "little", signed=True)


@dataclass(slots=True)
class _Exchange:
    """What is known of one unfinished exchange."""

    nonce: int
    new_nonce: bytes = b""
    exponent: int = 0
    aes: tuple[bytes, bytes] = (b"", b"")


class KeyExchange:
    """Serves the unencrypted requests of all clients.

    Args:
        codec: reads the inner objects.
        key: the RSA key that clients know the server by.
        message_ids: source of the server time.
        on_key: called with every auth key agreed on.
        fast_pq: offer small primes, which cost the client nothing.
    """

    def __init__(
        self,
        *,
        codec: Codec,
        key: ServerKey,
        message_ids: crypto.MessageIds,
        on_key: Callable[[AuthKey], None],
        fast_pq: bool,
    ) -> None:
        self._codec = codec
        self._key = key
        self._message_ids = message_ids
        self._on_key = on_key
        self._primes = FAST_PRIMES if fast_pq else REAL_SIZE_PRIMES
        self._exchanges: OrderedDict[int, _Exchange] = OrderedDict()

    def answer(self, request: Any) -> Any | None:
        """The answer to one unencrypted request; None when it needs none.

        Raises:
            ProtocolViolation: the request is out of order or its content is forged.
        """
        if isinstance(request, (raw.functions.ReqPqMulti, raw.functions.ReqPq)):
            return self._offer(request)
        if isinstance(request, raw.functions.ReqDHParams):
            return self._server_half(request, self._exchange(request))
        if isinstance(request, raw.functions.SetClientDHParams):
            return self._agree(request, self._exchange(request))
        if isinstance(request, raw.types.MsgsAck):
            return None
        raise ProtocolViolation(f"{request.QUALNAME} without encryption")

    def _exchange(self, request: Any) -> _Exchange:
        exchange = self._exchanges.get(request.server_nonce)
        if exchange is None or exchange.nonce != request.nonce:
            raise ProtocolViolation("a key exchange that was never begun")
        return exchange

    def _offer(self, request: Any) -> Any:
        server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
        self._exchanges[server_nonce] = _Exchange(request.nonce)
        if len(self._exchanges) > _MAX_UNFINISHED:
            self._exchanges.popitem(last=False)
        p, q = self._primes
        return raw.types.ResPQ(
            nonce=request.nonce,
            server_nonce=server_nonce,
            pq=(p * q).to_bytes(8, "big"),
            server_public_key_fingerprints=[self._key.fingerprint],
        )

    def _server_half(self, request: Any, exchange: _Exchange) -> Any:
        try:
            inner = self._codec.load(crypto.open_inner_data(request.encrypted_data, self._key))
        except crypto.SecurityError as error:
            raise ProtocolViolation(str(error)) from error
        self._check_nonces(inner, request)
        # Clients differ in how many bytes they give the factors, so they are compared as numbers.
        if sorted(int.from_bytes(factor, "big") for factor in (inner.p, inner.q)) != sorted(self._primes):
            raise ProtocolViolation("the factors do not multiply to pq")
        exchange.new_nonce = _nonce_bytes(inner.new_nonce, 32)
        exchange.aes = crypto.key_exchange_aes(exchange.new_nonce, _nonce_bytes(request.server_nonce))
        exchange.exponent = int.from_bytes(os.urandom(256), "big")
        answer = raw.types.ServerDHInnerData(
            nonce=request.nonce,
            server_nonce=request.server_nonce,
            g=crypto.DH_GENERATOR,
            dh_prime=crypto.minimal_bytes(crypto.DH_PRIME),
            g_a=pow(crypto.DH_GENERATOR, exchange.exponent, crypto.DH_PRIME).to_bytes(256, "big"),
            server_time=int(self._message_ids.now()),
        ).write()
        answer = sha1(answer).digest() + answer
        answer += os.urandom(-len(answer) % 16)
        return raw.types.ServerDHParamsOk(
            nonce=request.nonce,
            server_nonce=request.server_nonce,
            encrypted_answer=crypto.ige_encrypt(answer, *exchange.aes),
        )

    def _agree(self, request: Any, exchange: _Exchange) -> Any:
        if not exchange.new_nonce:
            raise ProtocolViolation("set_client_DH_params before req_DH_params")
        plain = crypto.ige_decrypt(request.encrypted_data, *exchange.aes)
        inner = self._codec.load(plain[20:])
        if sha1(inner.write()).digest() != plain[:20]:
            raise ProtocolViolation("client_DH_inner_data with a wrong hash")
        self._check_nonces(inner, request)
        g_b = int.from_bytes(inner.g_b, "big")
        if not _MIN_PUBLIC_VALUE < g_b < crypto.DH_PRIME - _MIN_PUBLIC_VALUE:
            raise ProtocolViolation("g_b is out of range")
        key = pow(g_b, exchange.exponent, crypto.DH_PRIME).to_bytes(256, "big")
        first_salt = crypto.xor(exchange.new_nonce[:8], _nonce_bytes(request.server_nonce)[:8])
        self._on_key(AuthKey(key, int.from_bytes(first_salt, "little", signed=True)))
        del self._exchanges[request.server_nonce]
        proof = sha1(exchange.new_nonce + b"\x01" + sha1(key).digest()[:8]).digest()[-16:]
        return raw.types.DhGenOk(
            nonce=request.nonce,
            server_nonce=request.server_nonce,
            new_nonce_hash1=int.from_bytes(proof, "little", signed=True),
        )

    @staticmethod
    def _check_nonces(inner: Any, request: Any) -> None:
        if inner.nonce != request.nonce or inner.server_nonce != request.server_nonce:
            raise ProtocolViolation("the nonces inside and outside of the encryption differ")
