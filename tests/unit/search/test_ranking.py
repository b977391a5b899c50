"""The order of matches."""

from __future__ import annotations

import random

import pytest

from core.domain.media import ListedFile, MediaKind
from core.search.query import parse_query
from core.search.ranking import in_name, rank


def ranked(text, *names):
    """The names best first, the last given being the newest, whatever order they come in."""
    files = [ListedFile(number, name, 1, MediaKind.VIDEO) for number, name in enumerate(names, 1)]
    random.Random(7).shuffle(files)
    return [file.name for file in rank(files, parse_query(text, 200))]


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("kid", "The Kid.mkv", "Charlie.mkv"),
        ("the kid", "The.Kid.1921.mkv", "The Kid Brother 1927.mkv"),
        ("the kid", "The.Kid.1080p.mkv", "The Kid Brother 1927.mkv"),
        ("scary movie", "Scary Movie (2000).mkv", "Movie.Scary.Night.mkv"),
        ("scary movie", "A Scary Movie.mkv", "Scary Little Movie.mkv"),
        ("great robbery", "Great Train Robbery.mkv", "Robbery of the Great.mkv"),
        ("faust 1926", "Faust.1926.mkv", "Faust 1960 remake of 1926.mkv"),
        ("faust 1926", "Der Faust 1926.mkv", "Der Faust 1926 Remake 1960.mkv"),
        ("vampires s01e02", "Les Vampires 1x02.mkv", "Other.mkv"),
        ("film red", "Film Red.mkv", "Red Film.mkv"),
        ("аэлита", "Аэлита.1924.mkv", "Об Аэлита фильме.mkv"),
        ("羅生門", "羅生門 1950.mkv", "映画 羅生門.mkv"),
        ("schindlers list", "Schindler's List.mkv", "List of Schindlers.mkv"),
    ],
)
def test_the_better_match_comes_first_though_it_is_older(query, better, worse):
    """Scenario 45: name before caption, exact title, phrase, order and agreeing year outrank newness."""
    assert ranked(query, better, worse) == [better, worse]


def test_equal_matches_are_newest_first():
    """Nothing but age tells two episodes apart."""
    assert ranked("nosferatu", "Nosferatu a.mkv", "Nosferatu b.mkv") == ["Nosferatu b.mkv", "Nosferatu a.mkv"]


def test_ranking_drops_nothing():
    """What matched stays in the window, however poorly it ranks."""
    names = ["a.mkv", "", "🎬", "x" * 500]
    assert sorted(ranked("kid", *names)) == sorted(names)


def test_words_under_which_a_file_is_stored_count_as_in_its_name():
    """Another spelling, another script and a joined compound are found in the name, not only in the caption."""
    for query, name in (
        ("brigada", "Бригада.mkv"),
        ("spiderman", "Spider-Man.mkv"),
        ("s01e02", "X Season 1 Episode 2"),
    ):
        assert in_name(name, parse_query(query, 200))
    assert not in_name("Other.mkv", parse_query("brigada", 200))


def test_a_site_in_front_does_not_hide_a_title():
    """The file whose title was typed comes before newer ones that only contain it, whatever advertises itself first."""
    for tagged in ("www.films.org - Nosferatu.mkv", "@films Nosferatu.mkv", "[films] Nosferatu.mkv"):
        assert ranked("nosferatu", tagged, "The Making of Nosferatu.mkv")[0] == tagged
