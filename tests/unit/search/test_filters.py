"""Structured filters as people write them."""

from __future__ import annotations

import html
import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.media import MediaKind
from core.errors import BadInputError
from core.search.filters import Filters, split_filters
from core.search.query import parse_query
from core.search.vocabulary import LANGUAGES
from core.text.catalog import Catalogue

VIDEO, AUDIO, DOCUMENT, PHOTO, ANIMATION = MediaKind
NAMES = ("type", "year", "lang", "quality", "season", "episode", "minsize", "maxsize")


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("type:video", Filters(kinds=(VIDEO,))),
        ("type:video,audio", Filters(kinds=(VIDEO, AUDIO))),
        ("type:photos, gif", Filters(kinds=(PHOTO, ANIMATION))),
        ("type:music|doc/picture", Filters(kinds=(AUDIO, DOCUMENT, PHOTO))),
        ("type:film", Filters(kinds=(VIDEO,))),
        ("type: video", Filters(kinds=(VIDEO,))),
        ("type : video", Filters(kinds=(VIDEO,))),
        ("Type:'Video'", Filters(kinds=(VIDEO,))),
        ("TYPE：ｖｉｄｅｏ", Filters(kinds=(VIDEO,))),
        ("type:\u201cvideo\u201d", Filters(kinds=(VIDEO,))),
        ('type:"video', Filters(kinds=(VIDEO,))),
        ("type:audio type:music", Filters(kinds=(AUDIO,))),
        ("year:1900", Filters(year=1900)),
        ("year:2100", Filters(year=2100)),
        ("year:١٩٠٢", Filters(year=1902)),
        ("lang:ru", Filters(language="ru")),
        ('lang:"ru"', Filters(language="ru")),
        ("language:RUS", Filters(language="ru")),
        ("lang:русский", Filters(language="ru")),
        ("lang:українська", Filters(language="uk")),
        ("lang:日本語", Filters(language="ja")),
        ("lang:español", Filters(language="es")),
        ("lang:pt-BR", Filters(language="pt")),
        ("lang:'Tiếng Việt'", Filters(language="vi")),
        ("lang:தமிழ்", Filters(language="ta")),
        ("quality:1080p", Filters(quality="1080p")),
        ("quality:1080", Filters(quality="1080p")),
        ("quality:4K", Filters(quality="2160p")),
        ("quality:uhd", Filters(quality="2160p")),
        ("quality:1920x1080", Filters(quality="1080p")),
        ("quality:'full hd'", Filters(quality="1080p")),
        ("quality:hd", Filters(quality="720p")),
        ("season:0 episode:999", Filters(season=0, episode=999)),
        ("season:s01 episode:e02", Filters(season=1, episode=2)),
        ("minsize:0", Filters(min_size=0)),
        ("minsize:1024b", Filters(min_size=1024)),
        ("maxsize:2GB", Filters(max_size=2 << 30)),
        ("maxsize:1.5gb", Filters(max_size=3 << 29)),
        ("maxsize:1,5 GB", Filters(max_size=3 << 29)),
        ("minsize:'700 mb' maxsize:1TiB", Filters(min_size=700 << 20, max_size=1 << 40)),
        ("minsize:1GB maxsize:1024MB", Filters(min_size=1 << 30, max_size=1 << 30)),
        ("lang:tr,type:video;year:1990", Filters(kinds=(VIDEO,), language="tr", year=1990)),
        ("year: type:video 1902", Filters(kinds=(VIDEO,), year=1902)),
    ],
)
def test_every_usual_spelling_is_understood(text, filters):
    """A filter is read in any case, width, quotes and script, and leaves no words behind."""
    assert split_filters(text) == ("", filters)


@pytest.mark.parametrize(
    "text",
    [
        "Mission: Impossible",
        "Terminator 2: Judgment Day",
        "Blood Type: O",
        "Type: Bad",
        "Season: Finale",
        "Episode: IV",
        "Quality: of life",
        "http://example.org/type:video",
        "12:30",
        '"type:foo"',
        "(type:foo)",
        "prototype:foo",
        "blood-type:foo",
        "$where",
        '{"$gt":""}',
        "size:5",
        "type",
        "",
        "  two   spaces ",
    ],
)
def test_other_words_with_a_colon_are_words(text):
    """Scenario 60: titles, addresses, times and operators are left exactly as they are."""
    assert split_filters(text) == (text, Filters())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("type:foo", "filter-bad-type"),
        ("type:video,foo", "filter-bad-type"),
        ("type:", "filter-bad-type"),
        ('type:""', "filter-bad-type"),
        ("year:1899", "filter-bad-year"),
        ("year:2101", "filter-bad-year"),
        ("year:02000", "filter-bad-year"),
        ("lang:xx", "filter-bad-lang"),
        ("language:klingon", "filter-bad-lang"),
        ("quality:good", "filter-bad-quality"),
        ("quality:s01", "filter-bad-quality"),
        ("quality:1081", "filter-bad-quality"),
        ("season:1000", "filter-bad-season"),
        ("season:-1", "filter-bad-season"),
        ("episode:one", "filter-bad-episode"),
        ("minsize:-5", "filter-bad-minsize"),
        ("minsize:1.5.5GB", "filter-bad-minsize"),
        ("minsize:inf", "filter-bad-minsize"),
        ("maxsize:2PB", "filter-bad-maxsize"),
        ("maxsize:1e3", "filter-bad-maxsize"),
        ("type:video type:audio", "filter-twice"),
        ("year:1990 year:1991", "filter-twice"),
        ("minsize:2GB maxsize:1GB", "filter-sizes-crossed"),
    ],
)
def test_a_bad_value_gets_a_sentence_of_its_own(text, key):
    """Scenario 60: the refusal names the filter and a form that is accepted."""
    with pytest.raises(BadInputError) as refused:
        split_filters(f"moon {text}")

    sentence = Catalogue().plain(refused.value.text_key, "en", **refused.value.values)
    assert refused.value.text_key == key
    assert text.partition(":")[0].replace("language", "lang") + ":" in sentence


def test_filters_may_stand_anywhere():
    """What is left are the words in their order, with single spaces."""
    rest, filters = split_filters("year:1902  a trip,  type:video, to   the moon lang:fr")

    assert rest == "a trip, to the moon"
    assert filters == Filters(kinds=(VIDEO,), year=1902, language="fr")


@pytest.mark.parametrize("code", sorted(set(LANGUAGES.values())))
def test_every_language_that_files_are_read_in_can_be_asked_for(code):
    """The code of each language that a name can say is a value of `lang:`, and so is each of its names."""
    for name in (code, *(name for name, of in LANGUAGES.items() if of == code)):
        assert split_filters(f"lang:{name}") == ("", Filters(language=code))


def test_the_largest_size_fits_a_database():
    """No number of digits makes a value that a query cannot carry."""
    assert split_filters("maxsize:" + "9" * 18 + "TB")[1].max_size == 2**63 - 1


PIECES = st.sampled_from(
    [*(f"{name}:" for name in NAMES), *NAMES, *" :;,\"'“：", "video", "1902", "ru", "1080p", "7", "GB", "kid", "İ", "ſ"]
)


@given(st.one_of(st.text(st.characters(codec=None), max_size=200), st.lists(PIECES, max_size=30).map("".join)))
@example("season: type:video 3")
@example("type: type:video")
def test_splitting_is_total_and_done_once(text):
    """Any text is split or refused in a sentence; what is left has no filter any more."""
    try:
        rest, _ = split_filters(text)
    except BadInputError:
        return
    assert split_filters(rest) == (rest, Filters())


HOSTILE = {
    "nested": "year: " * 250 + "type:video " * 100 + "1902 " * 200,
    "open quotes": 'type:"' * 600,
    "lists": "type:" + "video, " * 500 + "x",
    "spaces": "type" + " " * 2000 + ":" + " " * 2000,
    "digits": "minsize:" + "9" * 4000,
    "dots": "minsize: " + "9." * 2000,
    "commas": "type:video" + "," * 4000 + "x",
    "words before colons": "type " * 800,
    "same again": "type:video," * 372,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_takes_no_time(text, benchmark_clock):
    """Scenario 51: the longest message Telegram carries is split, or refused, within a quarter of a second."""
    with benchmark_clock(0.25), suppress(BadInputError):
        split_filters(text[:4096])


@given(
    st.builds(
        Filters,
        kinds=st.lists(st.sampled_from(MediaKind), unique=True).map(sorted).map(tuple),
        year=st.none() | st.integers(1900, 2100),
        language=st.none() | st.sampled_from(sorted(set(LANGUAGES.values()))),
        quality=st.none() | st.sampled_from(["2160p", "1080p", "720p", "480p"]),
        season=st.none() | st.integers(0, 999),
        episode=st.none() | st.integers(0, 999),
        min_size=st.none() | st.integers(0, 1 << 31),
        max_size=st.none() | st.integers(1 << 31, 1 << 53),
    )
)
def test_filters_are_written_as_they_are_read(filters):
    """The text of filters gives the same filters."""
    assert split_filters(filters.text) == ("", filters)


def test_every_example_of_the_help_can_be_sent():
    """/search_help fits into one message, names every filter, and each of its examples is a search."""
    sentence = Catalogue().html("search-help", "en")
    examples = [html.unescape(example) for example in re.findall(r"<code>(.*?)</code>", sentence)]
    queries = [parse_query(example, 200) for example in examples]

    asked = [query.filters for query in queries]
    plain = Catalogue().plain("search-help", "en")
    assert len(plain.encode("utf-16-le")) // 2 <= 4096
    assert "\n " not in plain
    assert sum(bool(filters) for filters in asked) == sum(
        any(f"{name}:" in text for name in NAMES) for text in examples
    )
    for field in ("kinds", "year", "language", "quality", "season", "episode", "min_size", "max_size"):
        assert any(getattr(filters, field) not in (None, ()) for filters in asked)
