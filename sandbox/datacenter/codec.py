"""TL in and out through pyrogram.raw, without two of its traps.

Writing: an optional vector that is [] is left out of the flags but written into the body, which corrupts the message.
Reading: the element type of a vector is guessed from how many bytes follow, so boxed elements of 4 or 8 bytes at the
end of a request (users.getUsers([inputUserSelf])) come out as integers.
A third one is left to the caller: fields that share a flag (views and forwards of a message) are given together.
"""

from __future__ import annotations

import gzip
import struct
from io import BytesIO
from typing import Any

import pyrogram  # noqa: F401  (fills the constructor table that raw reads from)
from pyrogram import raw
from pyrogram.raw.all import layer as _pyrogram_layer
from pyrogram.raw.core import GzipPacked, TLObject
from pyrogram.raw.core.primitives import Bool, Bytes, Int, Vector

from sandbox.datacenter.crypto import tl_bytes

NATIVE_LAYER: int = _pyrogram_layer
"""The TL layer that the data centre thinks in."""

_GZIP_ID = struct.pack("<I", GzipPacked.ID)
_INVOKE_WITH_LAYER_ID = struct.pack("<I", raw.functions.InvokeWithLayer.ID)
_VECTOR_ID: int = Vector.ID
_RPC_RESULT_HEAD = struct.Struct("<Iq")
_RPC_RESULT_ID: int = raw.types.RpcResult.ID
_GZIP_OVER = 512  # bytes; Telegram packs about there too
_GZIP_UP_TO = 65_536  # bytes; larger answers are parts of files, which do not shrink
_MAX_UNPACKED = 16 * 1024 * 1024


class UnknownConstructor(Exception):  # noqa: N818  (what it names, not that it happened)
    """A request that neither TL library can read."""


def request_reader(body: bytes) -> BytesIO:
    """A stream of `body` from which pyrogram reads vectors of unknown element type as boxed, as those of requests are.

    Pyrogram divides the bytes left by the number of elements and takes 4 or 8 for integers. An element has at least
    4 bytes, so more padding than there is body makes the quotient greater than 8.
    """
    return BytesIO(body + bytes(len(body) + 4))


class _NestedFields(dict[type, tuple[tuple[str, bool], ...]]):
    """By TL class: the fields that may hold objects or vectors, each with whether it is an optional vector."""

    def __missing__(self, cls: type) -> tuple[tuple[str, bool], ...]:
        constructor: Any = cls.__dict__["__init__"]
        defaults = constructor.__kwdefaults__ or {}
        fields = []
        for name, annotation in constructor.__annotations__.items():
            described = str(annotation)
            is_vector = "List[" in described
            if name != "return" and (is_vector or "raw.base" in described or "TLObject" in described):
                fields.append((name, is_vector and name in defaults))
        self[cls] = tuple(fields)
        return self[cls]


_NESTED_FIELDS = _NestedFields()


def drop_empty_vectors(value: Any) -> None:
    """Turn optional vectors that are [] into None, in place, everywhere below `value`, a TL object."""
    for name, optional_vector in _NESTED_FIELDS[type(value)]:
        field = getattr(value, name)
        if field is None:
            continue
        if isinstance(field, list):
            if field:
                _drop_inside(field)
            elif optional_vector:
                setattr(value, name, None)
        elif isinstance(field, TLObject):
            drop_empty_vectors(field)


def _drop_inside(items: list[Any]) -> None:
    for item in items:
        if isinstance(item, TLObject):
            drop_empty_vectors(item)


class Codec:
    """Clients of the native layer (pyrofork)."""

    layer = NATIVE_LAYER

    def load(self, body: bytes) -> Any:
        """Read one boxed object as a pyrogram.raw object.

        Raises:
            UnknownConstructor: the id of the object, or of one inside it, is not in the layer.
        """
        try:
            return TLObject.read(request_reader(body))
        except KeyError as error:
            raise UnknownConstructor(f"constructor {error.args[0]:#x} is not in layer {self.layer}") from error

    def dump(self, value: Any) -> bytes:
        """Serialize a result: a TL object, a bool, a list of TL objects or of ints.

        Optional vectors inside `value` that are [] become None.
        """
        if isinstance(value, bool):
            return bytes(Bool(value))
        if isinstance(value, list):
            if value and isinstance(value[0], int):
                return bytes(Vector(value, Int))
            return struct.pack("<Ii", _VECTOR_ID, len(value)) + b"".join([self.dump_object(item) for item in value])
        return self.dump_object(value)

    def dump_object(self, value: Any) -> bytes:
        """Serialize one boxed TL object; see `dump`."""
        drop_empty_vectors(value)
        return bytes(value.write())


class Codecs:
    """The codec of each TL layer."""

    def __init__(self) -> None:
        self._by_layer = {NATIVE_LAYER: Codec()}

    @property
    def native(self) -> Codec:
        """The codec of the data centre's own layer."""
        return self._by_layer[NATIVE_LAYER]

    def of_layer(self, layer: int) -> Codec:
        """The codec of one layer; a foreign one takes a second to load and is kept.

        Raises:
            UnknownConstructor: no TL library at hand speaks this layer.
        """
        if (codec := self._by_layer.get(layer)) is None:
            from sandbox.datacenter.layer_bridge import LayerBridge

            codec = LayerBridge()
            if codec.layer != layer:
                raise UnknownConstructor(f"layer {layer}; known are {NATIVE_LAYER} and {codec.layer}")
            self._by_layer[layer] = codec
        return codec

    def of_request(self, body: bytes, layer: int) -> Codec:
        """The codec for a request by a client that has spoken `layer` so far, unless the request names another one.

        Raises:
            UnknownConstructor: as in `of_layer`.
        """
        return self.of_layer(int.from_bytes(body[4:8], "little") if body[:4] == _INVOKE_WITH_LAYER_ID else layer)


def unpack_gzip(body: bytes) -> bytes:
    """The serialized object inside gzip_packed; `body` itself when it is not packed.

    Raises:
        UnknownConstructor: it is packed and the packing is damaged or unreasonably large.
    """
    if body[:4] != _GZIP_ID:
        return body
    try:
        with gzip.GzipFile(fileobj=BytesIO(Bytes.read(BytesIO(body[4:])))) as packed:
            unpacked = packed.read(_MAX_UNPACKED + 1)
    except (OSError, EOFError) as error:
        raise UnknownConstructor("gzip_packed that does not unpack") from error
    if len(unpacked) > _MAX_UNPACKED:
        raise UnknownConstructor("gzip_packed of more than 16 MiB")
    return unpacked


def rpc_result(request_id: int, payload: bytes) -> bytes:
    """Wrap a serialized result or rpc_error as the answer to a request, packed when that makes it smaller."""
    if _GZIP_OVER < len(payload) <= _GZIP_UP_TO:
        packed = _GZIP_ID + tl_bytes(gzip.compress(payload, 1))
        if len(packed) < len(payload):
            payload = packed
    return _RPC_RESULT_HEAD.pack(_RPC_RESULT_ID, request_id) + payload
