"""Lets a Telethon client, which speaks a later TL layer, talk to a data centre that thinks in pyrogram's.

Constructors whose id is the same on both layers go through pyrogram.raw, and so two TL libraries check each other.
The rest is rebuilt object by object, by class and field name, through telethon.tl. Inline keyboards, which the later
layer cut anew, have rules of their own. Telethon is imported when the first such client connects, not before.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pyrogram import raw
from pyrogram.raw.all import objects as _native_classes
from pyrogram.raw.core import List, TLObject

from sandbox.datacenter.codec import Codec, UnknownConstructor, drop_empty_vectors, request_reader

_SERVICE_IDS = frozenset(
    kind.ID
    for kind in (
        raw.types.RpcError,
        raw.types.Pong,
        raw.types.BadServerSalt,
        raw.types.NewSessionCreated,
        raw.types.MsgsAck,
    )
)
_NATIVE_BUTTON, _FOREIGN_BUTTON_TYPE = "KeyboardButton", "InlineButtonType"


_EMPTY_VALUES = {int: 0, bool: False, str: "", bytes: b""}


class _RequiredFields(dict[type, dict[str, Any]]):
    """By foreign class: an empty value for each number, flag and text that its constructor insists on."""

    def __missing__(self, kind: Any) -> dict[str, Any]:
        types = {}
        if kind.__init__ is not object.__init__:
            code, optional = kind.__init__.__code__, kind.__init__.__defaults__ or ()
            required = code.co_varnames[1 : code.co_argcount - len(optional)]
            types = {name: kind.__init__.__annotations__.get(name) for name in required}
        self[kind] = {name: _EMPTY_VALUES[type_] for name, type_ in types.items() if type_ in _EMPTY_VALUES}
        return self[kind]


class _Unread(Exception):  # noqa: N818  (a state, not a mistake)
    """The native library does not know the object, or knows another shape of it."""


class LayerBridge(Codec):
    """Clients of Telethon's layer."""

    def __init__(self) -> None:
        from telethon.extensions import BinaryReader
        from telethon.tl import TLObject as ForeignObject
        from telethon.tl import alltlobjects, types

        self.layer: int = alltlobjects.LAYER
        self._reader = BinaryReader
        self._types = types
        self._foreign_object = ForeignObject
        self._required = _RequiredFields()
        self._foreign_ids: dict[int, type] = alltlobjects.tlobjects
        self._foreign_by_name = {_foreign_name(kind): kind for kind in self._foreign_ids.values()}
        self._native_by_name = {
            kind.QUALNAME.lower(): kind
            for kind in _native_classes.values()
            if getattr(kind, "QUALNAME", "").startswith(("types.", "functions."))
        }

    def load(self, body: bytes) -> Any:
        """See `Codec.load`."""
        try:
            return self._load_native(body)
        except _Unread:
            return self._load_foreign(body)

    @staticmethod
    def _load_native(body: bytes) -> Any:
        reader = request_reader(body)
        try:
            value = TLObject.read(reader)
        except KeyError as error:
            raise _Unread from error
        if reader.tell() != len(body):
            raise _Unread
        return value

    def _load_foreign(self, body: bytes) -> Any:
        from telethon.errors import TypeNotFoundError

        try:
            with self._reader(body) as reader:
                return self._to_native(reader.tgread_object())
        except TypeNotFoundError as error:
            raise UnknownConstructor(f"constructor {error.invalid_constructor_id:#x} is in no layer") from error

    def _to_native(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return int(value.timestamp())
        if isinstance(value, (list, tuple)):
            return List(self._to_native(item) for item in value)
        if not isinstance(value, self._foreign_object):
            return value
        if isinstance(value, self._types.KeyboardInlineButton):
            return self._button_to_native(value)
        if isinstance(value, self._types.KeyboardInlineButtonRow):
            return raw.types.KeyboardButtonRow(buttons=self._to_native(value.buttons))
        name = _foreign_name(type(value))
        if (kind := self._native_by_name.get(name)) is None:
            raise UnknownConstructor(f"{name} is not in the data centre's layer")
        return self._rebuild(kind, value)

    def _rebuild(self, kind: Any, value: Any) -> Any:
        fields = {name: getattr(value, name, None) for name in kind.__slots__}
        return kind(**{name: self._to_native(field) for name, field in fields.items() if field is not None})

    @staticmethod
    def _button_to_native(button: Any) -> Any:
        suffix = type(button.type).__name__.removeprefix(_FOREIGN_BUTTON_TYPE)
        kind = getattr(raw.types, _NATIVE_BUTTON + suffix)
        fields = {name: field for name, field in vars(button.type).items() if name in kind.__slots__}
        return kind(text=button.text, **fields)

    def dump_object(self, value: Any) -> bytes:
        """See `Codec.dump_object`."""
        if self._is_shared(value):
            return super().dump_object(value)
        drop_empty_vectors(value)
        return bytes(self._to_foreign(value))

    def _is_shared(self, value: Any) -> bool:
        """Whether `value` and all below it have the same ids on both layers."""
        if isinstance(value, list):
            return all(self._is_shared(item) for item in value)
        if not isinstance(value, TLObject) or isinstance(value, bytes):
            return True
        if value.ID not in self._foreign_ids and value.ID not in _SERVICE_IDS:
            return False
        return all(self._is_shared(getattr(value, name)) for name in value.__slots__)

    def _to_foreign(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._to_foreign(item) for item in value]
        if not isinstance(value, TLObject) or isinstance(value, bytes):
            return value
        if isinstance(value, raw.types.ReplyInlineMarkup):
            rows = [[self._button_to_foreign(button) for button in row.buttons] for row in value.rows]
            return self._types.ReplyInlineMarkup(
                rows=[self._types.KeyboardInlineButtonRow(buttons=buttons) for buttons in rows]
            )
        if isinstance(value, raw.types.KeyboardButton):
            return self._types.KeyboardButton(text=value.text, type=self._types.ButtonTypeDefault())
        kind: Any = self._foreign_by_name[value.QUALNAME.lower()]
        fields = {name: getattr(value, name) for name in value.__slots__}
        known = {name: self._to_foreign(field) for name, field in fields.items() if field is not None}
        return kind(**(self._required[kind] | known))

    def _button_to_foreign(self, button: Any) -> Any:
        suffix = type(button).__name__.removeprefix(_NATIVE_BUTTON)
        kind = getattr(self._types, _FOREIGN_BUTTON_TYPE + suffix)
        fields = {name: getattr(button, name) for name in button.__slots__ if name != "text"}
        given = {name: self._to_foreign(field) for name, field in fields.items() if field is not None}
        return self._types.KeyboardInlineButton(text=button.text, type=kind(**given))


def _foreign_name(kind: type) -> str:
    """Pyrogram's name of a telethon class, in lower case: "functions.messages.sendmessage"."""
    path = kind.__module__.removeprefix("telethon.tl.").replace("patched", "types").split(".")
    name = kind.__name__.removesuffix("Request") if path[0] == "functions" else kind.__name__
    return ".".join([*path, name]).lower()
