"""The stored form of a file."""

from __future__ import annotations

import base64
from dataclasses import replace

import bson
import pytest

from core.domain.media import MediaKind, MediaSource, NewMedia
from repositories.media_arrival import Arrival, record_of
from repositories.media_document import FILE_ID, MAX_SOURCES, file_id_of, stored_file_id, to_document

FILE = NewMedia(
    "u1", "BQACAgQAAxkBAAIW-_8wYw", "Фауст.mkv", "silent", 7, MediaKind.VIDEO, MediaSource(-100, 5), None, 61, 9
)


@pytest.mark.parametrize("size", range(1, 60))
def test_a_file_id_in_base64_is_stored_as_its_bytes(size: int) -> None:
    """Whatever its length, and it is told as it was."""
    packed = bytes((number * 37 + size) % 256 for number in range(size))
    text = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()

    assert stored_file_id(text) == packed
    assert file_id_of({FILE_ID: stored_file_id(text)}) == text


@pytest.mark.parametrize("text", ["f", "f1", "healed", "a+b/", "QQ==", "файл", "a b\n", "QR", "!", "abc=", "QUJD\n"])
def test_any_other_file_id_is_stored_as_it_is(text: str) -> None:
    """What would not come out of base64 exactly as it went in stays text."""
    assert stored_file_id(text) == text
    assert file_id_of({FILE_ID: text}) == text


def test_a_record_says_all_posts_in_a_fixed_order_of_fields() -> None:
    """It is sent as it was encoded, and tells its size and words."""
    sources = {MediaSource(-100, number): None for number in range(MAX_SOURCES + 2)}
    record = record_of(Arrival(FILE, sources), 1 << 50)
    document = bson.decode(record.encoded.raw)

    assert list(document) == ["_id", "u", "f", "n", "s", "k", "c", "d", "h", "src", "e"]
    assert (record.unique_id, record.words) == ("u1", len(document["h"]))
    assert document["src"] == [{"ch": -100, "mi": number} for number in range(MAX_SOURCES)]
    assert {**document, "src": document["src"][5:6]} == to_document(FILE, 1 << 50)


def test_a_bare_record_has_no_further_fields() -> None:
    """What a file has not takes no room."""
    bare = replace(FILE, caption=None, duration_s=None, edited_at=0)
    assert list(to_document(bare, 5)) == ["_id", "u", "f", "n", "s", "k", "h", "src"]
