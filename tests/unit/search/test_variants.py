"""Which files are versions of one title."""

from __future__ import annotations

import pytest

from core.domain.media import ListedFile, MediaKind, ReleaseMetadata
from core.search.query import parse_query
from core.search.ranking import rank
from core.search.variants import group_variants, variant_key


def film(name: str, number: int = 1, quality: str | None = None, kind: MediaKind = MediaKind.VIDEO) -> ListedFile:
    return ListedFile(number, name, 1, kind, ReleaseMetadata(quality=quality))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nosferatu.1922.1080p.BluRay.x264.mkv", "Nosferatu (1922) 720p.mp4"),
        ("Sherlock.Holmes.1954.S01E12.720p.mkv", "Sherlock Holmes 1954 S01E12 The Case 480p.avi"),
        ("Show.S01E02.1080p.WEB-DL.mkv", "show s01e02 720p.mkv"),
        ("The Kid 1080p.mkv", "The.Kid.480p.avi"),
        ("@films Nosferatu.1922.mkv", "[site] nosferatu 1922 x265.mp4"),
        ("Аэлита.1924.1080p.mkv", "Аэлита (1924) 480p.avi"),
    ],
)
def test_versions_share_what_stands_before_their_tags(one, other):
    """Quality, codec, source and separators do not make another title."""
    assert variant_key(film(one)) == variant_key(film(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sherlock.Holmes.1954.S01E12.720p.mkv", "Sherlock.Holmes.1954.S01E13.720p.mkv"),
        ("Show S01E02.mkv", "Show S01E03.mkv"),
        ("Show E02 720p.mkv", "Show E03 720p.mkv"),
        ("Faust.1926.mkv", "Faust.1960.mkv"),
        ("Nosferatu 1922.mkv", "Nosferatu the Vampyre 1979.mkv"),
        ("2001 A Space Odyssey 1968.mkv", "2010 The Year 1984.mkv"),
        ("1917.mkv", "1984.mkv"),
    ],
)
def test_another_episode_year_or_word_is_another_title(one, other):
    """The year of a title may also be its first word, which stays a word."""
    assert variant_key(film(one)) != variant_key(film(other))


def test_a_book_or_a_song_is_no_version_of_a_film():
    """What is watched, heard and read is told apart, however Telegram was given the file."""
    named = {
        name: film(name, kind=kind) for name, kind in (("Dune.mkv", MediaKind.DOCUMENT), ("Dune.mp3", MediaKind.AUDIO))
    }
    assert variant_key(named["Dune.mkv"]) == variant_key(film("Dune.mp4"))
    assert (
        len(
            {
                variant_key(named["Dune.mkv"]),
                variant_key(named["Dune.mp3"]),
                variant_key(film("Dune.pdf", kind=MediaKind.DOCUMENT)),
            }
        )
        == 3
    )


def test_versions_are_ranked_together_the_best_picture_first():
    """They stand where the best ranked of them stands, before an older title."""
    files = [
        film("Faust.1926.480p.mkv", 4, "480p"),
        film("Faust.1960.mkv", 3),
        film("Faust.1926.2160p.mkv", 2, "2160p"),
        film("Faust.1926.mkv", 1),
    ]
    ranked = rank(files, parse_query("faust", 200))
    assert [file.id for file in ranked] == [2, 4, 1, 3]
    assert [[file.id for file in group] for group in group_variants(ranked)] == [[2, 4, 1], [3]]
