"""Names of files in many scripts, with the words they must give and the queries that must meet them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.search.normalise import normalise
from core.search.query import parse_query
from core.search.words import analyse, file_words, latin_form, title_word

SCRIPTS = tomllib.loads(Path(__file__).with_name("golden_names.toml").read_text(encoding="utf-8"))
NAMES = [
    pytest.param(entry, id=f"{script}-{number}")
    for script, entries in SCRIPTS.items()
    for number, entry in enumerate(entries, 1)
]
QUERIES = [parameters for parameters in NAMES if "query" in parameters.values[0]]
MISSES = [parameters for parameters in NAMES if "misses" in parameters.values[0]]


@pytest.mark.parametrize("entry", NAMES)
def test_a_name_asks_for_exactly_these_words(entry):
    """The words of a name, typed as a query, are the listed ones in the listed order."""
    read = analyse(entry["name"])

    assert read.asked == [normalise(word) for word in entry["asks"].split()]
    assert read.title == normalise(entry["title"])


@pytest.mark.parametrize("entry", NAMES)
def test_a_file_is_stored_under_exactly_these_words(entry):
    """A file is found under its own words, its title, the listed further words and Latin spellings, and no others."""
    stored = set(file_words(entry["name"]))
    listed = {normalise(word) for word in f"{entry['asks']} {entry.get('more', '')}".split()}
    listed.add(title_word(normalise(entry["title"])))
    runs = f"{analyse(entry['name']).whole} {normalise(entry['name'])}".split()

    assert listed - stored == set()
    assert stored - listed <= {latin_form(run) for run in runs}


@pytest.mark.parametrize("entry", QUERIES)
def test_a_file_has_every_word_of_what_people_type_for_it(entry):
    """Another spelling of case, accents, digits, season, episode or script asks for words the file is stored under."""
    assert set(parse_query(entry["query"], 200).words) <= set(file_words(entry["name"]))


@pytest.mark.parametrize("entry", MISSES)
def test_what_the_words_alone_do_not_find_is_known(entry):
    """Fragments of words and spellings that may mean something else have no words of their own."""
    assert not set(parse_query(entry["misses"], 200).words) <= set(file_words(entry["name"]))


def test_the_names_are_many_and_of_many_scripts():
    """At least 300 different names with at least 100 queries, and fifteen names in each of ten scripts or more."""
    names = [entry["name"] for entries in SCRIPTS.values() for entry in entries]

    assert len(set(names)) == len(names) >= 300
    assert len(QUERIES) >= 100
    assert len(SCRIPTS) >= 10
    assert min(map(len, SCRIPTS.values())) >= 15
