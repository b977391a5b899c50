"""Words of names and queries."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.search.hashes import word_hash, word_hashes
from core.search.normalise import normalise
from core.search.vocabulary import (
    EPISODE_WORDS,
    EPISODES_WORDS,
    EXTENSIONS,
    LANGUAGES,
    RELEASE_TAGS,
    SEASON_NUMERALS,
    SEASON_WORDS,
    UNSURE_LANGUAGES,
)
from core.search.words import MAX_WORD_LENGTH, MAX_WORDS, analyse, file_words

unhurried = examples(deadline=None)  # others work on the machine, too
GOLDEN = tomllib.loads((Path(__file__).parents[2] / "fixtures" / "names.toml").read_text(encoding="utf-8"))["name"]
NAME_TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(" ._-[]()@'’sSeExX0129四季第集кñя한ひ漢नीทيé=:$"),
    ),
    max_size=200,
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["text"][:40])
def test_names_give_the_words_people_type(golden):
    """A name is stored under every word listed for it, and asks for exactly those listed as asked."""
    stored = file_words(golden["text"], golden.get("caption"))

    assert [word for word in golden["stored"] if word not in stored] == []
    assert [word for word in golden.get("not_stored", []) if word in stored] == []
    if "asked" in golden:
        assert analyse(golden["text"]).asked == golden["asked"]


def test_the_golden_names_cover_the_scripts():
    """At least sixty names, and every script the product promises."""
    scripts = {
        unicodedata.name(character, "").split()[0]
        for golden in GOLDEN
        for character in golden["text"]
        if character.isalpha()
    }

    assert len(GOLDEN) >= 60
    assert {"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "CJK", "GREEK", "HANGUL", "HEBREW", "THAI"} <= scripts


@unhurried
@given(NAME_TEXT)
def test_every_file_is_found_by_its_own_name(text):
    """What a text asks for is what a file of that name is stored under, as far as a record has room."""
    stored = file_words(text)
    asked = analyse(text).asked

    assert len(stored) >= MAX_WORDS or set(asked) <= set(stored)


@unhurried
@given(NAME_TEXT, st.one_of(st.none(), NAME_TEXT))
def test_words_are_few_short_and_distinct(name, caption):
    """A record never grows beyond forty words of 32 characters, each once."""
    words = file_words(name, caption)

    assert len(words) <= MAX_WORDS
    assert all(0 < len(word) <= MAX_WORD_LENGTH for word in words)
    assert len(set(words)) == len(words)


@unhurried
@given(NAME_TEXT)
def test_spellings_that_fold_together_give_the_same_words(text):
    """Normalising first changes nothing."""
    assert analyse(normalise(text)).asked == analyse(text).asked


def test_the_name_comes_before_the_caption():
    """A long caption never pushes a word of the name out of a record."""
    words = file_words("The Great Train Robbery 1903.mkv", " ".join(f"filler{n}" for n in range(500)))

    assert len(words) == MAX_WORDS
    assert words[:4] == ["the", "great", "train", "robbery"]
    assert {"=the great train robbery", "y:1903", "1903", "mkv", "filler0"} <= set(words)


def test_the_caption_fills_in_what_the_name_leaves_open():
    """Scenario 71: season and year of a caption make a file findable whose name has only the episode."""
    words = file_words("Episode 02.mkv", "Fantômas (1913), season 1")

    assert {"e02", "s01", "s01e02", "y:1913", "fantomas"} <= set(words)


def test_the_vocabulary_is_spelled_as_names_are_folded():
    """A word in any other spelling would never be met in a normalised name."""
    words = {
        *LANGUAGES,
        *RELEASE_TAGS,
        *EXTENSIONS,
        *UNSURE_LANGUAGES,
        *SEASON_NUMERALS,
        SEASON_WORDS,
        EPISODE_WORDS,
        EPISODES_WORDS,
    }

    assert [word for word in words if normalise(word) != word] == []
    assert set(LANGUAGES) >= UNSURE_LANGUAGES


def test_hashes_fit_the_index_and_never_change():
    """The stored hash is the signed CRC-32; a change would make every stored file unfindable."""
    assert (word_hash("kid"), word_hash("бригада")) == (1159956604, -1473232119)
    assert all(-(1 << 31) <= word_hash(str(number)) < 1 << 31 for number in range(1000))
    assert word_hashes(["a", "b", "a"]) == [word_hash("a"), word_hash("b")]


def test_a_range_has_all_its_episodes_as_far_as_a_file_has_room():
    """A pack of a season is found by any of its episodes; a longer one than thirty episodes is found by its ends."""
    season = file_words("Les Vampires S01E01-E24 720p.mkv", "a caption")
    decade = file_words("Les Vampires E001-E500.zip")

    assert {f"s01e{number:02}" for number in range(1, 25)} | {"720p", "caption"} <= set(season)
    assert {"e01", "e500"} <= set(decade)
    assert "e250" not in decade


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "@" * 5000,
        "[]" * 5000,
        "s1" * 5000,
        "第" * 5000,
        "a." * 5000,
        "1x" * 5000,
        "s1e1" + "-e2" * 5000,
        "1-" * 5000,
    ],
)
def test_hostile_names_cost_no_more_than_long_ones(text, benchmark_clock):
    """Scenario 43: no name makes the recognition explode."""
    with benchmark_clock(seconds=0.25):
        file_words(text, text)
