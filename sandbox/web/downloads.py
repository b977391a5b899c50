"""The bytes of a message's file, as a download or as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from sandbox.web.guard import HEADERS

if TYPE_CHECKING:
    from sandbox.world.files import File

_CHUNK = 256 * 1024
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


async def send_file(request: web.Request, file: File, *, message_id: int) -> web.StreamResponse:
    """Stream a file.

    Only a photo whose first bytes are a picture's is shown; everything else is a download that no browser opens by
    itself, whatever it claims to be.
    """
    shown = picture_type(file) if file.is_photo else None
    name = file.name or f"photo-{message_id}.{(shown or 'image/jpeg').partition('/')[2]}"
    kind = "inline" if shown else "attachment"
    headers = HEADERS | {
        "Content-Type": shown or "application/octet-stream",
        "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(name, safe='', errors='replace')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    response = web.StreamResponse(headers=headers)
    response.content_length = file.size
    await response.prepare(request)
    for offset in range(0, file.size, _CHUNK):
        await response.write(file.read(offset, _CHUNK))
    await response.write_eof()
    return response


def picture_type(file: File) -> str | None:
    """The type of the picture that the bytes begin like; None when they begin like none."""
    head = file.read(0, 16)
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
