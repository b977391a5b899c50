"""Encryption of small packets on the event loop's own thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, TypeVar

import pyrogram
from pyrogram.crypto import mtproto

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

SMALL_PACKET = 32 * 1024
"""Bytes up to which a packet is worked on at once: well under a millisecond with tgcrypto."""


class InlineCryptoExecutor(Executor):
    """Packs and unpacks small packets where they are submitted, and leaves the rest to the executor it stands in for.

    pyrofork moves every packet to a worker thread and back. For the packets of a chat the hand-over costs more
    processor time than the encryption, and it makes the loop's thread compete for the interpreter. Parts of uploads and
    downloads still go to the thread.
    """

    def __init__(self, worker: Executor) -> None:
        self._worker = worker

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        """Run `fn` now for a small packet; its error is then raised here, which for an awaiting caller is the same."""
        if not _is_small(fn, args):
            return self._worker.submit(fn, *args, **kwargs)
        # A future of the loop itself: run_in_executor hands it on as it is, and whoever awaits it does not even pause.
        done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        done.set_result(fn(*args, **kwargs))
        return done  # type: ignore[return-value]


def install_inline_crypto() -> None:
    """Let pyrogram's sessions work on small packets inline; calling it again changes nothing."""
    if not isinstance(pyrogram.crypto_executor, InlineCryptoExecutor):
        pyrogram.crypto_executor = InlineCryptoExecutor(pyrogram.crypto_executor)


def _is_small(work: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    if work is mtproto.pack:  # (message, salt, …)
        return bool(args[0].length <= SMALL_PACKET)
    if work is mtproto.unpack:  # (packet, session id, …)
        return bool(args[0].getbuffer().nbytes <= SMALL_PACKET)
    return False  # the obfuscated transport's stream cipher depends on the order of its calls
