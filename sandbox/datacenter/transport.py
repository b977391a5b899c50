"""Framings of MTProto over TCP, without any I/O: bytes of a connection in, packets out, and the reverse.

A client chooses by its first bytes: abridged, intermediate, padded intermediate or full, and the first three
also behind an obfuscating AES-CTR stream.
Source: core.telegram.org/mtproto/mtproto-transports.
"""

from __future__ import annotations

import os
import struct
from typing import Protocol
from zlib import crc32

from sandbox.datacenter.crypto import CtrStream

MAX_PACKET_BYTES = 16 * 1024 * 1024
_OBFUSCATED_HEADER = 64
_FULL_OVERHEAD = 12  # length, sequence number, checksum
_ERROR_BYTES = 4
_MAX_PADDING = 15


class ProtocolViolation(Exception):  # noqa: N818  (MTProto's word for it)
    """The client sent what no client may send; its connection is closed."""


class Framing(Protocol):
    """One way of cutting a byte stream into packets."""

    name: str

    def cut(self, buffer: bytearray) -> bytes | None:
        """Take the first packet out of `buffer`; None while it is incomplete.

        Raises:
            ProtocolViolation: the length or the checksum cannot be right.
        """

    def wrap(self, packet: bytes) -> bytes:
        """The bytes to write for one packet."""


def _take(buffer: bytearray, start: int, length: int) -> bytes | None:
    if length > MAX_PACKET_BYTES:
        raise ProtocolViolation(f"a packet of {length} bytes")
    end = start + length
    if len(buffer) < end:
        return None
    packet = bytes(memoryview(buffer)[start:end])
    del buffer[:end]
    return packet


class Abridged:
    """Length in words: one byte, or 0x7f and three."""

    name = "abridged"

    def cut(self, buffer: bytearray) -> bytes | None:
        """See `Framing.cut`."""
        if not buffer:
            return None
        words = buffer[0] & 0x7F  # the high bit asks for a quick ack, which servers may leave out
        if words != 0x7F:
            return _take(buffer, 1, words * 4)
        if len(buffer) < 4:
            return None
        return _take(buffer, 4, int.from_bytes(buffer[1:4], "little") * 4)

    def wrap(self, packet: bytes) -> bytes:
        """See `Framing.wrap`."""
        words = len(packet) // 4
        return (bytes([words]) if words < 0x7F else b"\x7f" + words.to_bytes(3, "little")) + packet


class Intermediate:
    """Length in bytes, four bytes of it. With padding, the length counts up to 15 bytes of noise, both ways."""

    def __init__(self, *, padded: bool) -> None:
        self.name = "padded" if padded else "intermediate"
        self._padded = padded

    def cut(self, buffer: bytearray) -> bytes | None:
        """See `Framing.cut`."""
        if len(buffer) < 4:
            return None
        return _take(buffer, 4, int.from_bytes(buffer[:4], "little") & 0x7FFFFFFF)

    def wrap(self, packet: bytes) -> bytes:
        """See `Framing.wrap`; a bare transport error goes unpadded, since clients know it by its length."""
        if self._padded and len(packet) > _ERROR_BYTES:
            packet += os.urandom(os.urandom(1)[0] % (_MAX_PADDING + 1))
        return struct.pack("<I", len(packet)) + packet


class Full:
    """Length, sequence number and checksum around each packet."""

    name = "full"

    def __init__(self) -> None:
        self._sent = 0

    def cut(self, buffer: bytearray) -> bytes | None:
        """See `Framing.cut`."""
        if len(buffer) < 4:
            return None
        length = int.from_bytes(buffer[:4], "little")
        if length < _FULL_OVERHEAD:
            raise ProtocolViolation(f"a full frame of {length} bytes")
        frame = _take(buffer, 0, length)
        if frame is None:
            return None
        if crc32(frame[:-4]) != int.from_bytes(frame[-4:], "little"):
            raise ProtocolViolation("a full frame with a wrong checksum")
        return frame[8:-4]

    def wrap(self, packet: bytes) -> bytes:
        """See `Framing.wrap`."""
        frame = struct.pack("<II", len(packet) + _FULL_OVERHEAD, self._sent) + packet
        self._sent += 1
        return frame + struct.pack("<I", crc32(frame))


class PacketStream:
    """Both directions of one connection, in whichever framing the client opens with."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._framing: Framing | None = None
        self._incoming: CtrStream | None = None
        self._outgoing: CtrStream | None = None

    @property
    def framing(self) -> str | None:
        """Name of the framing, "obfuscated" put before it where it applies; None until the client has chosen."""
        if self._framing is None:
            return None
        return f"obfuscated {self._framing.name}" if self._incoming else self._framing.name

    def feed(self, data: bytes) -> list[bytes]:
        """Take received bytes, give the packets that are complete now.

        Raises:
            ProtocolViolation: the bytes are no framing, or break its rules.
        """
        self._buffer += self._incoming.apply(data) if self._incoming else data
        if self._framing is None:
            self._framing = self._recognize()
            if self._framing is None:
                return []
        packets = []
        while (packet := self._framing.cut(self._buffer)) is not None:
            packets.append(packet)
        return packets

    def frame(self, packet: bytes) -> bytes:
        """The bytes to write for one packet.

        Raises:
            ProtocolViolation: the client has not chosen a framing yet.
        """
        if self._framing is None:
            raise ProtocolViolation("nothing can be sent before the client has chosen a framing")
        framed = self._framing.wrap(packet)
        return self._outgoing.apply(framed) if self._outgoing else framed

    def _recognize(self) -> Framing | None:
        """The framing that the first bytes announce, its announcement removed; None while they are too few."""
        buffer = self._buffer
        if buffer[:1] == b"\xef":
            del buffer[:1]
            return Abridged()
        for tag, padded in ((b"\xee" * 4, False), (b"\xdd" * 4, True)):
            if buffer[:4] == tag:
                del buffer[:4]
                return Intermediate(padded=padded)
        if len(buffer) >= 8 and buffer[4:8] == bytes(4):  # a length, then sequence number 0
            return Full()
        return self._unveil() if len(buffer) >= _OBFUSCATED_HEADER else None

    def _unveil(self) -> Framing:
        header = bytes(self._buffer[:_OBFUSCATED_HEADER])
        reverse = header[8:56][::-1]
        self._incoming = CtrStream(header[8:40], header[40:56])
        self._outgoing = CtrStream(reverse[:32], reverse[32:])
        tag = self._incoming.apply(header)[56:60]
        self._buffer[:] = self._incoming.apply(bytes(self._buffer[_OBFUSCATED_HEADER:]))
        if tag == b"\xef" * 4:
            return Abridged()
        if tag in (b"\xee" * 4, b"\xdd" * 4):
            return Intermediate(padded=tag[0] == 0xDD)
        raise ProtocolViolation(f"unknown framing {tag.hex()}")
