"""Encoding of cached values: JSON under a schema version."""

from __future__ import annotations

from typing import Any

import orjson

SCHEMA_VERSION = 1
_PREFIX = b"%d:" % SCHEMA_VERSION


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
