"""What names say of releases."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.media import ReleaseMetadata
from core.search import release_metadata
from core.search.release_metadata import QUALITIES, parse_name, parse_names
from core.search.vocabulary import LANGUAGES
from core.search.words import analyse

SECTIONS = tomllib.loads(Path(__file__).with_name("golden_releases.toml").read_text(encoding="utf-8"))
NAMES = [
    pytest.param(entry, id=f"{section}-{number}")
    for section, entries in SECTIONS.items()
    for number, entry in enumerate(entries, 1)
]
OTHER_SCRIPTS = {
    *("russian", "ukrainian", "georgian", "greek", "hebrew", "arabic", "persian"),
    *("hindi", "thai", "chinese", "japanese", "korean"),
}
HOSTILE = [
    *("(" * 255, "[" * 255, "{[(" * 85, "1" * 255, "1-" * 127, "1.1." * 63, "(1" * 127, "s01e01" * 42, "- 1 " * 63),
    *("la " * 85, "1ª " * 85, "1ª1ª temporada " * 17, "Ep 1 " * 51, "S01-S02-" * 31, "es en " * 42, "🎬" * 255),
    *("ب" * 255, "и" * 255, "漢 " * 127, "и/" * 127, "/(" * 127, "\u202e" * 255, "e\u0301" * 127, "ﷺ" * 255, "İ" * 255),
    *("\x00" * 255, " " * 255, "_" * 255, "." * 255, "٣" * 255, "a" * 5000, "S01E01 " * 3000, "\ud800" * 255),
]
# What a machine has to be slower than a thousand times before this fails, else a step is not bounded.
SURELY_S = 5.0


def said(entry: dict) -> ReleaseMetadata:
    return ReleaseMetadata(
        entry.get("year"),
        entry.get("season"),
        entry.get("episode"),
        entry.get("quality"),
        tuple(entry.get("languages", ())),
    )


@pytest.mark.parametrize("entry", NAMES)
def test_a_name_says_exactly_this(entry):
    """Year, first season, first episode, quality and languages of a name are the listed ones, and nothing else."""
    assert parse_name(entry["name"]) == said(entry)


def test_the_names_are_many_and_of_many_scripts():
    """At least 150 different names, of films, series, music, books and junk, in eight scripts besides Latin or more."""
    names = [entry["name"] for entries in SECTIONS.values() for entry in entries]

    assert len(set(names)) == len(names) >= 150
    assert SECTIONS.keys() >= {"films", "series", "anime", "music", "books", "junk"}
    assert len(SECTIONS.keys() & OTHER_SCRIPTS) >= 8


@pytest.mark.parametrize("entry", NAMES)
def test_what_is_shown_is_what_is_searched_for(entry):
    """Season and episode that the words of a file give are those of its metadata, so that `s01e02` finds S01E02."""
    facts = analyse(entry["name"]).facts
    shown = parse_name(entry["name"])

    assert shown.season in facts.seasons or not facts.seasons
    assert shown.episode in facts.episodes or not facts.episodes


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_takes_no_time(name):
    """Brackets, digits, ranges and scripts without end are read in a moment."""
    started = time.perf_counter()

    assert isinstance(parse_name(name), ReleaseMetadata)
    assert time.perf_counter() - started < SURELY_S


def test_a_range_of_seasons_without_end_is_not_counted_through(monkeypatch):
    """No list is made of every season from 1 to 999,999,999: parsett does not see that number."""
    seen = []
    monkeypatch.setattr(release_metadata.PTT, "parse_title", lambda text: seen.append(text) or {"episodes": []})

    parse_name("Show s01-999999999 [e1-99999].mkv")

    assert "99999" not in seen[0]


_LIKELY = st.sampled_from([*"[](){}.-_ /~&+,:", "S01E02", "1x02", "2019", "1080p", "Ep", "серия", "第3季", "of", "EN"])


@given(st.text(max_size=300) | st.lists(_LIKELY | st.text(max_size=4), max_size=60).map("".join))
def test_any_text_has_metadata_within_its_bounds(name):
    """Whatever a file is called, reading it never fails and gives what the domain promises."""
    year, season, episode, quality, languages = parse_name(name)

    assert year is None or 1801 <= year <= 2300
    assert season is None or 0 <= season <= 1000
    assert episode is None or 0 <= episode <= 9999
    assert quality is None or quality in QUALITIES
    assert len(set(languages)) == len(languages) <= 4
    assert set(languages) <= set(LANGUAGES.values())


def test_a_parser_that_stumbles_costs_only_its_own_part(monkeypatch):
    """Where parsett fails, what the words say is still told."""

    def stumble(_):
        raise ValueError("substring not found")

    monkeypatch.setattr(release_metadata.PTT, "parse_title", stumble)

    assert parse_name("A film nobody else names S03E04 1080p.mkv") == ReleaseMetadata(None, 3, 4, "1080p")


def test_parts_of_one_release_are_read_once():
    """Volumes and copies differ by a number that says nothing: ninety of them cost one reading."""
    release_metadata._read.cache_clear()

    parse_names([f"A.Big.Release.2019.part{number:02}.rar" for number in range(90)])

    assert release_metadata._read.cache_info().misses == 1


def test_several_names_are_read_in_their_order():
    """A worker process answers for each name in its place."""
    assert parse_names(["A 2001.mkv", "", "B S01E02.mkv"]) == [
        ReleaseMetadata(2001),
        ReleaseMetadata(),
        ReleaseMetadata(None, 1, 2),
    ]
