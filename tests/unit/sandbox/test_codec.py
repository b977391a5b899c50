"""TL in and out: round trips, the two traps of pyrogram.raw, packing, another layer."""

from __future__ import annotations

import gzip
import os
from io import BytesIO
from typing import Any

import pytest
from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.datacenter.codec import Codec, Codecs, UnknownConstructor, rpc_result, unpack_gzip
from sandbox.datacenter.crypto import tl_bytes

T, F = raw.types, raw.functions
CODEC = Codec()


def message(**changes: Any) -> Any:
    fields: dict[str, Any] = {"id": 5, "peer_id": T.PeerUser(user_id=7), "date": 1, "message": "hi"}
    return T.Message(**(fields | changes))


def updates(*items: Any) -> Any:
    return T.Updates(updates=list(items), users=[], chats=[], date=1, seq=0)


REQUESTS = [
    F.users.GetUsers(id=[T.InputUserSelf()]),
    F.users.GetUsers(id=[T.InputUserSelf(), T.InputUserSelf()]),
    F.users.GetUsers(id=[T.InputUserSelf(), T.InputUserEmpty(), T.InputUser(user_id=2**40, access_hash=-3)]),
    F.messages.GetMessages(id=[T.InputMessageID(id=number) for number in (0, 1, 2**31 - 1)]),
    F.messages.GetMessages(id=[T.InputMessagePinned(), T.InputMessageID(id=1), T.InputMessageReplyTo(id=4)]),
    F.channels.GetMessages(channel=T.InputChannel(channel_id=9, access_hash=1), id=[T.InputMessageID(id=8)]),
    F.messages.DeleteMessages(id=[1, 2, 3], revoke=True),
    F.messages.ForwardMessages(
        from_peer=T.InputPeerSelf(), id=[4, 5], random_id=[-(2**62), 2**62], to_peer=T.InputPeerSelf(), drop_author=True
    ),
    F.messages.SendMessage(peer=T.InputPeerSelf(), message="текст 🎬", random_id=1),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.QUALNAME)
def test_a_request_reads_back(request_: Any) -> None:
    """Requests read as they were written, vectors of short boxed elements at the end included."""
    read = CODEC.load(request_.write())

    assert type(read) is type(request_)
    assert CODEC.dump(read) == request_.write()


def test_short_boxed_elements_are_objects() -> None:
    """users.getUsers([inputUserSelf]) holds an object, where pyrogram alone reads the number of its constructor."""
    body = F.users.GetUsers(id=[T.InputUserSelf()]).write()

    assert isinstance(CODEC.load(body).id[0], T.InputUserSelf)
    assert isinstance(TLObject.read(BytesIO(body)).id[0], int)


@pytest.mark.parametrize("deep", [False, True])
def test_an_empty_optional_vector_is_left_out(deep: Any) -> None:
    """An optional vector that is [] is written as absent, at any depth, so that what follows it stays readable."""
    empty = message(entities=[], edit_date=12, restriction_reason=[])
    value = updates(T.UpdateNewMessage(message=empty, pts=1, pts_count=1)) if deep else empty

    read = CODEC.load(CODEC.dump(value))

    inner = read.updates[0].message if deep else read
    assert (inner.edit_date, inner.message) == (12, "hi")
    assert CODEC.dump(inner) == message(edit_date=12).write()


def test_a_required_empty_vector_stays() -> None:
    """A vector that the constructor requires is written even when it is empty."""
    read = CODEC.load(CODEC.dump(updates()))

    assert (list(read.updates), list(read.users), read.date) == ([], [], 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "b5757299"),
        (False, "379779bc"),
        ([], "15c4b51c00000000"),
        ([1, 2], "15c4b51c020000000100000002000000"),
        ([T.InputUserSelf()], "15c4b51c010000003fb1c1f7"),
    ],
)
def test_bare_results_are_boxed(value: Any, expected: str) -> None:
    """Booleans and vectors as results are written as Telegram writes them."""
    assert CODEC.dump(value).hex() == expected


def test_an_unknown_constructor_is_named() -> None:
    """A request with an unknown id raises an error that tells the id."""
    with pytest.raises(UnknownConstructor, match="0x12345678"):
        CODEC.load((0x12345678).to_bytes(4, "little") + bytes(8))


def test_a_long_answer_is_packed_and_a_short_or_random_one_is_not() -> None:
    """Answers of more than 512 bytes that shrink are packed; the request id stands before either."""
    short, long, noise = b"s" * 512, b"l" * 516, os.urandom(5_000)

    for payload in (short, noise):
        assert rpc_result(77, payload)[12:] == payload
    assert unpack_gzip(rpc_result(77, long)[12:]) == long
    assert len(rpc_result(77, long)) < 100
    assert rpc_result(77, long)[4:12] == (77).to_bytes(8, "little")


@pytest.mark.parametrize(
    "packed",
    [b"not gzip", gzip.compress(b"x" * 900)[:-9], gzip.compress(bytes(17 * 2**20))],
    ids=["not-gzip", "cut-off", "huge"],  # a packed value holds the time, and the workers must collect the same names
)
def test_damaged_or_huge_packing_is_refused(packed: bytes) -> None:
    """What does not unpack, or unpacks to more than any request may be, is an error and not a crash."""
    with pytest.raises(UnknownConstructor):
        unpack_gzip(bytes.fromhex("a1cf7230") + tl_bytes(packed))


@pytest.fixture(scope="module")
def bridge() -> Any:
    return Codecs().of_layer(pytest.importorskip("telethon.tl.alltlobjects").LAYER)


def test_a_layer_of_no_library_is_refused() -> None:
    """A client of a layer that neither library speaks is told so."""
    with pytest.raises(UnknownConstructor, match="layer 17"):
        Codecs().of_layer(17)


def test_a_message_reaches_the_other_layer(bridge: Any) -> None:
    """A message, whose constructor differs between the layers, is read by telethon with its fields and keyboard."""
    from telethon.extensions import BinaryReader

    buttons = [
        T.KeyboardButtonCallback(text="Go", data=b"go"),
        T.KeyboardButtonUrl(text="Web", url="https://example.org"),
    ]
    markup = T.ReplyInlineMarkup(rows=[T.KeyboardButtonRow(buttons=buttons)])
    bold = T.MessageEntityBold(offset=0, length=2)
    value = updates(T.UpdateNewMessage(message=message(reply_markup=markup, entities=[bold]), pts=4, pts_count=1))

    with BinaryReader(bridge.dump(value)) as reader:
        read = reader.tgread_object().updates[0]

    row = read.message.reply_markup.rows[0].buttons
    assert (read.pts, read.message.message, read.message.peer_id.user_id) == (4, "hi", 7)
    assert [(button.text, type(button.type).__name__) for button in row] == [
        ("Go", "InlineButtonTypeCallback"),
        ("Web", "InlineButtonTypeUrl"),
    ]
    assert (row[0].type.data, row[1].type.url) == (b"go", "https://example.org")
    assert read.message.entities[0].length == 2


def test_what_only_the_other_layer_counts_is_zero(bridge: Any) -> None:
    """A field that the other layer requires and the native one lacks is sent empty instead of failing the answer."""
    from telethon.extensions import BinaryReader

    counts = {"top_message": 3, "read_inbox_max_id": 2, "read_outbox_max_id": 1, "unread_count": 4}
    counts |= {"unread_mentions_count": 0, "unread_reactions_count": 0}
    dialog = T.Dialog(peer=T.PeerUser(user_id=7), notify_settings=T.PeerNotifySettings(), **counts)

    with BinaryReader(bridge.dump(dialog)) as reader:
        read = reader.tgread_object()

    assert (read.peer.user_id, read.top_message, read.unread_count, read.unread_poll_votes_count) == (7, 3, 4, 0)


def test_a_request_of_the_other_layer_is_understood(bridge: Any) -> None:
    """Telethon's sendMessage with an inline keyboard becomes the native one, field by field."""
    from telethon.tl import functions, types

    button = types.KeyboardInlineButton(text="b", type=types.InlineButtonTypeCallback(data=b"1"))
    markup = types.ReplyInlineMarkup(rows=[types.KeyboardInlineButtonRow(buttons=[button])])
    sent = functions.messages.SendMessageRequest(
        peer=types.InputPeerUser(user_id=7, access_hash=8), message="hi", random_id=9, reply_markup=markup
    )

    read = bridge.load(bytes(sent))

    assert isinstance(read, F.messages.SendMessage)
    assert (read.peer.user_id, read.message, read.random_id) == (7, "hi", 9)
    assert read.reply_markup.rows[0].buttons[0].data == b"1"


def test_what_both_layers_share_takes_the_native_way(bridge: Any) -> None:
    """Objects with the same ids on both layers are written identically by both libraries."""
    value = T.updates.State(pts=1, qts=2, date=3, seq=4, unread_count=5)

    assert bridge.dump(value) == CODEC.dump(value)
    assert bridge.load(F.updates.GetState().write()).QUALNAME == "functions.updates.GetState"


def test_a_constructor_of_neither_layer_is_named(bridge: Any) -> None:
    """An id that neither library knows raises an error that tells it."""
    with pytest.raises(UnknownConstructor, match="0x12345678"):
        bridge.load((0x12345678).to_bytes(4, "little") + bytes(8))
