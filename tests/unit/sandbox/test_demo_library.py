"""The demo library: varied, valid and alike in every process."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest

from sandbox.demo_library import LibraryItem, load_library

SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "CJK", "GREEK")
LARGEST_FILE = 4000 * 1024 * 1024
EXTENSION = re.compile(r"\.[a-z0-9]+$")


@pytest.fixture(scope="module")
def library() -> list[LibraryItem]:
    return load_library()


def _scripts(item: LibraryItem) -> set[str]:
    """The scripts of a name's letters, its extension aside."""
    stem = EXTENSION.sub("", item.file_name)
    return {unicodedata.name(letter).split()[0] for letter in stem if letter.isalpha()}


def test_there_is_plenty_to_search(library):
    """The demo opens on at least 650 posts, with every kind of file among them."""
    assert len(library) >= 650
    kinds = Counter(item.kind for item in library)
    assert set(kinds) == {"video", "audio", "document", "photo"}
    assert min(kinds.values()) >= 20


def test_no_two_posts_share_a_name(library):
    """A name tells which post is meant."""
    assert len({item.file_name for item in library}) == len(library)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_there_in_numbers(library, script):
    """At least 40 names are written in each of six scripts, the letters of extensions not counted."""
    assert sum(script in _scripts(item) for item in library) >= 40


def test_japanese_is_not_only_written_in_characters_shared_with_chinese(library):
    """Hiragana and Katakana appear in names, so that a search by kana finds something."""
    assert sum(bool(_scripts(item) & {"HIRAGANA", "KATAKANA"}) for item in library) >= 20


def test_names_are_valid_file_names_for_telegram(library):
    """Every name fits 255 bytes of UTF-8, is printable and ends in an extension that matches its MIME type's kind."""
    for item in library:
        assert 0 < len(item.file_name.encode()) <= 255, item.file_name
        assert item.file_name.isprintable(), item.file_name
        assert EXTENSION.search(item.file_name), item.file_name
    assert {(item.kind, item.mime_type.split("/")[0]) for item in library} <= {
        ("video", "video"),
        ("audio", "audio"),
        ("document", "application"),
        ("document", "text"),
        ("document", "image"),
        ("photo", "image"),
    }


def test_no_pattern_leaves_a_hole(library):
    """A work without a year or a person never shows empty brackets or a dangling comma in name or caption."""
    hole = re.compile(r"\(\)|\[\]|（年）|, ,|^\s|\s$|[,·:-]$|^[,·:—–-]|\bNone\b")
    for item in library:
        assert not hole.search(EXTENSION.sub("", item.file_name)), item.file_name
        assert item.caption is None or not hole.search(item.caption), item


def test_sizes_are_possible_on_telegram(library):
    """Every file has bytes, and none is larger than the largest file that Telegram carries."""
    assert all(90_000 <= item.size <= LARGEST_FILE for item in library)


def test_a_better_quality_is_a_larger_file(library):
    """Of one film the 2160p release outweighs the 1080p one, and that the 720p one."""
    size = {item.file_name: item.size for item in library}
    assert (
        size["Nosferatu.1922.2160p.UHD.BluRay.x265.mkv"]
        > size["Nosferatu.1922.1080p.BluRay.x264.mkv"]
        > size["Nosferatu (1922) 720p.mp4"]
    )


def test_what_is_played_has_a_playing_time(library):
    """Videos and audio last some seconds; documents and photos state nothing."""
    for item in library:
        if item.kind in {"video", "audio"}:
            assert item.duration, item
        else:
            assert item.duration is None, item


def test_a_photo_always_has_a_caption(library):
    """Telegram keeps no file name for photos, so that the caption is all a search can find."""
    assert all(item.caption for item in library if item.kind == "photo")


def test_some_posts_have_captions_and_some_have_none(library):
    """Both shapes of post occur often."""
    with_caption = sum(item.caption is not None for item in library)
    assert 150 <= with_caption <= len(library) - 150


@pytest.mark.parametrize("quality", ["480p", "720p", "1080p", "2160p"])
def test_every_quality_is_released(library, quality):
    """A choice of quality has something to choose from."""
    assert sum(quality in item.file_name for item in library) >= 7


def test_seasons_and_episodes_are_complete(library):
    """A season's episodes run from one to the last without a gap, whatever the spelling of their numbers."""
    spellings = {
        ("Sherlock.Holmes.1954", 1, 39): r"^Sherlock\.Holmes\.1954\.S(\d\d)E(\d\d)\.The\.",
        ("The Beverly Hillbillies", 1, 36): r"^The Beverly Hillbillies - (1)x(\d\d) - ",
        ("The Beverly Hillbillies", 2, 19): r"^The Beverly Hillbillies - (2)x(\d\d) - ",
        ("One Step Beyond", 1, 22): r"^One Step Beyond Season (\d) Episode (\d+) ",
    }
    for (title, season, episodes), spelling in spellings.items():
        found = [match for item in library if (match := re.search(spelling, item.file_name))]
        numbers = sorted((int(match[1]), int(match[2])) for match in found)
        assert numbers == [(season, episode) for episode in range(1, episodes + 1)], title


def test_names_that_try_a_parser_are_among_them(library):
    """Markup, regular expression signs, quotes, emoji, combining accents and near-limit lengths all occur."""
    names = [item.file_name for item in library]
    for sign in ("<b>", "&", "[.*+?^${}|\\]", "';", '"', "🎃", "`", "../", "%s", "\u0300", "\u0302"):
        assert any(sign in name for name in names), sign
    assert any(len(name.encode()) > 240 for name in names)


def test_the_library_is_the_same_every_time(library):
    """Nothing is drawn at random: two loads agree in every byte and in order."""
    assert load_library() == library


WORK_AND_RULES = """
release.episode = ["{dots}.S{season:02}E{number:02}.{part_dots}.720p.mkv", "{title}, {by}, {year}"]
release.whole = ["{original} ({language}).mp4"]
[[works]]
title = "An Old Play"
original = "Παλιό έργο"
language = "Greek"
year = 1900
people = ["A", "B"]
minutes = 20
seasons = [["It's First 1:05", "Second"], ["Third"]]
releases = "episode whole"
also = ["x.avi"]
"""


def test_a_rule_with_a_part_makes_one_post_for_each_part(tmp_path):
    """Parts are numbered by season; a stated playing time is taken off the title, the others last about `minutes`."""
    (tmp_path / "plays.toml").write_text(WORK_AND_RULES, encoding="utf-8")

    first, second, third, *_ = load_library(tmp_path)

    assert first.file_name == "An.Old.Play.S01E01.Its.First.720p.mkv"
    assert second.file_name == "An.Old.Play.S01E02.Second.720p.mkv"
    assert third.file_name == "An.Old.Play.S02E01.Third.720p.mkv"
    assert first.caption == "An Old Play, A, 1900"
    assert first.duration == 65
    assert second.duration is not None
    assert 20 * 60 <= second.duration < 21 * 60


def test_a_rule_without_a_part_makes_one_post_of_the_whole(tmp_path):
    """The whole lasts as long as its parts together; names given literally follow the rules' names."""
    (tmp_path / "plays.toml").write_text(WORK_AND_RULES, encoding="utf-8")

    *episodes, whole, literal = load_library(tmp_path)

    assert whole.file_name == "Παλιό έργο (Greek).mp4"
    assert whole.duration == sum(episode.duration or 0 for episode in episodes)
    assert literal.file_name == "x.avi"
    assert literal.caption is None


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (
            'release.a = ["{title}.pdf"]\nworks = [{title = "T", releases = "a"}, {title = "T", releases = "a"}]',
            "two posts",
        ),
        ('release.a = ["{title}.pdf"]\nworks = [{title = "T", releases = "b"}]', "no release rule"),
        ('release.a = ["{title}.exe"]\nworks = [{title = "T", releases = "a"}]', "unknown extension"),
        ('release.a = ["{title}.mp3"]\nworks = [{title = "T", releases = "a"}]', "no playing time"),
    ],
)
def test_a_mistake_in_the_data_is_refused_with_its_reason(tmp_path, data, complaint):
    """A library that would mislead the demo does not load."""
    (tmp_path / "wrong.toml").write_text(data, encoding="utf-8")

    with pytest.raises(ValueError, match=complaint):
        load_library(tmp_path)
