"""Framings of the local data centre, byte for byte."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from sandbox.datacenter.crypto import CtrStream
from sandbox.datacenter.transport import MAX_PACKET_BYTES, PacketStream, ProtocolViolation

if TYPE_CHECKING:
    from collections.abc import Callable

PACKETS = [os.urandom(length) for length in (4, 40, 504, 508, 512, 70_000)]


def abridged(packet: bytes) -> bytes:
    words = len(packet) // 4
    return (bytes([words]) if words < 127 else b"\x7f" + words.to_bytes(3, "little")) + packet


def intermediate(packet: bytes) -> bytes:
    return len(packet).to_bytes(4, "little") + packet


def padded(packet: bytes) -> bytes:
    return (len(packet) + 5).to_bytes(4, "little") + packet + b"noise"


def full(packets: list[bytes]) -> bytes:
    out = b""
    for number, packet in enumerate(packets):
        frame = struct.pack("<II", len(packet) + 12, number) + packet
        out += frame + struct.pack("<I", crc32(frame))
    return out


OPENINGS = {
    "abridged": b"\xef" + b"".join(map(abridged, PACKETS)),
    "intermediate": b"\xee" * 4 + b"".join(map(intermediate, PACKETS)),
    "padded": b"\xdd" * 4 + b"".join(map(padded, PACKETS)),
    "full": full(PACKETS),
}


class Obfuscation:
    """The client's side of an obfuscated connection."""

    def __init__(self, tag: bytes) -> None:
        secret = b"\x01" + os.urandom(3) + b"\x02" + os.urandom(51) + tag * 4 + os.urandom(4)
        back = secret[8:56][::-1]
        outgoing = CtrStream(secret[8:40], secret[40:56])
        self.incoming = CtrStream(back[:32], back[32:])
        self.header = secret[:56] + outgoing.apply(secret)[56:]
        self.outgoing = outgoing


@pytest.mark.parametrize("framing", OPENINGS)
@pytest.mark.parametrize("piece", [1, 3, 1_000_000])
def test_packets_come_out_however_the_stream_is_cut(framing: str, piece: int) -> None:
    """Whatever pieces TCP delivers, the packets are those that were sent and the framing is recognized."""
    stream, sent = PacketStream(), OPENINGS[framing]
    got = [packet for start in range(0, len(sent), piece) for packet in stream.feed(sent[start : start + piece])]

    expected = [packet + b"noise" for packet in PACKETS] if framing == "padded" else PACKETS
    assert got == expected
    assert stream.framing == framing


@pytest.mark.parametrize("framing", ["abridged", "intermediate", "full"])
def test_what_is_written_is_framed_as_the_client_framed(framing: str) -> None:
    """The server answers in the client's framing."""
    stream = PacketStream()
    stream.feed(OPENINGS[framing])
    written = b"".join(stream.frame(packet) for packet in PACKETS)

    by_hand = {"abridged": abridged, "intermediate": intermediate}
    expected = full(PACKETS) if framing == "full" else b"".join(map(by_hand[framing], PACKETS))
    assert written == expected


def test_padded_packets_end_in_up_to_15_bytes_of_noise() -> None:
    """The length counts the noise, every amount of it occurs, and a bare transport error has none."""
    stream = PacketStream()
    stream.feed(OPENINGS["padded"])
    noise: set[int] = set()
    for _ in range(500):
        frame = stream.frame(PACKETS[1])
        assert frame[4:44] == PACKETS[1]
        assert int.from_bytes(frame[:4], "little") == len(frame) - 4
        noise.add(len(frame) - 44)

    assert noise == set(range(16))
    assert stream.frame(b"four") == intermediate(b"four")


@pytest.mark.parametrize(
    ("tag", "frame", "name"),
    [(b"\xef", abridged, "abridged"), (b"\xee", intermediate, "intermediate"), (b"\xdd", intermediate, "padded")],
)
@pytest.mark.parametrize("piece", [1, 64, 1_000_000])
def test_an_obfuscated_stream_is_unveiled_both_ways(
    tag: bytes, frame: Callable[[bytes], bytes], name: str, piece: int
) -> None:
    """Behind an obfuscated header the framing named inside it is spoken in both directions."""
    client, stream = Obfuscation(tag), PacketStream()
    sent = client.header + client.outgoing.apply(b"".join(map(frame, PACKETS)))

    got = [packet for start in range(0, len(sent), piece) for packet in stream.feed(sent[start : start + piece])]
    answer = client.incoming.apply(stream.frame(PACKETS[0]) + stream.frame(PACKETS[0]))

    assert got == PACKETS
    assert answer == frame(PACKETS[0]) * 2
    assert stream.framing == f"obfuscated {name}"


def test_a_quick_ack_request_does_not_change_the_length() -> None:
    """The high bit of a length asks for a quick ack and is not part of it."""
    short, long = PacketStream(), PacketStream()

    assert short.feed(b"\xef" + bytes([0x81]) + b"four") == [b"four"]
    assert long.feed(b"\xee" * 4 + (4 | 1 << 31).to_bytes(4, "little") + b"four") == [b"four"]


@pytest.mark.parametrize(
    "sent",
    [
        b"\xee" * 4 + (MAX_PACKET_BYTES + 1).to_bytes(4, "little"),
        full([b"abcd"])[:-1] + b"\x00",
        (11).to_bytes(4, "little") + bytes(4),
        Obfuscation(b"\x33").header,
    ],
    ids=["too long", "wrong checksum", "too short", "unknown tag"],
)
def test_a_broken_framing_is_refused(sent: bytes) -> None:
    """Impossible lengths, wrong checksums and unknown tags end the connection instead of waiting for ever."""
    with pytest.raises(ProtocolViolation):
        PacketStream().feed(sent)


def test_nothing_is_written_before_the_client_has_spoken() -> None:
    """The server cannot know how to frame before the client's first bytes."""
    with pytest.raises(ProtocolViolation):
        PacketStream().frame(b"four")
