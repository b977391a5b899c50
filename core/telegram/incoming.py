"""Pure conversion of what Telegram reports about channels into the project's own values.

Works on raw TL objects, so live updates and channel differences share one path and no RPC is made on the way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyrogram import raw
from pyrogram.file_id import FileId, FileType, FileUniqueId, FileUniqueType, ThumbnailSource

from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelEvent, ChannelPost, ChannelTooLong
from core.domain.media import MediaKind, MediaSource, NewMedia

_CHANNEL_ID_BASE = -1_000_000_000_000
_GENERATED_NAME_LENGTH = 80

_Attributes = dict[type[Any], Any]


def full_channel_id(bare_id: int) -> int:
    """The -100… id of a channel or supergroup; its own inverse."""
    return _CHANNEL_ID_BASE - bare_id


def channel_event_from_raw(update: Any) -> ChannelEvent | None:
    """What a raw update says about a channel or supergroup; None for every other update."""
    if isinstance(update, raw.types.UpdateNewChannelMessage):
        return _message_event(ChannelPost, update)
    if isinstance(update, raw.types.UpdateEditChannelMessage):
        return _message_event(ChannelEdit, update)
    if isinstance(update, raw.types.UpdateDeleteChannelMessages):
        channel_id = full_channel_id(update.channel_id)
        return ChannelDelete(channel_id, tuple(update.messages), update.pts, update.pts_count)
    if isinstance(update, raw.types.UpdateChannelTooLong | raw.types.UpdateChannel):  # the latter: its rights changed
        return ChannelTooLong(full_channel_id(update.channel_id))
    return None


def new_media_from_raw(message: Any, channel_id: int) -> NewMedia | None:
    """The file of a raw message; None when it has none that can be sent again by reference.

    A nameless file is named after its performer and title, its caption's first line, or its kind, date and id.

    Args:
        message: any raw message, empty and service messages included.
        channel_id: the full -100… id that becomes the file's source.
    """
    if not isinstance(message, raw.types.Message):
        return None
    source = MediaSource(channel_id, message.id)
    if isinstance(message.media, raw.types.MessageMediaDocument):
        return _from_document(message, source)
    if isinstance(message.media, raw.types.MessageMediaPhoto):
        return _from_photo(message, source)
    return None


def document_file_id(document: Any) -> str:
    """The sendable file_id of a raw document, equal to the one pyrogram computes."""
    _, file_type = _kind_of({type(attribute): attribute for attribute in document.attributes})
    return _encode_document(document, file_type)


def photo_file_id(photo: Any) -> str:
    """The sendable file_id of a raw photo in its largest size; "" when it has no size of its own."""
    largest = _largest_size(photo)
    if largest is None:
        return ""
    return str(
        FileId(
            file_type=FileType.PHOTO,
            dc_id=photo.dc_id,
            media_id=photo.id,
            access_hash=photo.access_hash,
            file_reference=photo.file_reference,
            thumbnail_source=ThumbnailSource.THUMBNAIL,
            thumbnail_file_type=FileType.PHOTO,
            thumbnail_size=largest[1],
            volume_id=0,
            local_id=0,
        ).encode()
    )


def _message_event(event: type[ChannelPost | ChannelEdit], update: Any) -> ChannelPost | ChannelEdit | None:
    peer = getattr(update.message, "peer_id", None)
    if not isinstance(peer, raw.types.PeerChannel):
        return None
    channel_id = full_channel_id(peer.channel_id)
    media = new_media_from_raw(update.message, channel_id)
    return event(channel_id, update.message.id, media, update.pts, update.pts_count)


def _from_document(message: Any, source: MediaSource) -> NewMedia | None:
    document = message.media.document
    if not isinstance(document, raw.types.Document):
        return None
    attributes: _Attributes = {type(attribute): attribute for attribute in document.attributes}
    if raw.types.DocumentAttributeSticker in attributes:
        return None
    kind, file_type = _kind_of(attributes)
    return NewMedia(
        unique_id=_unique_id(document.id),
        file_id=_encode_document(document, file_type),
        name=_document_name(attributes) or _generated_name(message, file_type),
        caption=message.message or None,
        size=document.size,
        kind=kind,
        source=source,
        mime_type=document.mime_type or None,
        duration_s=_duration(attributes),
        edited_at=message.edit_date or 0,
        album_id=message.grouped_id,
    )


def _from_photo(message: Any, source: MediaSource) -> NewMedia | None:
    photo = message.media.photo
    largest = _largest_size(photo) if isinstance(photo, raw.types.Photo) else None
    if largest is None:
        return None
    return NewMedia(
        unique_id=_unique_id(photo.id),
        file_id=photo_file_id(photo),
        name=_generated_name(message, FileType.PHOTO),
        caption=message.message or None,
        size=largest[0],
        kind=MediaKind.PHOTO,
        source=source,
        mime_type="image/jpeg",
        edited_at=message.edit_date or 0,
        album_id=message.grouped_id,
    )


def _kind_of(attributes: _Attributes) -> tuple[MediaKind, FileType]:
    if raw.types.DocumentAttributeAnimated in attributes:
        return MediaKind.ANIMATION, FileType.ANIMATION
    if (video := attributes.get(raw.types.DocumentAttributeVideo)) is not None:
        return MediaKind.VIDEO, FileType.VIDEO_NOTE if video.round_message else FileType.VIDEO
    if (audio := attributes.get(raw.types.DocumentAttributeAudio)) is not None:
        return MediaKind.AUDIO, FileType.VOICE if audio.voice else FileType.AUDIO
    return MediaKind.DOCUMENT, FileType.DOCUMENT


def _encode_document(document: Any, file_type: FileType) -> str:
    file_id = FileId(
        file_type=file_type,
        dc_id=document.dc_id,
        media_id=document.id,
        access_hash=document.access_hash,
        file_reference=document.file_reference,
    )
    return str(file_id.encode())


def _unique_id(media_id: int) -> str:
    return str(FileUniqueId(file_unique_type=FileUniqueType.DOCUMENT, media_id=media_id).encode())


def _largest_size(photo: Any) -> tuple[int, str] | None:
    """(bytes, size letter) of the biggest rendition that Telegram stores as a file."""
    sizes = [
        (max(size.sizes) if isinstance(size, raw.types.PhotoSizeProgressive) else size.size, size.type)
        for size in photo.sizes
        if isinstance(size, raw.types.PhotoSize | raw.types.PhotoSizeProgressive)
    ]
    return max(sizes, key=lambda size: size[0]) if sizes else None


def _duration(attributes: _Attributes) -> int | None:
    media = attributes.get(raw.types.DocumentAttributeVideo) or attributes.get(raw.types.DocumentAttributeAudio)
    return None if media is None else round(media.duration)


def _document_name(attributes: _Attributes) -> str:
    named = attributes.get(raw.types.DocumentAttributeFilename)
    if named is not None and named.file_name.strip():
        return str(named.file_name)
    audio = attributes.get(raw.types.DocumentAttributeAudio)
    return " - ".join(part for part in (audio.performer, audio.title) if part) if audio is not None else ""


_GENERATED_TITLES = {
    FileType.PHOTO: "Photo",
    FileType.VOICE: "Voice message",
    FileType.VIDEO_NOTE: "Video message",
    FileType.VIDEO: "Video",
    FileType.AUDIO: "Audio",
    FileType.ANIMATION: "Animation",
    FileType.DOCUMENT: "Document",
}


def _generated_name(message: Any, file_type: FileType) -> str:
    for line in (message.message or "").splitlines():
        if title := line.strip()[:_GENERATED_NAME_LENGTH].rstrip():
            return str(title)
    day = datetime.fromtimestamp(message.date, UTC).date()
    return f"{_GENERATED_TITLES[file_type]} {day.isoformat()} {message.id}"
