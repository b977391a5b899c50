"""From a record of another bot's collection to a file: which of its fields says what. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from core.domain.library_import import FileIdentity, UnusableRecordError
from core.domain.media import NO_POST, NewMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST_NAME = 255
_MOST_BYTES = 1 << 53


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Names of fields, in the order in which they are tried: those of the bots that are known.

    Attributes:
        file_id: the first that holds a text is it; a bot that keeps the unique id in `_id` has `file_id` as well.
        reference: the file reference, where the file_id has none.
    """

    file_id: tuple[str, ...] = ("file_id", "_id")
    reference: tuple[str, ...] = ("file_ref", "file_reference")
    name: tuple[str, ...] = ("file_name", "name", "title")
    size: tuple[str, ...] = ("file_size", "size")
    caption: tuple[str, ...] = ("caption", "file_caption", "description")
    mime_type: tuple[str, ...] = ("mime_type", "mime")
    duration: tuple[str, ...] = ("duration",)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """What can be mapped."""
        return tuple(field.name for field in fields(cls))

    def with_field(self, what: str, name: str) -> FieldMap:
        """The same, with one part taken from a field of this name alone."""
        return replace(self, **{what: (name,)})


def file_from(
    record: Mapping[str, Any] | None, names: FieldMap, identify: Callable[[str, str | None], FileIdentity]
) -> NewMedia:
    """The file that a record is about.

    Args:
        record: None for one that could not be read.
        names: which of its fields says what.
        identify: reads a file_id and its reference; raises UnusableRecordError.

    Raises:
        UnusableRecordError: it cannot be read, there is no file_id, no size that is a number, or nothing to call the
            file by.
    """
    if record is None:
        raise UnusableRecordError("unreadable")
    file_id = _text(record, names.file_id)
    if not file_id:
        raise UnusableRecordError("no_file_id")
    identity = identify(file_id, _text(record, names.reference))
    caption = _text(record, names.caption)
    name = _text(record, names.name) or _first_line(caption or "")
    if not name:
        raise UnusableRecordError("no_name")
    return NewMedia(
        unique_id=identity.unique_id,
        file_id=identity.file_id,
        name=name,
        caption=caption,
        size=_whole_number(record, names.size, "bad_size") or 0,
        kind=identity.kind,
        source=NO_POST,
        mime_type=_text(record, names.mime_type),
        duration_s=_whole_number(record, names.duration, "bad_duration"),
    )


def _text(record: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _first_line(caption: str) -> str:
    return caption.splitlines()[0][:_LONGEST_NAME] if caption else ""


def _whole_number(record: Mapping[str, Any], names: tuple[str, ...], reason: str) -> int | None:
    value = next((record[name] for name in names if record.get(name) is not None), None)
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise UnusableRecordError(reason) from None
    if not 0 <= number < _MOST_BYTES:
        raise UnusableRecordError(reason)
    return number
