"""Fetch a fresh reference for a stored file from the posts that hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.telegram.gateway import SourceGoneError

if TYPE_CHECKING:
    from core.domain.media import MediaFile
    from core.telegram.gateway import TelegramGateway


@dataclass(frozen=True, slots=True)
class FreshReference:
    """The file can be sent again, with this file_id."""

    file_id: str


@dataclass(frozen=True, slots=True)
class SourceGone:
    """No source holds the file any more."""


class FileReferences:
    """Heals file_ids whose embedded reference is no longer accepted.

    Args:
        gateway: asked for the source posts.
    """

    def __init__(self, gateway: TelegramGateway) -> None:
        self._gateway = gateway

    async def refresh(self, media: MediaFile) -> FreshReference | SourceGone:
        """Look the file up in its sources, oldest first, until one still holds it; one call for each source asked.

        A post that now holds another file does not count, nor does a channel the bot may not see.

        Raises:
            TelegramUnavailableError: a source could not be asked, so that nothing is known about the file.
        """
        for source in media.sources:
            try:
                posts = await self._gateway.fetch_posts(source.channel_id, [source.message_id])
            except SourceGoneError:
                continue
            for post in posts:
                if post.unique_id == media.unique_id:
                    return FreshReference(post.file_id)
        return SourceGone()
