"""Pictures for photos that nobody took: a few bands of colour, alike for the same title, as a small PNG."""

from __future__ import annotations

import hashlib
import struct
import zlib

WIDTH, HEIGHT = 320, 200
_COLOURS = 32
_MAGIC = b"\x89PNG\r\n\x1a\n"


def paint(title: str) -> bytes:
    """A PNG of 320 by 200 points, drawn after the title's checksum."""
    seed = hashlib.shake_256(title.encode()).digest(12)
    top, bottom, sun = seed[0:3], seed[3:6], seed[6:9]
    palette = b"".join(_between(top, bottom, step / (_COLOURS - 2)) for step in range(_COLOURS - 1)) + sun
    centre_x, centre_y, radius = 40 + seed[9] % 240, 30 + seed[10] % 100, 14 + seed[11] % 30
    lines = bytearray()
    for y in range(HEIGHT):
        line = bytearray([min(y * (_COLOURS - 1) // HEIGHT, _COLOURS - 2)]) * WIDTH
        half = max(0, radius**2 - (y - centre_y) ** 2) ** 0.5
        start, end = max(0, int(centre_x - half)), min(WIDTH, int(centre_x + half))
        line[start:end] = bytes([_COLOURS - 1]) * (end - start)
        lines += b"\0" + line
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    return (
        _MAGIC
        + _chunk(b"IHDR", head)
        + _chunk(b"PLTE", palette)
        + _chunk(b"IDAT", zlib.compress(bytes(lines), 6))
        + _chunk(b"IEND", b"")
    )


def _between(one: bytes, other: bytes, share: float) -> bytes:
    return bytes(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
