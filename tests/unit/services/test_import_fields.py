"""Which field of another bot's record says what."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain.library_import import UnusableRecordError
from core.domain.media import NO_POST, MediaKind
from core.services.import_fields import FieldMap, file_from
from core.telegram.file_ids import identity_of
from tests.fixtures.foreign_dump import auto_filter_record, full_file_id

KNOWN = FieldMap()


def read(record: dict[str, Any], names: FieldMap = KNOWN):
    return file_from(record, names, identity_of)


def test_the_usual_record_is_understood() -> None:
    """The auto-filter bots' record: the file_id is the key, its reference stands beside it."""
    file = read(auto_filter_record(7, "Nosferatu 1922.mkv", caption="Silent", duration=5400.0))

    assert (file.name, file.caption, file.size, file.duration_s) == ("Nosferatu 1922.mkv", "Silent", 1007, 5400)
    assert (file.kind, file.source, file.unique_id) == (
        MediaKind.VIDEO,
        NO_POST,
        identity_of(full_file_id(7)).unique_id,
    )


def test_a_key_of_the_databases_own_is_passed_over() -> None:
    """Where `_id` is no text, or the unique id, `file_id` is the file_id."""
    for key in (17, "AgADBQ"):
        record = {"_id": key, "file_id": full_file_id(7), "name": "Faust.mkv", "size": "12"}
        assert (read(record).name, read(record).size) == ("Faust.mkv", 12)


def test_fields_of_any_name_can_be_mapped() -> None:
    """And then nothing else is looked at for this part."""
    names = FieldMap().with_field("name", "label").with_field("file_id", "fid")
    record = {"fid": full_file_id(7), "label": "Faust", "file_name": "wrong"}

    assert read(record, names).name == "Faust"
    with pytest.raises(UnusableRecordError, match="no_name"):
        read({"fid": full_file_id(7), "file_name": "wrong"}, names)


def test_a_nameless_file_is_called_by_its_caption() -> None:
    """By the first line of it."""
    assert read(auto_filter_record(7, "", caption="Der Golem\n1920")).name == "Der Golem"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"_id": None}, "no_file_id"),
        ({"_id": 5}, "no_file_id"),
        ({"_id": "nonsense"}, "bad_file_id"),
        ({"file_name": "  "}, "no_name"),
        ({"file_name": 5}, "no_name"),
        ({"file_size": "big"}, "bad_size"),
        ({"file_size": -1}, "bad_size"),
        ({"file_size": 1 << 60}, "bad_size"),
        ({"file_size": float("inf")}, "bad_size"),
        ({"file_size": [1]}, "bad_size"),
        ({"duration": "long"}, "bad_duration"),
    ],
)
def test_what_no_file_can_be_made_of_is_refused(changes: dict[str, Any], reason: str) -> None:
    """With a reason that can be counted."""
    with pytest.raises(UnusableRecordError, match=reason):
        read(auto_filter_record(7, "Faust.mkv", **changes))
