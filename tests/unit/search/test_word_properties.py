"""What holds for the words of any text, whoever wrote it and in whatever script."""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.errors import BadInputError
from core.search.hashes import word_hash, word_hashes
from core.search.normalise import normalise
from core.search.query import parse_query
from core.search.release_names import find_markers
from core.search.release_spellings import ASCII_MARKER, MARKER
from core.search.words import MAX_WORD_LENGTH, MAX_WORDS, analyse, file_words

unhurried = examples(deadline=None)  # others work on the machine, too
GOLDEN_NAMES = [
    entry["name"]
    for entries in tomllib.loads(Path(__file__).with_name("golden_names.toml").read_text(encoding="utf-8")).values()
    for entry in entries
]
PIECES = st.sampled_from(
    [
        *("s01e02", "1x02", "S1.E2", "Season 1", "Episode 2", "1. Sezon", "2. Bölüm", "E05", "EP 7"),
        *(
            "S01E01-E03",
            "1x01-04",
            "1-3 серии",
            "Episodes 1-3",
            "2x5",
            "2023",
            "4К",
            "1st",
            "2ª",
            "-",
            "第1-3集",
            "12話",
            "Season Two",
            "T01E03",
        ),
        *("сезон 1", "2 серия", "فصل ۱", "قسمت ۲", "第3季", "第十二集", "시즌 1", "2화", "ตอนที่ 5", "עונה 1"),
        *("1080p", "1920x1080", "4K", "UHD", "Full HD", "1999", "(2001)", "WEB-DL", "x264", "hindi", "rus"),
        *("[Group]", "@channel_name", "www.site.org - ", ".mkv", "Spider-Man", "U.S.A.", "Pandora's", "ג׳ירפה"),
        *("Ёлки", "Łódź", "KIZIL", "Ｆｕｌｌ", "羅生門", "ｺﾞｼﾞﾗ", "फ़िल्म", "น้ำ", "오발탄", "🎬"),
        *("\u202b", "\u200d", " ", "_", ".", "-", "[", "]", "'", "s", "e", "x", "7", "12"),
    ]
)
LONE_SURROGATE = st.characters(categories=["Cs"])  # drawn by themselves, because among all characters they are rare
ANY_TEXT = st.lists(st.one_of(st.text(max_size=30), LONE_SURROGATE), max_size=5).map("".join)
NAME_LIKE = st.lists(PIECES, max_size=10).map("".join)
TEXT = st.one_of(ANY_TEXT, NAME_LIKE)
LONG_TEXT = st.one_of(
    st.lists(st.one_of(PIECES, st.text(max_size=8)), min_size=40, max_size=80).map(" ".join),
    st.tuples(st.characters(categories=["L", "N"]), st.integers(30, 1500)).map(lambda drawn: drawn[0] * drawn[1]),
)
# A query turns what no font draws into nothing and every white space into one blank; names are posted without either.
VISIBLE_TEXT = st.one_of(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60), NAME_LIKE).map(
    lambda text: " ".join(text.split())
)
PLAIN_WORDS = st.lists(st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=5), max_size=6)


def asked_by(query):
    """The words a query asks for; none when it is refused."""
    try:
        return set(parse_query(query, 200).words)
    except BadInputError:
        return set()


@unhurried
@given(TEXT)
def test_a_folded_text_is_folded_for_good(text):
    """Folding twice equals folding once, lone surrogates included."""
    assert normalise(normalise(text)) == normalise(text)


@unhurried
@given(st.one_of(TEXT, LONG_TEXT), st.one_of(st.none(), TEXT, LONG_TEXT))
def test_any_name_and_caption_give_few_short_distinct_words(name, caption):
    """Nothing anybody posts fails to be stored or makes a record grow beyond 40 words of 32 characters."""
    words = file_words(name, caption)

    assert len(words) == len(set(words)) <= MAX_WORDS
    assert all(1 <= len(word) <= MAX_WORD_LENGTH for word in words)
    assert len(word_hashes(words)) <= len(words)


@unhurried
@given(NAME_LIKE.map(lambda text: "".join(filter(str.isascii, normalise(text)))))
def test_latin_names_are_read_alike_by_the_quick_pattern(text):
    """The pattern for ASCII text finds what the one for all scripts finds."""

    def found(pattern):
        return [
            (match.span(), [(name, value) for name, value in sorted(match.groupdict().items()) if value is not None])
            for match in pattern.finditer(text)
        ]

    assert found(ASCII_MARKER) == found(MARKER)


@unhurried
@given(NAME_LIKE)
def test_a_spelling_says_the_same_wherever_it_stands(text):
    """What is remembered of a spelling by its text alone is what it says at its place."""
    for marker in find_markers(normalise(text)):
        assert marker.reading.words or marker.reading.quality
        alone = normalise(text)[marker.start : marker.end]
        assert [found.reading for found in find_markers(alone)] == [marker.reading]


@unhurried
@given(TEXT)
def test_words_are_folded_already(text):
    """No word is stored in a spelling that a query, which is folded, could not ask for."""
    assert [word for word in analyse(text).asked if normalise(word) != word] == []


@unhurried
@given(TEXT)
def test_capital_letters_make_no_difference_to_the_words(text):
    """A name in capitals is the same name, as far as its letters have a way back."""
    assume(normalise(text.upper()) == normalise(text))

    assert file_words(text.upper()) == file_words(text)


@unhurried
@given(st.one_of(TEXT, LONG_TEXT), st.sampled_from(["", ".mkv", ".7z", ".3gp", ".MP3", "x", "2", "-e5"]))
def test_a_caption_that_repeats_the_name_is_read_like_any_other(stem, extension):
    """Such captions are not read at all; a space in front makes this one be read, and changes nothing."""
    assume(len(normalise(stem + extension)) < 1000)  # what stands behind is not read

    assert file_words(stem + extension, stem) == file_words(stem + extension, f" {stem}")


@unhurried
@given(VISIBLE_TEXT)
def test_a_name_typed_as_a_query_finds_its_file(text):
    """Every word asked for by a text is among the words of the file of that name, as far as a record has room."""
    stored = file_words(text)
    assume(len(stored) < MAX_WORDS)

    assert asked_by(text) <= set(stored)


@unhurried
@given(PLAIN_WORDS, st.data())
def test_some_words_of_a_name_in_any_order_find_its_file(words, data):
    """Neither leaving words out nor turning them around loses the file."""
    stored = file_words(" ".join(words))
    assume(len(stored) < MAX_WORDS)
    typed = data.draw(st.permutations(words))[: data.draw(st.integers(0, len(words)))]

    assert asked_by(" ".join(typed)) <= set(stored)


@examples(deadline=None, max_examples=25)
@given(st.integers(0, 1 << 32).map(Random))
def test_the_words_of_real_names_in_any_order_find_their_files(random):
    """Season, episode, year and quality stand where people put them, before or after the title."""
    for name in GOLDEN_NAMES:
        words = list(analyse(name).asked)
        random.shuffle(words)
        assert asked_by(" ".join(words)) <= set(file_words(name)), (name, words)


@unhurried
@given(ANY_TEXT)
def test_any_word_has_a_hash_the_index_can_hold(word):
    """A hash is a signed 32-bit integer, for lone surrogates too; alone and among others a word has the same."""
    assert word_hashes(["a", word]) == list(dict.fromkeys([word_hash("a"), word_hash(word)]))
    assert -(1 << 31) <= word_hash(word) < 1 << 31


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("", 0),
        ("kid", 1159956604),
        ("s01e02", -1940941002),
        ("1080p", 259222893),
        ("y:1999", 1154619876),
        ("l:ru", 1143892262),
        ("=the kid", -857151833),
        ("бригада", -1473232119),
        ("المومياء", 1600421683),
        ("羅生", 381910283),
        ("오발탄", -1256633245),
        ("123456789", -873187034),  # the check value every description of CRC-32 gives: 0xCBF43926
    ],
)
def test_hashes_are_the_same_for_ever(word, stored):
    """A changed hash would make every stored file unfindable."""
    assert word_hash(word) == stored
