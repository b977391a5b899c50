"""Names as they are shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.display import display_name, grapheme_clusters

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@given(st.text(st.characters(codec=None), max_size=300), st.integers(8, 64))
def test_any_name_fits_and_cannot_turn_its_surroundings(name, length):
    """Scenario 73: one line within the length, no control or override left, isolates balanced."""
    shown = display_name(name, length)

    assert len(shown) <= length
    assert not set(shown) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\n\r\x00")
    assert shown.count("\u2068") == shown.count("\u2069") <= 1


@given(st.text(max_size=100))
def test_clusters_lose_nothing(text):
    """The clusters of a text are the text."""
    assert "".join(grapheme_clusters(text)) == text


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("e\u0301a", ["e\u0301", "a"]),
        (FAMILY + "x", [FAMILY, "x"]),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"]),
        ("\U0001f44d\U0001f3fdx", ["\U0001f44d\U0001f3fd", "x"]),
        ("क्षि", ["क्षि"]),
        ("น้ำ", ["น้", "ำ"]),
        ("각나", ["각", "나"]),
    ],
)
def test_a_cluster_is_what_people_see_as_one_character(text, clusters):
    """Accents, joined emoji, flags, skin tones, conjuncts and syllables stay whole."""
    assert list(grapheme_clusters(text)) == clusters


def test_a_short_name_is_shown_as_it_is():
    """Scenario 73: dots, dashes and underscores are not destroyed."""
    assert display_name("A.B_C-D", 48) == "A.B_C-D"


def test_a_long_name_keeps_its_extension():
    """Scenario 73: what is cut is the end of the name, never the extension."""
    shown = display_name("The.Cabinet.of.Dr.Caligari." * 9 + "mkv", 40)

    assert shown.startswith("The.Cabinet.of.Dr.Caligari")
    assert shown.endswith("….mkv")
    assert len(shown) <= 40


def test_emoji_and_marks_are_never_cut_in_the_middle():
    """Scenario 73: a joined emoji is shown whole or not at all, wherever the cut falls."""
    for length in range(8, 40):
        shown = display_name(FAMILY * 20 + ".mp4", length).removesuffix("….mp4")
        assert shown == FAMILY * (len(shown) // len(FAMILY))


def test_a_right_to_left_name_is_isolated():
    """Scenario 73: an Arabic name stands in an isolate, and a file cannot pretend to be an image by an override."""
    assert display_name("ألف ليلة وليلة.pdf", 48) == "\u2068ألف ليلة وليلة.pdf\u2069"
    assert display_name("photo\u202egnp.exe", 48) == "photognp.exe"


def test_255_bytes_in_any_script_fit():
    """Scenario 73: the longest names of Telegram in several scripts are shown, and do not end in a broken letter."""
    for letter in ("千", "ض", "ह\u093f", "Ж", "é"):
        name = letter * (251 // len(letter.encode())) + ".mkv"
        shown = display_name(name, 48)
        assert len(shown) <= 48
        assert ".mkv" in shown
        assert not unicodedata.combining(shown.strip("\u2068")[0])


def test_no_room_is_an_error_of_the_caller():
    """A length in which nothing can be shown is refused loudly."""
    with pytest.raises(ValueError, match="8 characters"):
        display_name("x", 7)
