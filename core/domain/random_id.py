"""Numbers under which Telegram knows a message, so that sending it again delivers nothing twice."""

from __future__ import annotations

from hashlib import blake2b


def random_id_of(*what: int | str) -> int:
    """The same number, 1 to 2^63 - 1, for the same words: for a message that may be sent again after a crash."""
    digest = blake2b(":".join(map(str, what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 or 1
