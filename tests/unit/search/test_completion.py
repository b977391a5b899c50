"""How a text that was begun may go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.completion import complete
from core.search.dictionary import Dictionary


@pytest.fixture(scope="module")
def known():
    """A small library's words."""
    dictionary = Dictionary()
    dictionary.add(
        {"moon": 9, "moonlight": 4, "moonrise": 6, "voyage": 5, "voyager": 2, "sherlock": 7, "holmes": 7}
        | {"spider": 3, "man": 8, "луна": 4, "лунный": 2, "羅生": 1, "生門": 1, "amelie": 2, "1902": 3}
    )
    return dictionary


@pytest.mark.parametrize(
    ("begun", "texts"),
    [
        ("moo", ["moon", "moonrise", "moonlight"]),
        ("moon", ["moon", "moonrise", "moonlight"]),
        ("MOON voy", ["MOON voyage", "MOON voyager"]),
        ("moon  voyag", ["moon voyage", "moon voyager"]),
        ("mono voy", ["moon voyage", "moon voyager"]),
        ("sherlokc hol", ["sherlock holmes"]),
        ("sherlok", ["sherlock"]),
        ("unheard voy", ["unheard voyage", "unheard voyager"]),
        ("1902 moonl", ["1902 moonlight"]),
        ("spiderman", ["spider man"]),
        ("amé", ["amelie"]),
        ("ЛУН", ["луна", "лунный"]),
        ("羅生門", ["羅生門"]),
        ("羅門", []),
        ("qqqq", []),
        ("m", []),
        ("moon ...", []),
        ("", []),
    ],
)
def test_the_last_word_goes_on_and_others_are_spelled_as_the_library_does(known, begun, texts):
    """The most frequent ending comes first; what is typed well stays as it is typed."""
    assert complete(begun, known, 8) == texts


def test_no_more_are_told_than_asked_for(known):
    """What is typed counts."""
    assert complete("moon", known, 2) == ["moon", "moonrise"]


@given(st.text(st.characters(codec=None), max_size=80), st.integers(1, 8))
def test_any_text_has_bounded_endings(known, begun, limit):
    """Nothing that is typed raises, and no ending comes twice."""
    texts = complete(begun, known, limit)

    assert len(texts) <= limit
    assert len(set(texts)) == len(texts)


def test_no_more_words_are_looked_up_than_a_search_has(known):
    """Scenario 51: a text of five hundred words is completed by its first sixteen."""
    assert complete("sherlokcs " * 15 + "voy " * 500, known, 8)[0].split() == ["sherlock"] * 15 + ["voyage"]
