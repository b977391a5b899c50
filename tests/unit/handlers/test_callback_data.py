"""Typed data of buttons: exact, bounded, and deaf to forgeries."""

from __future__ import annotations

from enum import Enum, IntEnum

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import BadInputError
from handlers.callback_data import MAX_BYTES, CallbackData


class Sort(Enum):
    """A choice kept as a word."""

    NEWEST = "new"
    LARGEST = "big"


class Kind(IntEnum):
    """A choice kept as a number."""

    VIDEO = 1
    AUDIO = 2


class Everything(CallbackData, prefix="t3st"):
    """A button with a field of every type."""

    session_id: str
    offset: int
    sort: Sort
    kind: Kind


class Nothing(CallbackData, prefix="t0"):
    """A button without fields."""


TOKENS = st.text("abcxyzABCXYZ0189_-", min_size=1, max_size=20)
PRESSES = st.builds(Everything, TOKENS, st.integers(-(2**63), 2**63 - 1), st.sampled_from(Sort), st.sampled_from(Kind))


@given(PRESSES)
def test_what_is_packed_unpacks_exactly(press: Everything) -> None:
    """A button gives back what was put into it, as text and as bytes, within 64 bytes."""
    packed = press.pack()

    assert len(packed.encode()) <= MAX_BYTES
    assert Everything.unpack(packed) == press == Everything.unpack(packed.encode())


FORGED = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=80),
    st.builds(
        ":".join,
        st.lists(st.sampled_from(["t3st", "a", "", "0", "-0", "1", "+1", "01", "new", "big", " 1", "１", "1_0"])),
    ),
    PRESSES.map(lambda press: press.pack()[:-1]),
    PRESSES.map(lambda press: press.pack() + "\n"),
    PRESSES.map(lambda press: press.pack().encode() + b"\xff"),
)


@given(FORGED)
@example(None)
@example(b"t3st:a:9223372036854775808:new:1")
@example("t3st:a:1:new:1:1")
@example("t0:a:1:new:1")
@example("t3st:a:01:new:1")
@example("t3st:a:-0:new:1")
@example("t3st:a:+1:new:1")
@example("t3st:a:１:new:1")
@example("t3st:" + "a" * 60 + ":1:new:1")
@example("t3st:a:" + "9" * 5000 + ":new:1")
def test_forged_data_unpacks_exactly_or_is_refused(data: str | bytes | None) -> None:
    """Scenario 32: any bytes either are what `pack` produces or get the friendly refusal."""
    try:
        press = Everything.unpack(data)
    except BadInputError as error:
        refusal: BadInputError | None = error
    else:
        refusal = None
        assert press.pack() == (data.decode() if isinstance(data, bytes) else data)

    assert refusal is None or refusal.text_key == "error-bad-button"


@given(st.text(max_size=80), st.integers())
def test_packing_never_exceeds_64_bytes(session_id: str, offset: int) -> None:
    """Scenario 33: what does not fit, or is not of the alphabet, is refused when the button is made."""
    try:
        packed = Everything(session_id, offset, Sort.NEWEST, Kind.AUDIO).pack()
    except ValueError:
        return
    assert 1 <= len(packed.encode()) <= MAX_BYTES


@pytest.mark.parametrize(
    "press",
    [
        Everything("имя", 1, Sort.NEWEST, Kind.VIDEO),
        Everything("a:b", 1, Sort.NEWEST, Kind.VIDEO),
        Everything("", 1, Sort.NEWEST, Kind.VIDEO),
        Everything("a\n", 1, Sort.NEWEST, Kind.VIDEO),
        Everything("a", True, Sort.NEWEST, Kind.VIDEO),
        Everything("a", 2**63, Sort.NEWEST, Kind.VIDEO),
        Everything("a", 1, "new", Kind.VIDEO),
        Everything("a" * 60, 1, Sort.NEWEST, Kind.VIDEO),
    ],
    ids=["cyrillic", "separator", "empty", "newline", "bool", "too-large", "not-the-enum", "too-long"],
)
def test_unfit_value_cannot_be_packed(press: Everything) -> None:
    """Scenario 33: a mistake of ours is an error at once."""
    with pytest.raises(ValueError, match=r"."):
        press.pack()


def test_kind_of_a_button_is_told_by_its_prefix() -> None:
    """A route claims its own buttons and no other's, however malformed."""
    assert Nothing().pack() == "t0"
    assert Nothing.unpack(b"t0") == Nothing()
    assert Everything.matches("t3st:rubbish")
    assert Everything.matches(b"t3st:\xff")
    assert not Everything.matches("t3sting:a")
    assert not Everything.matches(None)


def test_presses_cannot_be_changed() -> None:
    """A press is a value: equal by content, frozen."""
    with pytest.raises(AttributeError):
        Everything("a", 1, Sort.NEWEST, Kind.VIDEO).offset = 2  # type: ignore[misc]


def test_prefix_is_taken_once() -> None:
    """Two kinds of buttons can never be mistaken for each other."""
    with pytest.raises(TypeError, match="Everything"):
        type("Impostor", (CallbackData,), {"__annotations__": {}}, prefix="t3st")


@pytest.mark.parametrize("prefix", ["", "A", "a:b", "ninechars", "я"])
def test_prefix_is_short_and_plain(prefix: str) -> None:
    """A prefix is one to eight lower-case letters and digits."""
    with pytest.raises(TypeError, match="prefix"):
        type("Odd", (CallbackData,), {"__annotations__": {}}, prefix=prefix)


def test_field_of_another_type_is_refused() -> None:
    """What cannot travel in a button is refused when its class is defined."""
    with pytest.raises(TypeError, match=r"Floaty\.amount"):
        type("Floaty", (CallbackData,), {"__annotations__": {"amount": float}}, prefix="tf")
