"""Encoding of cached values: JSON under a schema version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA_VERSION = 1
_PREFIX = b"%d:" % SCHEMA_VERSION

T = TypeVar("T")


def encode(value: Any) -> bytes:
    """Bytes of a JSON-like value; datetimes become ISO 8601 text.

    Raises:
        TypeError: the value holds something JSON has no form for.
    """
    return _PREFIX + orjson.dumps(value)


def decode(data: bytes | None) -> Any | None:
    """The value of `encode`; None for None, and for bytes of another schema version, cut off or of unknown origin."""
    if data is None or not data.startswith(_PREFIX):
        return None
    try:
        return orjson.loads(data[len(_PREFIX) :])
    except orjson.JSONDecodeError:
        return None


@dataclass(frozen=True, slots=True)
class ValueForm(Generic[T]):
    """How values of one kind are cached.

    Attributes:
        to_json: a JSON-like form of a value.
        from_json: the value of anything JSON can say, None where that is no such value; never raises.
    """

    to_json: Callable[[T], Any]
    from_json: Callable[[Any], T | None]

    def encode(self, value: T) -> bytes:
        """The bytes that are stored."""
        return encode(self.to_json(value))

    def decode(self, data: bytes) -> T | None:
        """The value; None for bytes that are not one of this kind, whatever they are."""
        found = decode(data)
        return None if found is None else self.from_json(found)
