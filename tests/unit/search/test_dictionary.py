"""The dictionary of the library's words: frequencies, completions, spellings, splits."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.search.dictionary import Dictionary, Spelling

LETTERS = "abcé"
SHORT_WORDS = st.text(LETTERS + "ж1", min_size=1, max_size=9)
SPELLED_WORDS = st.text(LETTERS, min_size=3, max_size=10)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.dictionaries(SHORT_WORDS, st.integers(-5, 5), max_size=6)),
        st.tuples(st.just("put"), st.dictionaries(SHORT_WORDS, st.integers(-1, 9), max_size=6)),
    ),
    max_size=30,
)
HOSTILE = [
    "x" * 10_000,
    "ab" * 5_000,
    "🎬" * 24,
    "🎬🎬🎬🎬",
    "\ud800abcdef",
    "\0\0\0\0\0",
    "",
    "a",
    "=title of all",
    "l:ru",
    "a" * 24,
    "\U0010ffff" * 8,
]


def dictionary_of(**words: int) -> Dictionary:
    made = Dictionary()
    made.add(words)
    return made


def brute_nearest(words, asked):
    """The promise of `nearest`, written down without any cleverness."""
    edits = 1 if len(asked) < 8 else 2
    candidates = [
        (OSA.distance(asked, word), word[0] != asked[:1], -files, word)
        for word, files in words.items()
        if 4 <= len(word) <= 24 and not any(map(str.isdigit, word)) and word != asked
    ]
    near = sorted(found for found in candidates if found[0] <= edits) if 3 <= len(asked) <= 24 else []
    return [
        Spelling(word, distance, -files) for distance, other, files, word in near if (distance, other) == near[0][:2]
    ]


@given(CHANGES)
def test_it_knows_what_a_plain_table_knows(changes):
    """After any additions, removals and settings the frequencies and completions are those of a dict."""
    model: Counter[str] = Counter()
    dictionary = Dictionary()
    for kind, words in changes:
        getattr(dictionary, kind)(words) if kind == "add" else [dictionary.put(*item) for item in words.items()]
        for word, files in words.items():
            model[word] = max(0, model[word] + files if kind == "add" else files)
        model = +model
    assert len(dictionary) == len(model)
    assert set(dictionary) == set(model)
    for word in ["unknown", *model]:
        assert dictionary.files(word) == model[word]
    for beginning in {word[:2] for word in model if len(word) > 1}:
        expected = sorted((word for word in model if word.startswith(beginning)), key=lambda word: (-model[word], word))
        assert dictionary.completions(beginning) == [word for word in expected if word != beginning]


@given(st.dictionaries(SPELLED_WORDS, st.integers(1, 4), max_size=60), SPELLED_WORDS)
def test_nearest_words_are_the_nearest_of_all(words, asked):
    """Whatever the vocabulary, the shortcut by first letter finds what comparing with every word finds."""
    dictionary = Dictionary()
    dictionary.add(words)
    assert dictionary.nearest(asked, limit=100) == brute_nearest(words, asked)


@given(st.lists(st.tuples(st.sampled_from(["abca", "abcb", "bbca", "abcab"]), st.sampled_from([0, 2])), max_size=20))
def test_forgotten_words_are_no_spellings(steps):
    """What was taken away is neither completed nor taken for a spelling."""
    dictionary, model = Dictionary(), {}
    for word, files in steps:
        dictionary.put(word, files)
        model[word] = files
    known = {word: files for word, files in model.items() if files}
    assert dictionary.nearest("abcc", limit=100) == brute_nearest(known, "abcc")
    assert dictionary.completions("ab") == sorted(word for word in known if word.startswith("ab"))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("matrx", "matrix"),
        ("matrxi", "matrix"),
        ("maatrix", "matrix"),
        ("natrix", "matrix"),
        ("amtrix", "matrix"),
        ("atrix", "matrix"),
        ("zmatrix", "matrix"),
        ("godfahter", "godfather"),
        ("godfhtr", None),  # two edits in seven letters
        ("godfhter", "godfather"),
        ("odfahter", "godfather"),
        ("бригда", "бригада"),
        ("ελλαδ", "ελλαδα"),
        ("matrix", None),  # known itself
        ("x264", None),
    ],
)
def test_a_typo_leads_to_the_word(asked, meant):
    """One edit below eight letters, two from eight on, first letter included, in any alphabet."""
    words = dictionary_of(matrix=9, godfather=5, бригада=3, ελλαδα=2, x265=8, s01e02=7)
    words.put("l:ru", 50)
    assert [spelling.word for spelling in words.nearest(asked)] == ([meant] if meant else [])


def test_the_nearest_distance_comes_before_the_most_files():
    """A word two edits away is not told beside one that is one edit away; equals are in order of their files."""
    words = dictionary_of(godfather=1, godfathers=7, godfathen=3, grandfather=900)
    assert words.nearest("godfathet") == [
        Spelling("godfathen", 1, 3),
        Spelling("godfather", 1, 1),
    ]
    assert words.nearest("godfathet", limit=1) == [Spelling("godfathen", 1, 3)]


def test_facts_are_no_spellings():
    """Words with digits and words of filters are never taken for a misspelled word."""
    words = dictionary_of(s01e02=9, x2645=9)
    words.put("l:ru", 9)
    for asked in ("sxxeyy", "xabcd", "liru", "s01e03"):
        assert words.nearest(asked) == []


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("spiderman", ("spider", "man")),
        ("batman", ("bat", "man")),
        ("theman", ("the", "man")),
        ("anan", None),  # too short
        ("spidermen", None),
        ("aman", None),
        ("человекпаук", ("человек", "паук")),
    ],
)
def test_an_unknown_word_splits_into_known_ones(asked, parts):
    """Two known words of two or more letters; five letters together at least."""
    words = dictionary_of(spider=4, man=50, bat=6, the=900, an=3, человек=2, паук=2)
    assert words.split(asked) == parts


def test_of_several_splits_the_one_of_common_words_wins():
    """The rarer part decides: "the rapist" is one way, "therapist" as "thera" and "pist" another."""
    words = dictionary_of(the=900, rapist=2, thera=5, pist=4)
    assert words.split("therapist") == ("thera", "pist")


def test_completions_come_most_frequent_first():
    """Ties alphabetically, the beginning itself never, one character never."""
    words = dictionary_of(star=900, stars=4, stare=9, starling=4, stop=99, s=7)
    assert words.completions("star") == ["stare", "starling", "stars"]
    assert words.completions("st", limit=2) == ["star", "stop"]
    assert words.completions("s") == []
    assert words.completions("") == []
    assert words.completions("zz") == []


def test_the_rarest_words_are_forgotten_first():
    """More words than fit cost the rarest, and among those the oldest, never a frequent one."""
    dictionary = Dictionary(capacity=1000)
    dictionary.add({f"frequent{number}": 50 + number for number in range(900)})
    dictionary.add({f"rare{number}": 1 + number % 2 for number in range(3_000)})
    assert len(dictionary) <= 1000
    assert all(dictionary.files(f"frequent{number}") for number in range(900))
    assert dictionary.files("rare2999") == 2
    assert len(dictionary.completions("rare", limit=1000)) == len(dictionary) - 900


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=5), st.integers(1, 6)), max_size=200))
def test_it_stays_within_its_capacity(words):
    """However many words arrive, no forgotten one was more frequent than all that stayed."""
    dictionary, known = Dictionary(capacity=20), {}
    for word, files in words:
        before = {known_word: dictionary.files(known_word) for known_word in dictionary}
        dictionary.put(word, files)
        known[word] = files
        after = set(dictionary)
        assert len(after) <= 20
        forgotten = [max(before.get(gone, 0), files if gone == word else 0) for gone in {*before, word} - after]
        assert all(dictionary.files(kept) >= max(forgotten, default=0) for kept in after)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_answered(text):
    """Megabytes, emoji, lone surrogates and empty texts get an answer, known or not."""
    for known in (False, True):
        dictionary = dictionary_of(matrix=9, aaaaaaaa=3)
        if known:
            dictionary.put(text, 1)
        assert len(dictionary.nearest(text)) <= 8
        assert len(dictionary.completions(text)) <= 32
        dictionary.split(text)


def test_the_words_compared_with_are_bounded(monkeypatch):
    """A vocabulary in which everything looks alike costs no more than a fixed number of comparisons."""
    dictionary, compared, extract = Dictionary(), [], process.extract
    for number in range(30_000):
        letters = "".join("abcdefghij"[int(digit)] for digit in f"{number:05}")
        dictionary.put(f"{'ab'[number % 2]}{letters}zzz", 1)

    def counted(word, words, **options):
        compared.append(len(words))
        return extract(word, words, **options)

    monkeypatch.setattr(process, "extract", counted)
    assert dictionary.nearest("aqqqqqqqq") == []
    assert sum(compared) == 10_000
