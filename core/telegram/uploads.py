"""Sending bytes of our own: a port without pyrogram types."""

from __future__ import annotations

from typing import Protocol

MAX_UPLOAD_BYTES = 5 * 1024 * 1024


class TelegramUploads(Protocol):
    """Sends what the bot made itself; every method raises what `TelegramGateway.send_text` raises.

    A message arrives once however often its answer is lost. At most `MAX_UPLOAD_BYTES` are sent at a time.

    Raises:
        ValueError: there are no bytes, or more than that, or the caption is longer than 1,024 UTF-16 units.
    """

    async def send_document(self, chat_id: int, name: str, data: bytes, caption_html: str = "") -> int:
        """Send a file under a name with an ending, e.g. "log.txt"; the message's id, 0 where its answer was lost."""
        ...

    async def send_photo(self, chat_id: int, picture: bytes, caption_html: str = "") -> int:
        """Send a PNG or JPEG picture; the message's id, 0 where its answer was lost."""
        ...
