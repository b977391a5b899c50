"""A file of the library, as every layer above the repository sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class MediaKind(IntEnum):
    """What Telegram shows the file as; the numbers are stored."""

    VIDEO = 1
    AUDIO = 2
    DOCUMENT = 3
    PHOTO = 4
    ANIMATION = 5


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Where a file can be fetched again: a channel post."""

    channel_id: int
    message_id: int


NO_POST = MediaSource(0, 0)
"""In place of the source of a file that no post of ours holds: it was imported from another bot."""


@dataclass(frozen=True, slots=True)
class NewMedia:
    """A file seen in a channel post, before it is stored.

    Attributes:
        unique_id: Telegram's file_unique_id: stable, the same in every post of the file.
        file_id: sendable by this bot; its embedded reference expires.
        name: the original name, untouched; "" when the file has none.
        caption: the post's caption as plain text; None when there is none.
        size: bytes.
        source: the post; `NO_POST` for a file that is imported.
        duration_s: seconds, None for kinds without one.
        edited_at: unix seconds of the post's last edit, 0 when never edited; the newer edit wins.
        album_id: the same for all posts of one album of a channel; None outside albums.
        is_caption_lent: the caption is that of another post of the album.
    """

    unique_id: str
    file_id: str
    name: str
    caption: str | None
    size: int
    kind: MediaKind
    source: MediaSource
    mime_type: str | None = None
    duration_s: int | None = None
    edited_at: int = 0
    album_id: int | None = None
    is_caption_lent: bool = False


class ReleaseMetadata(NamedTuple):
    """What a name says of a release, recognised once when the file is indexed; every part may be missing.

    Attributes:
        year: 1801 to 2300.
        season: 0 to 1000; the first of several.
        episode: 0 to 9999; the first of several.
        quality: canonical, `1080p`; one of `core.search.release_metadata.QUALITIES`.
        languages: up to four codes of two letters, lower case, in order of appearance.
    """

    year: int | None = None
    season: int | None = None
    episode: int | None = None
    quality: str | None = None
    languages: tuple[str, ...] = ()


class ListedFile(NamedTuple):
    """What a result list shows of a stored file; a search reads up to a window of them, so it is a light tuple.

    Attributes:
        id: as in `MediaFile`.
        name: the original name.
        size: bytes.
        metadata: what its name says of the release; None until it was read.
        fetched: how often it was delivered.
    """

    id: int
    name: str
    size: int
    kind: MediaKind
    metadata: ReleaseMetadata | None = None
    fetched: int = 0


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A stored file.

    Attributes:
        id: time-ordered 53-bit integer, newest largest (see `core.domain.media_id`).
        sources: up to ten posts that hold the file, oldest first.
        metadata: as in `ListedFile`.
    """

    id: int
    unique_id: str
    file_id: str
    name: str
    caption: str | None
    size: int
    kind: MediaKind
    sources: tuple[MediaSource, ...] = field(default=())
    duration_s: int | None = None
    metadata: ReleaseMetadata | None = None


class WholeFiles(NamedTuple):
    """Files that several databases were asked for by their ids.

    Attributes:
        files: in the order asked for.
        unreached: ids that were not found while a database did not answer, so that they may be there.
    """

    files: list[MediaFile]
    unreached: int = 0
