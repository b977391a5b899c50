"""From the media that clients hand in to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.files import FileKind

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.files import File

T = raw.types

PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"BM")
EXTERNAL = (T.InputMediaPhotoExternal, T.InputMediaDocumentExternal)


def file_of(call: Call, media: Any) -> File:
    """The file that a message will carry: one that exists, or the upload it names.

    Raises:
        RpcFailure: MEDIA_EMPTY, MEDIA_INVALID, FILE_REFERENCE_EXPIRED and its like, WEBPAGE_MEDIA_EMPTY for addresses
            (nothing here fetches them), IMAGE_PROCESS_FAILED for a photo that is none, or what an upload lacks.
    """
    if isinstance(media, (T.InputMediaDocument, T.InputMediaPhoto)):
        file = call.world.peers.file(call.viewer, media.id)
        if file.is_photo != isinstance(media, T.InputMediaPhoto):
            raise RpcFailure(400, "MEDIA_EMPTY")
        return file
    if isinstance(media, T.InputMediaUploadedDocument):
        return _uploaded_document(call, media)
    if isinstance(media, T.InputMediaUploadedPhoto):
        return _uploaded_photo(call, media)
    if isinstance(media, T.InputMediaEmpty):
        raise RpcFailure(400, "MEDIA_EMPTY")
    raise RpcFailure(400, "WEBPAGE_MEDIA_EMPTY" if isinstance(media, EXTERNAL) else "MEDIA_INVALID")


def _uploaded_document(call: Call, media: Any) -> File:
    data = _bytes_of(call, media.file)
    names = [a.file_name for a in media.attributes if isinstance(a, T.DocumentAttributeFilename)]
    name = names[0] if names else media.file.name
    return call.world.files.add_uploaded(data, name, media.mime_type, list(media.attributes), call.world.now())


def _uploaded_photo(call: Call, media: Any) -> File:
    data = _bytes_of(call, media.file)
    if not data.startswith(PICTURE_STARTS):
        raise RpcFailure(400, "IMAGE_PROCESS_FAILED")
    return call.world.files.add("", kind=FileKind.PHOTO, size=len(data), date=call.world.now(), data=data)


def _bytes_of(call: Call, given: Any) -> bytes:
    md5 = given.md5_checksum if isinstance(given, T.InputFile) else ""
    return call.world.uploads.take(call.viewer, given.id, given.parts, md5)
