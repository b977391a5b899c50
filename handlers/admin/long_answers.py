"""Answers that may be longer than a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.telegram.uploads import MAX_UPLOAD_BYTES
from core.text.pages import pages, plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.telegram.uploads import TelegramUploads

MOST_MESSAGES = 3


class LongAnswers:
    """Sends lines in as many messages as they need, and as a file what would be too many of them."""

    def __init__(self, telegram: TelegramGateway, uploads: TelegramUploads) -> None:
        self._telegram = telegram
        self._uploads = uploads

    async def send(
        self, chat_id: int, html_lines: Sequence[str], *, file_name: str, keyboard: Keyboard | None = None
    ) -> None:
        """Send lines of catalogue HTML.

        Args:
            chat_id: where to.
            html_lines: as `core.text.pages.pages` takes them; with none, nothing is sent.
            file_name: of the file that more than `MOST_MESSAGES` messages become, e.g. "errors.txt".
            keyboard: below the last message; a file has none.
        """
        messages = pages(html_lines)
        if len(messages) > MOST_MESSAGES:
            await self.send_file(chat_id, html_lines, file_name=file_name)
            return
        for number, html in enumerate(messages, start=1):
            await self._telegram.send_text(chat_id, html, keyboard if number == len(messages) else None)

    async def send_file(
        self, chat_id: int, html_lines: Sequence[str], *, file_name: str, caption_html: str = ""
    ) -> None:
        """Send lines as a file of plain text, without its beginning where it would be too large."""
        data = plain_text(html_lines).encode("utf-8", "replace")[-MAX_UPLOAD_BYTES:]
        await self._uploads.send_document(chat_id, file_name, data, caption_html)
