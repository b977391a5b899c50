"""Search texts as people and attackers type them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.media import MediaKind
from core.errors import BadInputError
from core.search.filters import Filters
from core.search.query import MAX_QUERY_WORDS, parse_query
from core.search.words import file_words


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "search-too-short"),
        ("   \n\t ", "search-too-short"),
        ("x", "search-too-short"),
        ("\u200b\u202e\ufeff", "search-too-short"),
        ("x!", "search-too-short"),
        ("...", "search-no-words"),
        ("*_[](", "search-no-words"),
        ("🎬🎵🍿", "search-no-words"),
        ("\u202e--\u202c", "search-no-words"),
    ],
)
def test_a_text_without_words_is_explained(text, key):
    """Scenario 44: nothing, one character, punctuation and emoji are told apart in a sentence, never a match-all."""
    with pytest.raises(BadInputError) as refused:
        parse_query(text, 200)

    assert refused.value.text_key == key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("movie", ("movie",)),
        ("Scary Movie", ("scary", "movie")),
        ("Film Red", ("film", "red")),
        ("1080p", ("1080p",)),
        ("1920x1080", ("1080p",)),
        (".*.*.*.*zz", ("zz",)),
        ("(a+)+$ kid", ("a", "kid")),
        ("[kid", ("kid",)),
        ("\\kid\\", ("kid",)),
        ("$where", ("where",)),
        ('{"$gt": ""}', ("gt",)),
        ("ｋｉｄ　１９２１", ("kid", "1921")),
        ("AMÉLIE", ("amelie",)),
        ("羅生門", ("羅生", "生門")),
        ("spi\u200bder", ("spider",)),
    ],
)
def test_a_query_is_words_and_nothing_else(text, words):
    """Scenarios 43, 45, 46 and 60: patterns and operators are text, noise words stay, qualities have one spelling."""
    assert parse_query(text, 200).words == words


def test_a_text_of_thousands_of_characters_is_cut():
    """Scenario 51: 4,096 characters and 500 words are an ordinary, shorter search."""
    query = parse_query(" ".join(f"word{number}" for number in range(500)), 200)

    assert len(query.text) <= 200
    assert len(query.words) == MAX_QUERY_WORDS
    assert parse_query(query.text, 197).text.endswith(" word28")  # never half a word, which would find nothing
    assert len(parse_query("x" * 4096, 200).text) == 200


def test_direction_overrides_do_not_reach_the_answer():
    """Scenario 51: what is echoed is one line that cannot turn the text around it."""
    assert parse_query("kid\u202egnp.exe\n\r\x00now", 200).text == "kidgnp.exe now"


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_is_a_bounded_query_or_a_refusal(text):
    """No text raises anything but the two refusals; what comes out is one visible line, and stable."""
    try:
        query = parse_query(text, 60)
    except BadInputError:
        return
    assert 2 <= len(query.text) <= 60
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in query.text)
    assert len(query.words) <= MAX_QUERY_WORDS
    assert query.words or query.filters
    again = parse_query(query.text, 60)
    assert (again.text, again.words, again.filters) == (query.text, query.words, query.filters)


def test_a_query_asks_for_its_whole_title_with_and_without_the_year():
    """A title that ends in a number and a title with its year are both asked for."""
    assert parse_query("Blade Runner 2019", 200).titles == ("=blade runner 2019", "=blade runner")
    assert parse_query("The Kid", 200).titles == ("=the kid",)


@pytest.mark.parametrize(
    "sign", ["\ue000", "\U000e0fff", "\ud800", "\u2028"], ids=["private", "unassigned", "half", "line"]
)
def test_signs_that_mean_nothing_part_words_as_they_do_in_a_name(sign):
    """A query copied from a name asks for the words that the name was stored under."""
    assert set(parse_query(f"movie{sign}title", 200).words) <= set(file_words(f"movie{sign}title"))


def test_filters_are_no_words():
    """Titles, words and phrase are those of the rest; what was typed is echoed whole."""
    query = parse_query("Moon  Voyage type:video year:1902", 200)

    assert query.text == "Moon Voyage type:video year:1902"
    assert query.words == ("moon", "voyage")
    assert query.titles == ("=moon voyage",)
    assert query.phrase == "moon voyage"
    assert query.facts.year is None
    assert query.filters == Filters(kinds=(MediaKind.VIDEO,), year=1902)


@pytest.mark.parametrize("text", ["type:video", "year:1902 lang:ru", "!! quality:1080p", "\u200bminsize:1GB"])
def test_filters_alone_are_a_search(text):
    """Without words the filters say what is wanted: no words, no title, and no refusal."""
    query = parse_query(text, 200)

    assert (query.words, query.titles) == ((), ())
    assert query.filters


def test_one_letter_is_enough_beside_a_filter():
    """A letter may be a title, and a filter keeps it from matching everything."""
    assert parse_query("m year:1931", 200).words == ("m",)


@pytest.mark.parametrize("text", ["$where type:", '{"$gt":""} year:{"$gt":1}', "kid lang:$ne"])
def test_a_bad_value_is_refused_and_an_operator_is_text(text):
    """Scenario 60: a filter's value is one of its own, or there is a sentence about it."""
    with pytest.raises(BadInputError, match="filter-bad-"):
        parse_query(text, 200)
