"""Access hashes and file references, derived instead of stored."""

from __future__ import annotations

import hashlib


class Access:
    """Hashes that only work for the account they were handed to, as on Telegram.

    The secret is fixed, so that a client's stored session outlives a restart of the data centre. It guards nothing.
    """

    def __init__(self, secret: bytes = b"local telegram") -> None:
        self._secret = secret
        self._epoch = 0

    def user(self, viewer: int, user_id: int) -> int:
        """The access hash of a user for one viewer; a signed 64-bit integer, never 0."""
        return self._sign(b"user", viewer, user_id)

    def channel(self, viewer: int, channel_id: int) -> int:
        """The access hash of a channel for one viewer."""
        return self._sign(b"channel", viewer, channel_id)

    def file(self, viewer: int, file_id: int) -> int:
        """The access hash of a document or photo for one viewer."""
        return self._sign(b"file", viewer, file_id)

    def file_reference(self, file_id: int) -> bytes:
        """The reference that opens a file until the next `expire_file_references`; 24 bytes."""
        text = b"%d/%d" % (self._epoch, file_id)
        return hashlib.blake2b(text, digest_size=24, key=self._secret).digest()

    def expire_file_references(self) -> None:
        """Make every reference handed out so far useless."""
        self._epoch += 1

    def invite_hash(self, channel_id: int, admin_id: int, number: int) -> str:
        """The last part of an invite link; 16 hexadecimal digits."""
        return f"{self._sign(b'invite/%d' % number, admin_id, channel_id) & (1 << 64) - 1:016x}"

    def phone_code_hash(self, phone: str) -> str:
        """What ties a code to the request that asked for it."""
        return hashlib.blake2b(phone.encode(), digest_size=9, key=self._secret).hexdigest()

    def _sign(self, purpose: bytes, viewer: int, target: int) -> int:
        text = b"%b/%d/%d" % (purpose, viewer, target)
        digest = hashlib.blake2b(text, digest_size=8, key=self._secret).digest()
        return int.from_bytes(digest, "little", signed=True) or 1
