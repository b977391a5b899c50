"""Identifiers of files."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.media_id import EPOCH_S, MediaIdSource, decode_media_id, encode_media_id

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock


def test_ids_strictly_increase_while_the_clock_stands_still(clock: TestClock) -> None:
    """Ten thousand ids of one millisecond are all different and in order."""
    source = MediaIdSource(clock)
    ids = [source.next() for _ in range(10_000)]
    assert all(earlier < later for earlier, later in itertools.pairwise(ids))


def test_ids_strictly_increase_when_the_clock_steps_back(clock: TestClock) -> None:
    """A wall clock set back by a day changes nothing about the order."""
    source = MediaIdSource(clock)
    before = source.next()
    clock.set_utc(clock.utc_now() - timedelta(days=1))
    assert source.next() > before


def test_an_id_tells_its_millisecond(clock: TestClock) -> None:
    """The high bits are milliseconds since 2020, so ids of different processes are ordered by time."""
    assert MediaIdSource(clock).next() >> 12 == int((clock.unix() - EPOCH_S) * 1000)


def test_two_processes_seldom_meet(clock: TestClock) -> None:
    """The low bits are random: two sources of one millisecond start at different ids almost always."""
    assert len({MediaIdSource(clock).next() for _ in range(200)}) > 150


def test_the_last_year_is_refused_loudly(clock: TestClock) -> None:
    """An id that would not fit 53 bits is an error, never a wrapped number."""
    clock.advance(days=70 * 366)
    with pytest.raises(OverflowError):
        MediaIdSource(clock).next()


@given(st.integers(1, 2**53 - 1))
@example(1)
@example(2**53 - 1)
def test_every_id_survives_its_nine_characters(media_id: int) -> None:
    """Encoding gives nine characters that decode to the same id."""
    text = encode_media_id(media_id)
    assert len(text) == 9
    assert decode_media_id(text) == media_id


@given(st.text(max_size=12))
@example("AAAAAAAAA")
@example("_________")
@example("AAAAAAAB=")
def test_any_text_is_an_id_or_a_value_error(text: str) -> None:
    """Decoding is total: whatever decodes encodes back to itself, everything else is a ValueError."""
    try:
        media_id = decode_media_id(text)
    except ValueError:
        return
    assert encode_media_id(media_id) == text


@pytest.mark.parametrize("media_id", [0, -1, 2**53])
def test_numbers_outside_the_range_are_refused(media_id: int) -> None:
    """What is no media id has no text form."""
    with pytest.raises(ValueError, match="2\\^53"):
        encode_media_id(media_id)
