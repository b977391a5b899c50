"""What part of a search a button turns over survives the button, and nothing else is read from one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.media import MediaKind
from core.domain.search import Narrowing
from core.errors import BadInputError
from core.search.release_metadata import QUALITIES
from handlers.narrowing_code import decode_narrowing, encode_narrowing, is_encodable

NARROWINGS = st.builds(
    Narrowing,
    kind=st.none() | st.sampled_from(MediaKind),
    quality=st.none() | st.sampled_from(QUALITIES),
    language=st.none() | st.from_regex("[a-z]{2}", fullmatch=True),
)


@given(NARROWINGS)
def test_every_narrowing_survives_its_code(narrowing):
    """Each quality that is told, each kind and each language comes back as it was, from at most 15 characters."""
    assert is_encodable(narrowing)
    if narrowing:
        code = encode_narrowing(narrowing)
        assert decode_narrowing(code) == narrowing
        assert len(code) <= 15


@given(st.text())
def test_only_codes_of_ours_are_read(code):
    """Scenario 32: text that no button of ours carries is refused, whatever it is."""
    try:
        narrowing = decode_narrowing(code)
    except BadInputError:
        return
    assert encode_narrowing(narrowing) == code


@pytest.mark.parametrize(
    "code", ["", "_", "k", "k0", "k6", "q", "k1q720p", "k1_", "_q720p", "lrus", "lRU", "k1_k2", "l\u0440\u0443"]
)
def test_forged_codes_are_refused(code):
    """Scenario 32: near misses are no codes."""
    with pytest.raises(BadInputError):
        decode_narrowing(code)
