"""Fetch a fresh reference for a stored file from the posts that hold it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.telegram.gateway import SourceGoneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import MediaFile
    from core.telegram.gateway import TelegramGateway


@dataclass(frozen=True, slots=True)
class FreshReference:
    """The file can be sent again, with this file_id."""

    file_id: str


@dataclass(frozen=True, slots=True)
class SourceGone:
    """No source that can be seen holds the file any more.

    Attributes:
        out_of_sight: ids of channels that the bot may not see (any more).
    """

    out_of_sight: tuple[int, ...] = ()


class FileReferences:
    """Heals file_ids whose embedded reference is no longer accepted.

    Args:
        gateway: asked for the source posts.
    """

    def __init__(self, gateway: TelegramGateway) -> None:
        self._gateway = gateway

    async def refresh(self, media: MediaFile) -> FreshReference | SourceGone:
        """Look the file up in its sources, oldest first, until one still holds it; one call for each source asked.

        A post that now holds another file does not count.

        Raises:
            TelegramUnavailableError: a source could not be asked, so that nothing is known about the file.
        """
        out_of_sight: dict[int, None] = {}
        for source in media.sources:
            try:
                posts = await self._gateway.fetch_posts(source.channel_id, [source.message_id])
            except SourceGoneError:
                out_of_sight[source.channel_id] = None
                continue
            for post in posts:
                if post.unique_id == media.unique_id:
                    return FreshReference(post.file_id)
        return SourceGone(tuple(out_of_sight))

    async def refresh_many(self, files: Sequence[MediaFile]) -> dict[int, str]:
        """Fresh file_ids by the id of the file; one call for each channel that is an oldest source.

        A file whose oldest source does not hold it any more is left out: `refresh` may still find it.

        Raises:
            TelegramUnavailableError: a channel could not be asked.
        """
        by_channel: dict[int, list[MediaFile]] = {}
        for media in files:
            if media.sources:
                by_channel.setdefault(media.sources[0].channel_id, []).append(media)
        answers = await asyncio.gather(*(self._refresh_from(*item) for item in by_channel.items()))
        return {media_id: file_id for fresh in answers for media_id, file_id in fresh.items()}

    async def _refresh_from(self, channel_id: int, files: Sequence[MediaFile]) -> dict[int, str]:
        message_ids = list(dict.fromkeys(media.sources[0].message_id for media in files))
        try:
            posts = await self._gateway.fetch_posts(channel_id, message_ids)
        except SourceGoneError:
            return {}
        file_ids = {post.unique_id: post.file_id for post in posts}
        return {media.id: file_ids[media.unique_id] for media in files if media.unique_id in file_ids}
