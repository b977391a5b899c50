"""Filling a caption's template: what empty values leave behind goes, and what is too long is cut in a value. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from core.domain.caption_template import EMPTY, FIELDS, FIRST_FIELD, FIRST_TAG, field_mark
from core.search.display import grapheme_clusters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.domain.caption_template import CaptionTemplate

_ELLIPSIS = "…"
_CUT_FIRST = ("caption", "filename")

_T = "[\U000f0000-\U000fffff]"
_TAGS = re.compile(f"{_T}+")
_FILLED = re.compile("[\ufdd0-\ufdde]")
_BRACKETS = re.compile(r"[(\[«“]([^()\[\]«»“”]*)[)\]»”]")
_SEPARATOR = re.compile(rf"({_T}*[ \t]+{_T}*[·•|/–—-]{_T}*[ \t]+{_T}*|,[ \t]+)")
_BETWEEN_SPACES = re.compile(rf"[ \t]+({_T}*){EMPTY}({_T}*)[ \t]+")
_AFTER_OPENING = re.compile(rf"([(\[«“]{_T}*){EMPTY}({_T}*)[ \t]+")
_BEFORE_CLOSING = re.compile(rf"[ \t]+({_T}*){EMPTY}({_T}*[)\]»”])")
_EDGES = re.compile(rf"^({_T}*)[ \t]+|[ \t]+({_T}*)$")
_ENDS = re.compile(rf"^(?:\s|{_T})+|(?:\s|{_T})+$")
_WHOLE_WORD = re.compile(r"(?:https?://|www\.|[\w.-]+\.[a-z]{2,}/|[@#/]\w)\S*$", re.IGNORECASE)


class TooLongError(ValueError):
    """The text of the template alone passes the limit."""


def utf16_units(text: str) -> int:
    """Length as Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_text(text: str, limit: int) -> str:
    """`text`, or as much of its beginning as fits with an ellipsis into `limit` UTF-16 units.

    Characters as people see them stay whole, and so do addresses, @names and #tags: a part of one would lead elsewhere.
    """
    if utf16_units(text) <= limit:
        return text
    room, kept = limit - 1, []
    for cluster in grapheme_clusters(text[: limit + 1]):
        room -= utf16_units(cluster)
        if room < 0:
            break
        kept.append(cluster)
    beginning = "".join(kept)
    if beginning and not text[len(beginning)].isspace():
        beginning = _without_half_a_link(beginning)
    return f"{beginning.rstrip()}{_ELLIPSIS}" if limit > 0 else ""


def fill(template: CaptionTemplate, values: Mapping[str, str], limit: int) -> str:
    """HTML of the template with `values`, of at most `limit` UTF-16 units after markup is read.

    Args:
        template: as read.
        values: plain text of every field; "" takes what surrounds it away: brackets around nothing else, the part of
            a line between separators, the line.
        limit: what passes it is cut from the caption, then from the name, then from the longest value, so that neither
            markup nor the template's own text is ever cut.

    Raises:
        TooLongError: the template's own text alone is too long.
    """
    fitting = dict(values)
    while True:
        skeleton = tidied(_marked(template.skeleton, frozenset(name for name in FIELDS if not fitting[name])))
        excess = _length(skeleton, fitting) - limit
        if excess <= 0:
            return _html(skeleton, template.tags, fitting)
        _shorten(skeleton, fitting, excess)


@lru_cache(maxsize=256)
def tidied(skeleton: str) -> str:
    """A skeleton without what `EMPTY` marks would leave: brackets, separators, double spaces, empty lines."""
    if EMPTY not in skeleton:
        return _stripped(skeleton)
    before = ""
    while before != skeleton:
        before, skeleton = skeleton, _BRACKETS.sub(_without_empty_brackets, skeleton)
    lines: list[str] = []
    carried = ""  # tags of lines that go
    for line in skeleton.split("\n"):
        tidy = _tidy_line(line) if EMPTY in line else line
        if EMPTY in line and not _has_text(tidy):
            carried += tidy
            continue
        if not (_has_text(tidy) or (lines and _has_text(lines[-1]))):
            carried += _tags_of(tidy)  # a second empty line, or one at the beginning
            continue
        lines.append(carried + tidy)
        carried = ""
    return _stripped("\n".join(lines) + carried)


def _tidy_line(line: str) -> str:
    """One line that holds at least one empty field."""
    parts = _SEPARATOR.split(line)
    tidy, has_text = "", False
    for number in range(0, len(parts), 2):
        part, separator = parts[number], parts[number - 1] if number else ""
        if EMPTY in part and not _FILLED.search(part):
            tidy += _tags_of(separator) + _tags_of(part)
            continue
        tidy += (separator if has_text else _tags_of(separator)) + part
        has_text = has_text or _has_text(part)
    tidy = _AFTER_OPENING.sub(r"\1\2", _BETWEEN_SPACES.sub(r" \1\2", tidy))
    tidy = _BETWEEN_SPACES.sub(r" \1\2", _BEFORE_CLOSING.sub(r"\1\2", tidy)).replace(EMPTY, "")
    return _EDGES.sub(r"\1\2", tidy)


def _without_empty_brackets(found: re.Match[str]) -> str:
    inside = found[1]
    if EMPTY not in inside or _FILLED.search(inside):
        return found[0]
    return _tags_of(inside) + EMPTY


def _stripped(skeleton: str) -> str:
    """Without white space at the ends, whatever tags stand there."""
    return _ENDS.sub(lambda found: _tags_of(found[0]), skeleton)


def _has_text(part: str) -> bool:
    return bool(_TAGS.sub("", part).replace(EMPTY, "").strip())


def _tags_of(part: str) -> str:
    return "".join(_TAGS.findall(part))


def _marked(skeleton: str, empty: frozenset[str]) -> str:
    for name in empty:
        skeleton = skeleton.replace(field_mark(name), EMPTY)
    return skeleton


def _length(skeleton: str, values: Mapping[str, str]) -> int:
    bare = _TAGS.sub("", skeleton)
    marks = [FIELDS[ord(mark) - FIRST_FIELD] for mark in _FILLED.findall(bare)]
    return utf16_units(_FILLED.sub("", bare)) + sum(utf16_units(values[name]) for name in marks)


def _shorten(skeleton: str, values: dict[str, str], excess: int) -> None:
    """Take `excess` units from one value, or make it empty."""
    there = [name for name in FIELDS if field_mark(name) in skeleton and values[name]]
    if not there:
        raise TooLongError(excess)
    first = [name for name in _CUT_FIRST if name in there]
    name = first[0] if first else max(there, key=lambda name: utf16_units(values[name]))
    length, times = utf16_units(values[name]), skeleton.count(field_mark(name))
    shorter = cut_text(values[name], length - -(-excess // times))
    values[name] = "" if shorter == _ELLIPSIS else shorter


def _html(skeleton: str, tags: tuple[str, ...], values: Mapping[str, str]) -> str:
    return "".join(_piece(character, tags, values) for character in skeleton)


def _piece(character: str, tags: tuple[str, ...], values: Mapping[str, str]) -> str:
    code = ord(character)
    if code >= FIRST_TAG:
        return tags[code - FIRST_TAG].replace("{bot_username}", escape(values["bot_username"]))
    if FIRST_FIELD <= code < FIRST_FIELD + len(FIELDS):
        return escape(values[FIELDS[code - FIRST_FIELD]], quote=False)
    return escape(character, quote=False)


def _without_half_a_link(beginning: str) -> str:
    """Without the address, @name, #tag or command that the cut goes through, unless nothing else is there."""
    found = _WHOLE_WORD.search(beginning)
    if found is None or not beginning[: found.start()].strip():
        return beginning
    return beginning[: found.start()]
