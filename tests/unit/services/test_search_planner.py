"""What queries are taken for by a process that knows the library's words."""

from __future__ import annotations

import pytest

from core.search.dictionary import Dictionary
from core.search.hashes import word_hash
from core.search.query import parse_query
from core.services.search_query import KnownWords, SearchPlanner

FILES = {
    "the": 5000,
    "mkv": 9000,
    "godfather": 40,
    "godfathers": 3,
    "spider": 60,
    "man": 900,
    "batman": 70,
    "matrix": 30,
    "matrices": 2,
    "iron": 50,
    "spiderverse": 5,
    "s01": 400,
    "e02": 300,
    "brigada": 8,
    "y:1999": 100,
    "l:ru": 20,
}


@pytest.fixture
def planner():
    dictionary = Dictionary()
    dictionary.add(FILES)
    return SearchPlanner(KnownWords(dictionary))


def query(text):
    return parse_query(text, 200)


def understood(planned):
    """Readings as the words that count for each typed one."""
    return [reading.choices for reading in planned.readings]


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("the godfather", ["godfather"]),
        ("man the batman", ["batman"]),
        ("the mkv", ["the"]),
        ("mkv year:1999", ["y:1999"]),
        ("the lang:ru", ["l:ru"]),
        ("year:1999 lang:ru", ["l:ru"]),
        ("the unheardof", ["unheardof"]),
    ],
)
def test_the_rarest_word_leads(planner, text, leads):
    """What nobody has leads first of all, as nothing is read for it; filters lead like words."""
    assert planner.plan(query(text)).plan.leads == tuple(map(word_hash, leads))


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("godf", [(("godf", "godfather", "godfathers"),)]),
        ("the matri", [(("the",), ("matri", "matrix", "matrices"))]),
        ("godfahter", [(("godfahter", "godfather"),)]),
        ("spiderman", [(("spiderman",),), (("spider",), ("man",))]),
        ("the bat man", [(("the",), ("bat",), ("man",)), (("the",), ("batman",))]),
        ("spider verse", [(("spider",), ("verse",)), (("spiderverse",),)]),
        ("бригада", [(("бригада",),), (("brigada",),)]),
        ("matrix s01e02", [(("matrix",), ("s01e02",)), (("matrix",), ("s01",), ("e02",))]),
    ],
)
def test_an_unknown_word_counts_as_what_it_may_stand_for(planner, text, choices):
    """Scenario 49: begun, misspelt, run together, split, in another script; the typed word always counts as well."""
    assert understood(planner.plan(query(text))) == choices


def test_known_words_are_themselves(planner):
    """Nothing is widened that the library has; how many files match at most is known."""
    planned = planner.plan(query("the godfather"))
    assert (planned.readings, planned.most, planned.is_one_word) == ((), 40, False)
    assert planner.plan(query("matrix")).is_one_word
    assert not planner.plan(query("matrix type:video")).is_one_word


def test_what_is_respelled_is_told(planner):
    """A beginning is no misspelling."""
    assert planner.plan(query("godfahter")).is_respelled
    assert not planner.plan(query("godf")).is_respelled


def test_few_matches_widen_the_last_word_and_the_spaces(planner):
    """The last word as a beginning, words run together or split; nothing else to be had is nothing to ask."""
    wider = planner.widen(query("the matri"))
    assert wider is not None
    assert (("the",), ("matri", "matrix", "matrices")) in understood(wider)
    joined = planner.widen(query("bat man"))
    assert joined is not None
    assert (("batman",),) in understood(joined)
    assert planner.widen(query("brigada")) is None
    assert planner.widen(query("year:1999")) is None


def test_what_begins_other_words_is_respelled_when_that_found_nothing(planner):
    """What the library has is not respelled; what it lacks counts as its nearest spellings."""
    assert planner.respell(query("the godfather")) is None
    respelled = planner.respell(query("godfaher"))
    assert respelled is not None
    assert understood(respelled) == [(("godfaher", "godfather"),)]


def test_corrections_are_spellings_and_then_fewer_words(planner):
    """The most frequent spelling first, clearly meant when it is one edit away and ten times as frequent as others."""
    offered = planner.corrections(query("the godfathers matrix"))
    assert offered[0] == ("the godfather matrix", True)
    assert planner.corrections(query("godfahtre matrix"))[0] == ("godfather matrix", False)
    assert {text for text, is_clear in offered if not is_clear} >= {"godfathers matrix", "the matrix", "the godfathers"}


def test_filters_stay_with_every_reading(planner):
    """A plan never loses what was asked for besides words."""
    for planned in (planner.plan(query("spiderman type:video")), planner.widen(query("bat man minsize:1MB"))):
        assert planned is not None
        assert planned.plan.kinds or planned.plan.min_size
    titles = planner.plan_titles(query("matrix year:1999 maxsize:1GB"))
    assert word_hash("y:1999") in {word for choice in titles.branches[0] for word in choice}
    assert titles.max_size == 1 << 30


def test_plans_are_bounded(planner):
    """However many words begin alike or are typed, at most two hundred hashes lead, for at most sixteen readings."""
    dictionary = Dictionary()
    dictionary.add({f"aa{number:04}x": number + 1 for number in range(2000)})
    crowded = SearchPlanner(KnownWords(dictionary))
    for text in ("aa", "aa aa0 aa00", " ".join(f"aa{number}" for number in range(16)), " ".join(["ab cd"] * 8)):
        for planned in (crowded.plan(query(text)), crowded.widen(query(text))):
            if planned is not None:
                assert 0 < len(planned.plan.leads) <= 200
                assert len(planned.plan.branches) <= 16
                assert max(len(choice) for branch in planned.plan.branches for choice in branch or ((),)) <= 151
