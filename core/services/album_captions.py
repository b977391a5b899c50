"""One caption for all files of an album: Telegram keeps it at one of them and shows it under all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.domain.media import NewMedia
    from repositories.media_album import MediaAlbumRepository

_MOST_BESIDE = 9  # an album has at most ten posts, and their ids follow each other


class AlbumCaptions:
    """Lends the caption of an album to those of its files that have none of their own.

    Posts that arrive together share at once. What arrived before, or is edited later, is settled from what is stored,
    so it comes out the same in whichever order posts and edits are stored.
    """

    def __init__(self, albums: MediaAlbumRepository) -> None:
        self._albums = albums

    @staticmethod
    def share(files: Sequence[NewMedia]) -> Sequence[NewMedia]:
        """The same files; those without a caption have that of their album where it is among them."""
        lenders: dict[tuple[int, int], NewMedia] = {}
        for media in files:
            if media.album_id is not None and media.caption and not media.is_caption_lent:
                key = (media.source.channel_id, media.album_id)
                first = lenders.get(key)
                if first is None or media.source.message_id < first.source.message_id:
                    lenders[key] = media
        return files if not lenders else [_borrowing(media, lenders) for media in files]

    async def settle(self, files: Iterable[NewMedia]) -> bool:
        """Bring the stored captions of these files' albums in line; whether something changed.

        Raises:
            DatabaseUnavailableError: a part may be done; settle again.
        """
        albums: defaultdict[int, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for media in files:
            if media.album_id is not None:
                albums[media.source.channel_id][media.album_id].add(media.source.message_id)
        changed = False
        for channel_id, by_album in albums.items():
            around = {
                number
                for ids in by_album.values()
                for number in range(max(1, min(ids) - _MOST_BESIDE), max(ids) + _MOST_BESIDE + 1)
            }
            changed |= await self._settle(channel_id, by_album, around)
        return changed

    async def _settle(self, channel_id: int, albums: Iterable[int], around: Iterable[int]) -> bool:
        stored = await self._albums.parts(channel_id, albums, around)
        changes = []
        for parts in stored.values():
            own = [part for part in parts if part.caption and not part.is_lent]
            caption = min(own, key=lambda part: part.message_id).caption if own else None
            changes += [(part, caption) for part in parts if part not in own and part.caption != caption]
        await self._albums.lend(changes)
        return bool(changes)


def _borrowing(media: NewMedia, lenders: dict[tuple[int, int], NewMedia]) -> NewMedia:
    if media.album_id is None or media.caption:
        return media
    lender = lenders.get((media.source.channel_id, media.album_id))
    return media if lender is None else replace(media, caption=lender.caption, is_caption_lent=True)
