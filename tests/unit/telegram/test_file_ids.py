"""file_ids of other bots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrogram.file_id import FileId, FileType

from core.domain.library_import import UnusableRecordError
from core.domain.media import MediaKind
from core.telegram.file_ids import identity_of
from tests.fixtures.foreign_dump import full_file_id, short_file_id, short_reference


def test_whoever_wrote_a_file_id_it_is_the_same_file() -> None:
    """The short form and its reference become what pyrogram would have written, and have its unique id."""
    reference = bytes(range(24))
    full = identity_of(full_file_id(99, reference=reference))
    joined = identity_of(short_file_id(99), short_reference(reference))

    assert joined == full
    assert FileId.decode(joined.file_id).file_reference == reference
    assert identity_of(short_file_id(98)).unique_id != full.unique_id


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FileType.VIDEO, MediaKind.VIDEO),
        (FileType.VIDEO_NOTE, MediaKind.VIDEO),
        (FileType.AUDIO, MediaKind.AUDIO),
        (FileType.VOICE, MediaKind.AUDIO),
        (FileType.DOCUMENT, MediaKind.DOCUMENT),
        (FileType.ANIMATION, MediaKind.ANIMATION),
    ],
)
def test_it_tells_the_kind_of_the_file(kind: FileType, expected: MediaKind) -> None:
    """What a search by kind needs is in the file_id, whatever the record says."""
    assert identity_of(full_file_id(5, kind=kind)).kind is expected


@pytest.mark.parametrize(
    ("file_id", "reason"),
    [
        ("", "bad_file_id"),
        ("hello", "bad_file_id"),
        ("BQAC", "bad_file_id"),
        ("-1001234567890", "bad_file_id"),
        ("64b7f0f0f0f0f0f0f0f0f0f0", "bad_file_id"),
        (short_file_id(0), "bad_file_id"),
        (short_file_id(5, dc_id=9), "bad_file_id"),
        (full_file_id(5, kind=FileType.STICKER), "not_a_file"),
    ],
)
def test_what_is_no_file_is_refused(file_id: str, reason: str) -> None:
    """With a reason that can be counted."""
    with pytest.raises(UnusableRecordError, match=reason):
        identity_of(file_id)


@given(st.text() | st.binary(max_size=80).map(short_reference))
def test_nothing_that_stands_there_does_harm(text: str) -> None:
    """A file_id is read or refused, never anything else."""
    try:
        found = identity_of(text, text)
    except UnusableRecordError:
        return
    assert identity_of(found.file_id).unique_id == found.unique_id
