"""Typed data of inline buttons: packed into Telegram's 64 bytes, unpacked with distrust.

A button carries an address, never authority: whoever presses it is taken from the update, and what a field points to is
checked where it is used. A modified client may send any bytes at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform, get_type_hints

from core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 64

_SEPARATOR = ":"
_PREFIX = re.compile(r"[a-z][a-z0-9]{0,7}")
_TEXT = re.compile(r"[A-Za-z0-9_-]+")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class _Codec:
    """How one field travels; `decode` raises ValueError for anything that `encode` does not produce."""

    encode: Callable[[Any], str]
    decode: Callable[[str], Any]


@dataclass_transform(frozen_default=True)
class CallbackData:
    """Base of the data of one kind of button; subclasses declare fields and are frozen dataclasses.

    Fields may be `int` (64 bits), `str` (letters, digits, `_`, `-`; not empty) or an `Enum` of such values:

        class OpenPage(CallbackData, prefix="pg"):
            session_id: str
            number: int

    `unpack(data).pack() == data` holds for everything that unpacks.

    Raises:
        TypeError: (at class definition) the prefix is malformed or taken, or a field is of another type.
    """

    prefix: ClassVar[str]
    _codecs: ClassVar[tuple[_Codec, ...]]
    _kinds: ClassVar[dict[str, type[CallbackData]]] = {}

    def __init_subclass__(cls, *, prefix: str) -> None:
        super().__init_subclass__()
        if not _PREFIX.fullmatch(prefix):
            raise TypeError(f"{cls.__name__}: prefix {prefix!r} is not 1-8 lower-case letters and digits")
        if prefix in CallbackData._kinds:
            raise TypeError(f"{cls.__name__}: prefix {prefix!r} belongs to {CallbackData._kinds[prefix].__name__}")
        dataclass(frozen=True)(cls)
        hints = get_type_hints(cls)
        cls._codecs = tuple(_codec(cls, field.name, hints[field.name]) for field in fields(cls))  # type: ignore[arg-type]
        cls.prefix = prefix
        CallbackData._kinds[prefix] = cls

    def pack(self) -> str:
        """The button's data, 1-64 bytes of ASCII.

        Raises:
            ValueError: a value is of the wrong type or alphabet, or everything together is too long.
        """
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        packed = _SEPARATOR.join(
            [self.prefix, *(codec.encode(value) for codec, value in zip(self._codecs, values, strict=True))]
        )
        if len(packed.encode()) > MAX_BYTES:
            raise ValueError(f"{type(self).__name__} packs into more than {MAX_BYTES} bytes: {packed!r}")
        return packed

    @classmethod
    def unpack(cls, data: str | bytes | None) -> Self:
        """Read a button's data.

        Raises:
            BadInputError: `error-bad-button`: the data is not exactly what `pack` of this class produces.
        """
        try:
            text = data.decode("ascii") if isinstance(data, bytes) else data or ""
            prefix, *parts = text.split(_SEPARATOR)
            press = cls(*(codec.decode(part) for codec, part in zip(cls._codecs, parts, strict=True)))
        except ValueError:
            raise BadInputError("error-bad-button") from None
        if prefix != cls.prefix or len(text) > MAX_BYTES:
            raise BadInputError("error-bad-button")
        return press

    @classmethod
    def matches(cls, data: str | bytes | None) -> bool:
        """Whether the data claims to be of this kind; what it carries may still be refused by `unpack`."""
        text = data.decode("ascii", "replace") if isinstance(data, bytes) else data or ""
        return text.partition(_SEPARATOR)[0] == cls.prefix


def _codec(owner: type, name: str, kind: Any) -> _Codec:
    if kind is int:
        return _Codec(_encode_int, _decode_int)
    if kind is str:
        return _Codec(_checked_text, _checked_text)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_codec(kind)
    raise TypeError(f"{owner.__name__}.{name}: buttons carry int, str and Enum, not {kind!r}")


def _enum_codec(kind: type[Enum]) -> _Codec:
    by_text = {_checked_text(str(member.value)): member for member in kind}
    by_member = {member: text for text, member in by_text.items()}

    def encode(value: Any) -> str:
        if not isinstance(value, kind):
            raise ValueError(f"not a {kind.__name__}: {value!r}")  # noqa: TRY004 - pack promises ValueError
        return by_member[value]

    def decode(text: str) -> Enum:
        if text not in by_text:
            raise ValueError(text)
        return by_text[text]

    return _Codec(encode, decode)


def _encode_int(value: Any) -> str:
    if type(value) is not int or value not in _INT64:
        raise ValueError(f"not an integer of 64 bits: {value!r}")
    return str(value)


def _decode_int(text: str) -> int:
    if not _INTEGER.fullmatch(text) or (value := int(text)) not in _INT64:
        raise ValueError(text)
    return value


def _checked_text(value: Any) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ValueError(f"not letters, digits, _ and - only: {value!r}")
    return value
