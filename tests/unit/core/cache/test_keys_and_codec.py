"""The table of keys has no collisions; the codec never raises on what it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.cache import codec, keys

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_every_family_has_a_prefix_of_its_own_and_expires():
    """Two kinds of values never share a name, and none is kept for ever."""
    prefixes = [family.prefix for family in keys.KEY_FAMILIES]
    assert len(set(prefixes)) == len(prefixes)
    assert all(family.ttl_s >= 1 and family.holds for family in keys.KEY_FAMILIES)


def test_keys_of_different_things_differ():
    """No two functions give one name for the same arguments."""
    made = [
        keys.user(7),
        keys.session("7"),
        keys.search_version(),
        keys.window("7", "8", 9),
        keys.window("7", "9", 8),
        keys.rate("search", 7),
        keys.rate("file", 7),
        keys.rate_told("search", 7),
        keys.rate_global(),
        keys.dedupe(7, "file", 9),
        keys.dedupe(9, "file", 7),
        keys.update(7),
    ]
    assert len({key.name for key in made}) == len(made)
    assert all(key.name.startswith("ffb:") for key in made)


@examples(deadline=None)
@given(JSON)
def test_what_is_encoded_is_decoded(value):
    """Encoding and decoding give the value back."""
    assert codec.decode(codec.encode(value)) == value


@examples(deadline=None)
@given(st.binary())
def test_foreign_bytes_are_a_miss(data):
    """Scenario 117: bytes of unknown origin decode to None and never raise."""
    assert codec.decode(data) is None or data.startswith(b"1:")


@pytest.mark.parametrize("data", [None, b"", b"0:[1]", b"11:[1]", b"1:[1", b"[1]"])
def test_another_schema_or_a_cut_value_is_a_miss(data):
    """Values of an older version and cut ones are loaded again instead of misread."""
    assert codec.decode(data) is None
