"""What a file_id of another bot's collection says, whatever program wrote it. Pure."""

from __future__ import annotations

import struct

from pyrogram.file_id import FileId, FileType, FileUniqueId, FileUniqueType, b64_decode

from core.domain.library_import import FileIdentity, UnusableRecordError
from core.domain.media import MediaKind

_KINDS = {
    FileType.VIDEO: MediaKind.VIDEO,
    FileType.VIDEO_NOTE: MediaKind.VIDEO,
    FileType.AUDIO: MediaKind.AUDIO,
    FileType.VOICE: MediaKind.AUDIO,
    FileType.DOCUMENT: MediaKind.DOCUMENT,
    FileType.DOCUMENT_AS_FILE: MediaKind.DOCUMENT,
    FileType.ANIMATION: MediaKind.ANIMATION,
    FileType.PHOTO: MediaKind.PHOTO,
}
_DATA_CENTRES = range(1, 6)
_LONGEST_REFERENCE = 254


def identity_of(file_id: str, reference: str | None = None) -> FileIdentity:
    """Read a file_id; two that lead to the same file give the same unique id.

    Args:
        file_id: as pyrogram or the Bot API write it, with a file reference or without.
        reference: URL-safe base64 of the file reference, where that was kept beside the file_id.

    Raises:
        UnusableRecordError: it is no file_id, or that of something that cannot be sent again.
    """
    try:
        found = FileId.decode(file_id)
        if found.file_type is not None and reference and not found.file_reference:
            found.file_reference = _bytes_of(reference)
        written = str(found.encode(major=FileId.MAJOR, minor=FileId.MINOR))
    except (ValueError, IndexError, TypeError, struct.error, AttributeError):
        raise UnusableRecordError("bad_file_id") from None
    kind = _KINDS.get(found.file_type)
    if kind is None or found.url is not None:
        raise UnusableRecordError("not_a_file")
    if not found.media_id or found.dc_id not in _DATA_CENTRES:
        raise UnusableRecordError("bad_file_id")
    unique = FileUniqueId(file_unique_type=FileUniqueType.DOCUMENT, media_id=found.media_id)
    return FileIdentity(str(unique.encode()), written, kind)


def _bytes_of(reference: str) -> bytes:
    decoded = b64_decode(reference)
    return decoded if len(decoded) <= _LONGEST_REFERENCE else b""
