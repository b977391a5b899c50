"""Planning of queries."""

from __future__ import annotations

from itertools import chain

import pytest

from core.search.hashes import word_hash
from core.search.query import parse_query
from tests.fixtures.plans import plan_alternatives, plan_search, plan_title_search


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("the kid", "kid"),
        ("the adventures of", "adventures"),
        ("1080p kid", "kid"),
        ("bluray mkv kid", "kid"),
        ("1921 kid", "kid"),
        ("羅生門 rashomon", "rashomon"),
        ("羅生門 kid", "羅生"),
    ],
)
def test_the_word_that_is_probably_rarest_leads(text, lead):
    """Long words drive the index; tags, extensions and numbers only where there is nothing else."""
    assert plan_search(parse_query(text, 200)).leads == (word_hash(lead),)


def test_every_other_word_is_required():
    """Lead and branch together are all words of the query."""
    query = parse_query("great train robbery 1903", 200)
    plan = plan_search(query)

    assert {*plan.leads, *chain.from_iterable(plan.branches[0])} == {word_hash(word) for word in query.words}
    assert len(plan.branches) == 1


def test_a_title_is_led_by_itself_and_still_needs_every_word():
    """The year of a query is not lost when the title drives the index."""
    plan = plan_title_search(parse_query("the kid 1921", 200))

    assert plan.leads == (word_hash("=the kid 1921"), word_hash("=the kid"))
    assert plan.branches == (((word_hash("the"),), (word_hash("kid"),), (word_hash("1921"),)),)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("spider man", ("spiderman",)),
        ("spiderman", ("spider", "man")),
        ("ironman 1951", ("iron", "man", "1951")),
        ("vampires s01e02", ("vampires", "s01", "e02")),
        ("бригада", ("brigada",)),
    ],
)
def test_other_readings_are_tried(text, reading):
    """Scenario 49: a missing or extra space, another script and split episodes are readings of one query."""
    plan = plan_alternatives(parse_query(text, 200))

    assert plan is not None
    assert tuple((word_hash(word),) for word in reading) in plan.branches


def test_readings_are_few():
    """Sixteen words of sixteen letters cost one lookup of at most sixteen readings."""
    plan = plan_alternatives(parse_query(" ".join("abcdefghijklmno"[n:] + "xyz"[: n % 3] for n in range(12)), 1000))

    assert plan is not None
    assert len(plan.leads) <= len(plan.branches) <= 16


def test_a_short_word_has_no_other_reading():
    """There is nothing to try, so nothing is asked."""
    assert plan_alternatives(parse_query("kid", 200)) is None
