"""Rows of titles as people type them: as they are, in another order, in other letters and spellings."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from anyascii import anyascii

from benchmarks.relevance_rows import NameCase, Row, SameFilesCase, SamePageCase, TitleCase
from config.runtime import RuntimeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from benchmarks.relevance_draw import Draw
    from benchmarks.relevance_library import KnownTitle, Library
    from benchmarks.relevance_rows import Case

_NOT_TYPED = re.compile("[^a-z0-9 ]")
_TRANSLITERATED = {"CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "HEBREW", "HANGUL"}
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("0"), ord("9") + 1)}
_ACCENTED = str.maketrans("aeiouc", "áèîöūç")
_EPISODES = ("s{0} e{1}", "{0}x{1:02}", "season {0} episode {1}", "S{0:02}E{1:02}", "s{0:02}.e{1:02}")
_LEAST_NEWER = 200
_PAGE = RuntimeSettings().result_page_size


def known_items(draw: Draw) -> Iterator[Row]:
    """The title in lower case, by its length; and where many newer files contain its one word."""
    library = draw.library
    for name, lengths in (("one word", range(1, 2)), ("two words", range(2, 3)), ("three or more words", range(3, 20))):
        titles = draw.titles(name, partial(_has_length, lengths=lengths))
        yield Row(f"title of {name}: first", 0.95, _as_typed(titles, library))
    newer = max(_LEAST_NEWER, len(library.posts) // 1000)
    found = library.buried_titles(newer)
    buried = draw.random("buried").sample(found, min(draw.wanted, len(found)))
    yield Row(f"title under more than {newer} newer files: first", 0.95, _as_typed(buried, library))
    songs = draw.titles("songs", lambda title: title.is_song)
    yield Row("title of a song, without artists: first", None, _as_typed(songs, library))
    names: list[Case] = [NameCase(post.name, post.name) for post in draw.posts("pasted", "film")]
    yield Row("whole name of a film's file: a file of that name first", None, names)


def _has_length(title: KnownTitle, lengths: range) -> bool:
    return not title.is_song and len(title.words) in lengths


def _as_typed(titles: Sequence[KnownTitle], library: Library) -> list[Case]:
    return [TitleCase(title.text, title.text, library) for title in titles]


def orders(draw: Draw) -> Iterator[Row]:
    """The words of a title the other way round, and shuffled."""
    library = draw.library
    on_one_page = draw.titles("orders", lambda title: _is_reordered(title) and library.matches(title.words) <= _PAGE)
    reversed_: list[Case] = [
        SameFilesCase(" ".join(reversed(title.words)), title.text, library) for title in on_one_page
    ]
    yield Row("words reversed: same files on page 1", 1.0, reversed_)
    random = draw.random("shuffled")
    shuffled: list[Case] = [SameFilesCase(_shuffled(title, random), title.text, library) for title in on_one_page]
    yield Row("words shuffled: same files on page 1", 1.0, shuffled)
    on_more = draw.titles("orders", lambda title: _is_reordered(title, "the") and library.matches(title.words) > _PAGE)
    found: list[Case] = [TitleCase(_shuffled(title, random), title.text, library, first=False) for title in on_more]
    yield Row("words shuffled, of more than a page: title on page 1", 0.95, found)


def _is_reordered(title: KnownTitle, *ignored: str) -> bool:
    """Whether another order of its words is another text; nobody who looks for one among many types "nosferatu the"."""
    return len(set(title.words).difference(ignored)) > 1


def _shuffled(title: KnownTitle, random: Random) -> str:
    """The words in another order."""
    words = title.words
    while " ".join(words) == title.text:
        random.shuffle(words)
    return " ".join(words)


def other_letters(draw: Draw) -> Iterator[Row]:
    """Latin letters for those of other scripts, accents that a title does not have, full-width digits."""
    foreign = draw.titles("transliterated", lambda title: title.script in _TRANSLITERATED)
    latin: list[Case] = [
        TitleCase(_NOT_TYPED.sub("", anyascii(title.text).lower()), title.text, draw.library, first=False)
        for title in foreign
    ]
    yield Row("Latin letters for others: title on page 1", 0.9, latin)
    plain = draw.titles("accents", lambda title: title.text.isascii())
    accents: list[Case] = [SamePageCase(title.text.translate(_ACCENTED), title.text) for title in plain]
    yield Row("accents: same page", 1.0, accents)
    dated = [f"{post.title.lower()} {post.year}" for post in draw.posts("digits", "film")]
    digits: list[Case] = [SamePageCase(text.translate(_FULL_WIDTH), text) for text in dated]
    yield Row("full-width digits: same page", 1.0, digits)


def episodes(draw: Draw) -> Iterator[Row]:
    """Season and episode behind a title, in several spellings."""
    cases: list[Case] = []
    for number, post in enumerate(draw.posts("episodes", "series")):
        if post.episode is not None:
            title, spelling = post.title.lower(), _EPISODES[number % len(_EPISODES)]
            text = f"{title} {spelling.format(*post.episode)}"
            cases.append(TitleCase(text, title, draw.library, episode=post.episode))
    yield Row("spellings of season and episode: that episode first", 1.0, cases)
