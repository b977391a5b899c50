"""Whether a name has words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.search.name_form import name_form, spaced
from core.search.word_presence import WantedChoice, has_words
from core.search.words import TITLE_MARK, file_words

_PARTS = st.sampled_from(
    [
        *("The", "Spider", "Man", "Schindler's", "S", "W", "A", "T", "x264", "1080p", "1920x1080", "S01E02", "1x02"),
        *("season", "1", "episode", "2", "1999", "(2000)", "Бригада", "Война", "羅生門", "映画", "Café", "Ω", "mkv"),
        "o" * 40,
    ]
)
_NAMES = st.lists(st.tuples(_PARTS, st.sampled_from([" ", ".", "-", "_", " - ", ""])), min_size=1, max_size=8).map(
    lambda parts: "".join(part + sign for part, sign in parts)
)


@given(_NAMES)
@example("S.W.A.T. 2017.mkv")
@example("Spider-Man.mkv")
def test_a_name_has_every_word_that_it_is_stored_under(name):
    """The quick noes never refuse what taking the name apart would find."""
    form = spaced(name)
    for word in file_words(name):
        if word.startswith(TITLE_MARK) or ":" in word:  # whole titles, years and languages are no words of a query
            continue
        assert has_words(name, form, (word,)), word
        assert WantedChoice((word,)).of(name, form) == word


@pytest.mark.parametrize("count", [2, 40])
def test_the_best_word_of_a_choice_is_found(count):
    """The order of a choice decides, not that of the name, for short and for long choices alike."""
    choice = tuple(f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(count))
    name = f"{choice[-1]} {choice[1]}.mkv"
    assert WantedChoice(choice).of(name, spaced(name)) == choice[1]
    assert WantedChoice(choice).of("other.mkv", spaced("other.mkv")) is None


@pytest.mark.parametrize(
    ("name", "title", "parts"),
    [
        ("The.Kid.1921.1080p.mkv", "the kid 1921", ()),
        ("Title 1954 S01E12 720p.mkv", "title 1954 s01e12", ()),
        ("Writer - Title (2015).pdf", "writer title 2015", (" writer ", " title 2015 ")),
        ("1080p.mkv", "1080p", ()),
        ("", "", ()),
    ],
)
def test_a_name_is_taken_apart(name, title, parts):
    """Title before the tags, parts between dashes."""
    form = name_form(name)
    assert (form.title, form.parts) == (title, parts)
