"""Whatever a person or a modified client sends is read, or refused in words; nothing else, and never slowly."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pyrogram import raw

import handlers.buttons
from config.runtime import RuntimeSettings
from core.domain.audience import Segment
from core.domain.caption_template import TemplateError, checked_template
from core.domain.channel_name import parse_channel_name
from core.domain.post_link import parse_post_link
from core.domain.premium import parse_period
from core.domain.setting import fingerprint
from core.errors import BadInputError
from core.observability.redaction import Redactor
from core.search import filter_values
from core.search.query import parse_query
from handlers.admin.arguments import text_after, words_after
from handlers.admin.broadcast_arguments import read_plan
from handlers.callback_data import MAX_BYTES, CallbackData
from handlers.incoming import ForwardOrigin, IncomingMessage, read_update
from handlers.narrowing_code import decode_narrowing

T = raw.types
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MANY = examples(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PIECES = (
    *("", " ", "\n", "\t", ":", "-", "_", "=", "|", " | ", " - ", "@", "/", "#", ".", ",", '"', "'", "\\", "\0"),
    *(
        "0",
        "-0",
        "1",
        "-1",
        "01",
        "+1",
        "1_0",
        "１",
        "٣",
        "²",
        "Ⅷ",
        "9" * 30,
        "-1001234567890",
        str(2**63),
        "1e9",
        "nan",
    ),
    *("inf", "0x10", "<b>", "</b>", "<a href='javascript:x'>", "&lt;", "&#0;", "{", "}", "{{", "{filename}", "{size}"),
    *(
        "\u202e",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u0301" * 9,
        "🎬",
        "👩🏽‍🚀",
        "имя",
        "ﬁ",
        "ß",
        "İ",
        "https://",
        "t.me/c/1/2",
    ),
    *("t.me/a?start=b", "at", "in", "2h", "25:61", "2026-02-30", "9999-12-31", "23:59", "pin", "active", "lang", "all"),
    *("year:", "s01e02", "30d", "y", "a" * 70, "$where", "../..", "%s", "%(x)s", "*", "b'", "://", "password=", "-100"),
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=12).map("".join)
EVERYTHING = sorted(
    (kind for kind in vars(handlers.buttons).values() if isinstance(kind, type) and issubclass(kind, CallbackData)),
    key=lambda kind: kind.__name__,
)
BUTTONS = [kind for kind in EVERYTHING if kind is not CallbackData]

READERS = {
    "words of a command": lambda text: words_after(written(text)),
    "text of a command": lambda text: text_after(written(text)),
    "plan of a broadcast": lambda text: read_plan(f"/broadcast {text}", NOW, ZoneInfo("Europe/Berlin")),
    "segment": Segment.parse,
    "channel": parse_channel_name,
    "post": parse_post_link,
    "period": parse_period,
    "caption template": checked_template,
    "query": lambda text: parse_query(text, 200),
    "narrowing": decode_narrowing,
    "kinds": filter_values.read_kinds,
    "year": filter_values.read_year,
    "language": filter_values.read_language,
    "quality": filter_values.read_quality,
    "season": filter_values.read_season,
    "episode": filter_values.read_episode,
    "size": filter_values.read_size,
    "redaction": Redactor(["a-known-secret-of-the-settings"]).text,
}


def written(text: str) -> IncomingMessage:
    """A command with a text behind it, as it arrives."""
    message = T.Message(id=1, peer_id=T.PeerUser(user_id=7), date=0, message=f"/command {text}")
    found = read_update(T.UpdateNewMessage(message=message, pts=1, pts_count=1), {7: T.User(id=7, first_name="x")})
    assert isinstance(found, IncomingMessage)
    return found


@MANY
@given(st.sampled_from(sorted(READERS)), TEXTS)
def test_any_text_is_read_or_refused_in_words(reader, text):
    """Scenario 43, 51, 52: no text that somebody writes is an error of the bot's own."""
    with suppress(BadInputError, TemplateError):
        READERS[reader](text)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_no_text_keeps_a_reader_busy(read):
    """Scenario 44, 51: 4,096 characters that repeat anything are read or refused in a moment."""
    slow = []
    for piece in (*filter(None, PIECES), "\\x00", "<b", "a://b:c@", "+1 (2) ", "phone", "{a", "1 ", "a_"):
        text = ("b'" + piece * (4096 // len(piece) + 1))[:4096]
        began = time.process_time()
        with suppress(BadInputError, TemplateError):
            read(text)
        if time.process_time() - began > 0.5:
            slow.append(piece)
    assert slow == []


def forged(kind: type[CallbackData]) -> st.SearchStrategy[bytes]:
    """Data with the prefix of a kind of button, and fields that may be right, wrong, too many or too few."""
    fields = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=5)
    return fields.map(lambda values: ":".join([kind.prefix, *values]).encode(errors="replace")) | st.binary(
        max_size=70
    ).map(lambda tail: kind.prefix.encode() + b":" + tail)


@MANY
@given(st.sampled_from(BUTTONS), st.data())
def test_forged_data_of_any_button_is_exact_or_refused(kind, data):
    """Scenario 32: whatever kind of button it claims to be, data is what that packs or gets the friendly refusal."""
    sent = data.draw(forged(kind))
    refusal, press = "", None
    try:
        press = kind.unpack(sent)
    except BadInputError as error:
        refusal = error.text_key

    assert refusal == "error-bad-button" if press is None else press.pack().encode() == sent


@MANY
@given(st.sampled_from(BUTTONS), st.data())
def test_any_button_packs_into_64_bytes_or_is_refused_when_it_is_made(kind, data):
    """Scenario 33: nothing that a button is given makes Telegram refuse the whole message."""
    values = [data.draw(field_values(hint)) for hint in hints(kind).values()]
    try:
        packed = kind(*values).pack()
    except ValueError:
        return
    assert 1 <= len(packed.encode()) <= MAX_BYTES
    assert kind.unpack(packed) == kind(*values)


@pytest.mark.parametrize("kind", BUTTONS, ids=lambda kind: kind.__name__)
def test_the_longest_values_of_every_button_fit(kind):
    """Scenario 33: ids and numbers as long as they can get are packed: no button is lost in a large bot."""
    packed = kind(*(longest(name, hint) for name, hint in hints(kind).items())).pack()

    assert len(packed.encode()) <= MAX_BYTES


def longest(name: str, hint: type) -> object:
    """The longest value that the bot puts into a field."""
    named = {"name": max(RuntimeSettings.names(), key=len), "seen": fingerprint(NOW.isoformat()), "value": "A" * 9}
    if hint is int:
        return -1009999999999
    return named.get(name, "A" * 22) if hint is str else max(hint, key=lambda one: len(str(one.value)))


def hints(kind: type[CallbackData]) -> dict[str, type]:
    """The types of a button's fields by name, in their order."""
    found = get_type_hints(kind)
    return {name: found[name] for name in kind.__dataclass_fields__}


def field_values(hint: type) -> st.SearchStrategy[object]:
    """Values for a field, right or wrong."""
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return st.integers() if hint is int else TEXTS | st.text("aA0_-", min_size=1, max_size=64)


NUMBERS = st.sampled_from((0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1))
PEERS = st.one_of(
    st.none(),
    st.builds(T.PeerUser, user_id=NUMBERS),
    st.builds(T.PeerChat, chat_id=NUMBERS),
    st.builds(T.PeerChannel, channel_id=NUMBERS),
)
FORWARDS = st.none() | st.builds(
    T.MessageFwdHeader,
    date=NUMBERS,
    imported=st.booleans() | st.none(),
    from_id=PEERS,
    from_name=st.none() | TEXTS,
    channel_post=st.none() | NUMBERS,
    post_author=st.none() | TEXTS,
    saved_from_peer=PEERS,
    saved_from_msg_id=st.none() | NUMBERS,
)
REPLIES = st.one_of(
    st.none(),
    st.builds(
        T.MessageReplyHeader,
        forum_topic=st.booleans() | st.none(),
        reply_to_msg_id=st.none() | NUMBERS,
        reply_to_top_id=st.none() | NUMBERS,
        reply_to_peer_id=PEERS,
        quote_text=st.none() | TEXTS,
    ),
    st.builds(T.MessageReplyStoryHeader, peer=PEERS.filter(bool), story_id=NUMBERS),
)


@examples(deadline=None)
@given(
    peer=PEERS.filter(bool),
    author=PEERS,
    text=TEXTS,
    forward=FORWARDS,
    reply=REPLIES,
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    is_known=st.booleans(),
)
@example(
    peer=T.PeerUser(user_id=1),
    author=None,
    text="",
    forward=T.MessageFwdHeader(date=0, from_id=T.PeerChannel(channel_id=0), channel_post=1),
    reply=None,
    flags=(False, False, False),
    is_known=True,
)
def test_any_headers_of_a_message_are_read(peer, author, text, forward, reply, flags, is_known):
    """Scenario 32: a message forwarded from anywhere, answering anything, signed by anybody is read or passed over."""
    out, post, mentioned = flags
    message = T.Message(
        id=1,
        peer_id=peer,
        from_id=author,
        date=0,
        message=text,
        fwd_from=forward,
        reply_to=reply,
        out=out,
        post=post,
        mentioned=mentioned,
    )
    users = {number: T.User(id=number, first_name=text) for number in (0, 1, -1)} if is_known else {}
    found = read_update(T.UpdateNewMessage(message=message, pts=1, pts_count=1), users)

    assert found is None or isinstance(found, IncomingMessage)
    if found is not None and found.forward is not None:
        assert isinstance(found.forward, ForwardOrigin)
        assert found.forward.channel_id < 0


VALUES = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(TEXTS, st.integers(), max_size=2),
)


@examples(deadline=None)
@given(st.sampled_from(sorted(RuntimeSettings.names())) | TEXTS, VALUES)
@example("search_refresh_s", "nan")
@example("search_refresh_s", math.inf)
def test_any_value_of_a_setting_is_within_bounds_or_refused(name, value):
    """Scenario 130: whatever is typed, stored by hand or set in the environment, what rules is typed and bounded."""
    changed = None
    with suppress(ValueError):
        changed = RuntimeSettings().with_value(name, value)
    stored, problems = RuntimeSettings.from_stored({name: value})

    assert (changed is None) == (name in problems or name not in RuntimeSettings.names())
    rules = stored if changed is None else changed
    assert all(math.isfinite(number) for number in rules.model_dump().values() if isinstance(number, float))
    assert RuntimeSettings.model_validate(rules.model_dump()) == rules
