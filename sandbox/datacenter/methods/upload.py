"""upload.*: bytes in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure, method

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.files import File

T = raw.types

CHUNK_LIMIT = 1024 * 1024
PRECISE_UNIT = 1024
UNIT = 4096
PHOTO_SIZES = frozenset({"m", "x"})


@method("upload.SaveFilePart", "upload.SaveBigFilePart")
def save_file_part(call: Call, request: Any) -> bool:
    """Keep one part of an upload; parts may come in any order."""
    total = getattr(request, "file_total_parts", -1)
    if total != -1 and not 0 <= request.file_part < total:
        raise RpcFailure(400, "FILE_PART_INVALID")
    call.world.uploads.save_part(call.viewer, request.file_id, request.file_part, bytes(request.bytes))
    return True


@method("upload.GetFile")
def get_file(call: Call, request: Any) -> Any:
    """A piece of a document or of one size of a photo; empty behind the end."""
    unit = PRECISE_UNIT if request.precise else UNIT
    if request.offset < 0 or request.offset % unit:
        raise RpcFailure(400, "OFFSET_INVALID")
    if not 0 < request.limit <= CHUNK_LIMIT or request.limit % unit:
        raise RpcFailure(400, "LIMIT_INVALID")
    file, size = _located(call, request.location)
    data = file.read(request.offset, request.limit, size)
    return T.upload.File(type=T.storage.FileUnknown(), mtime=file.date, bytes=data)


def _located(call: Call, location: Any) -> tuple[File, str]:
    if not isinstance(location, (T.InputDocumentFileLocation, T.InputPhotoFileLocation)):
        raise RpcFailure(400, "LOCATION_INVALID")
    try:
        file = call.world.peers.file(call.viewer, location)
    except RpcFailure as failure:
        name = "LOCATION_INVALID" if failure.name == "MEDIA_EMPTY" else failure.name
        raise RpcFailure(400, name) from None
    is_photo = isinstance(location, T.InputPhotoFileLocation)
    known = location.thumb_size in PHOTO_SIZES if is_photo else not location.thumb_size
    if file.is_photo != is_photo or not known:
        raise RpcFailure(400, "LOCATION_INVALID")
    return file, location.thumb_size
