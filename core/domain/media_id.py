"""Identifiers of files: time-ordered integers that fit a double, a Mongo int64 and nine characters of a button."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.clock import Clock

EPOCH_S = 1_577_836_800  # 2020-01-01 UTC; 41 bits of milliseconds from there last until 2089
_RANDOM_BITS = 12
_LIMIT = 1 << 53
_LENGTH = 9
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


class MediaIdSource:
    """Gives ids that strictly increase within a process, whatever the clock does.

    Across processes they are only approximately ordered by time, and equal with a probability of 1 in 4,096 in the same
    millisecond: the unique `_id` index decides, and the writer takes the next id.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        """The next id: max(last + 1, milliseconds since 2020 << 12 | 12 random bits), below 2^53.

        Raises:
            OverflowError: the clock is past 2089.
        """
        elapsed_ms = max(0, int((self._clock.unix() - EPOCH_S) * 1000))
        candidate = elapsed_ms << _RANDOM_BITS | random.getrandbits(_RANDOM_BITS)
        fresh = max(self._last + 1, candidate)
        if fresh >= _LIMIT:
            raise OverflowError("media ids are used up: the clock is past 2089")
        self._last = fresh
        return fresh


def first_media_id_at(unix_s: float) -> int:
    """The lowest id that is given at a moment; ids given since are not below it, while no clock is set back."""
    return max(0, int((unix_s - EPOCH_S) * 1000)) << _RANDOM_BITS


def encode_media_id(media_id: int) -> str:
    """Nine URL-safe base64 characters; the order of the ids is not kept.

    Raises:
        ValueError: not a media id.
    """
    if not 0 < media_id < _LIMIT:
        raise ValueError("a media id is positive and below 2^53")
    return "".join(_ALPHABET[media_id >> shift & 63] for shift in range(6 * (_LENGTH - 1), -1, -6))


def decode_media_id(text: str) -> int:
    """The id that `encode_media_id` turned into `text`.

    Raises:
        ValueError: anything else.
    """
    if len(text) != _LENGTH:
        raise ValueError("a media id has nine characters")
    media_id = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise ValueError("a media id is URL-safe base64")
        media_id = media_id << 6 | value
    if not 0 < media_id < _LIMIT:
        raise ValueError("a media id is positive and below 2^53")
    return media_id
