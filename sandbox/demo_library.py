"""The library of the demo: several hundred posts named after works in the public domain.

The works stand in `library/*.toml`, each listed once; a file's release rules expand them into posts. A rule is a name
pattern and, optionally, a caption pattern over these fields of a work and of one of its parts:

    {title} {original} {year} {language} {people} {by}      the work; {by} is the first of its people
    {dots} {original_dots} {part_dots}                      the same in release spelling: Blind.Husbands
    {season} {number} {part}                                one episode, track, chapter or volume

A rule that names no field of a part makes one post of the whole work, else one post for every part. A part may end in
its playing time ("Aquarium 2:20").
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["video", "audio", "document", "photo"]

LIBRARY_FOLDER = Path(__file__).with_name("library")

_PART_FIELD = re.compile(r"\{(part|number|season)")
_PLAYING_TIME = re.compile(r" (\d+):(\d\d)$")
_QUALITY = re.compile(r"\b(2160|1080|720|480)p\b")
# Kilobits a second: black-and-white film compressed to fit Telegram's 4,000 MiB ceiling for one file.
_VIDEO_RATE = {"2160": 4800, "1080": 2300, "720": 1100, "480": 600}
_DEFAULT_QUALITY = "480"
_PHOTO_BYTES = 420_000


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """One post of the demo channel.

    Attributes:
        file_name: unique in the library, at most 255 bytes of UTF-8, extension included.
        size: bytes, as a release of that kind and quality would have; at most Telegram's 4,000 MiB.
        duration: whole seconds; None for documents and photos.
        caption: what the post says under the file; None when it says nothing. A photo always has one, because
            Telegram keeps no file name for photos.
    """

    file_name: str
    kind: Kind
    size: int
    duration: int | None
    mime_type: str
    caption: str | None


@dataclass(frozen=True, slots=True)
class _Format:
    """What a file extension stands for; `rate` is kilobits a second, or bytes a page, of what is not video."""

    kind: Kind
    mime_type: str
    rate: int = 0


_FORMATS = {
    "mkv": _Format("video", "video/x-matroska"),
    "mp4": _Format("video", "video/mp4"),
    "avi": _Format("video", "video/x-msvideo"),
    "mp3": _Format("audio", "audio/mpeg", 192),
    "m4a": _Format("audio", "audio/mp4", 128),
    "ogg": _Format("audio", "audio/ogg", 112),
    "flac": _Format("audio", "audio/flac", 740),
    "epub": _Format("document", "application/epub+zip", 2_600),
    "fb2": _Format("document", "application/x-fictionbook+xml", 3_900),
    "txt": _Format("document", "text/plain", 2_100),
    "pdf": _Format("document", "application/pdf", 31_000),
    "djvu": _Format("document", "image/vnd.djvu", 14_000),
    "jpg": _Format("photo", "image/jpeg"),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """One episode, track, chapter or volume, or the whole work; `seconds` is None where nothing is played."""

    title: str
    season: int
    number: int
    seconds: int | None


@dataclass(frozen=True, slots=True)
class _Release:
    name: str
    caption: str | None


def load_library(folder: Path = LIBRARY_FOLDER) -> list[LibraryItem]:
    """Read and expand a library.

    Args:
        folder: its `*.toml` files, read in the order of their names; the demo's own unless told otherwise.

    Returns:
        The posts in the order of the data files, alike in every process: sizes and playing times that the data does
        not state are derived from checksums of the names.

    Raises:
        ValueError: two posts would have the same file name, a work names a release rule that does not exist, a file
            name has an unknown extension, or a video or audio has no playing time.
        KeyError: a work has no title, or a pattern names an unknown field.
    """
    items: dict[str, LibraryItem] = {}
    for path in sorted(folder.glob("*.toml")):
        for item in _expand_file(tomllib.loads(path.read_text(encoding="utf-8"))):
            if item.file_name in items:
                raise ValueError(f"{path.name}: two posts are called {item.file_name!r}")
            items[item.file_name] = item
    return list(items.values())


def _expand_file(data: Mapping[str, Any]) -> Iterator[LibraryItem]:
    releases = {key: _Release(rule[0], rule[1] if len(rule) > 1 else None) for key, rule in data["release"].items()}
    for work in data["works"]:
        parts = list(_parts(work))
        for key in work.get("releases", "").split():
            if key not in releases:
                raise ValueError(f"{work['title']}: no release rule is called {key!r}")
            yield from _expand_release(work, parts, releases[key])
        for name in work.get("also", ()):
            yield _item(name, work.get("caption"), work, _whole(parts))


def _expand_release(work: Mapping[str, Any], parts: list[_Part], release: _Release) -> Iterator[LibraryItem]:
    for part in parts if _PART_FIELD.search(release.name) else [_whole(parts)]:
        fields = _fields(work, part)
        caption = release.caption.format_map(fields) if release.caption else None
        yield _item(release.name.format_map(fields), caption, work, part)


def _parts(work: Mapping[str, Any]) -> Iterator[_Part]:
    """List a work's parts: its seasons' episodes, its titled parts or its numbered volumes; else the work itself."""
    title, minutes = work["title"], work.get("minutes")
    seasons = work.get("seasons") or [
        work.get("parts") or [str(volume + 1) for volume in range(work.get("volumes", 1))]
    ]
    for season, names in enumerate(seasons, start=1):
        for number, name in enumerate(names, start=1):
            stated = _PLAYING_TIME.search(name)
            if stated:
                seconds = int(stated[1]) * 60 + int(stated[2])
                yield _Part(name[: stated.start()], season, number, seconds)
            else:
                yield _Part(name, season, number, minutes and minutes * 60 + _checksum(title, name) % 60)


def _whole(parts: list[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    return _Part("", 0, 0, sum(part.seconds or 0 for part in parts) or None)


def _fields(work: Mapping[str, Any], part: _Part) -> dict[str, object]:
    original, people = work.get("original", work["title"]), work.get("people", [])
    return {
        "title": work["title"],
        "original": original,
        "year": work.get("year", ""),
        "language": work.get("language", ""),
        "people": ", ".join(people),
        "by": people[0] if people else "",
        "dots": _release_spelling(work["title"]),
        "original_dots": _release_spelling(original),
        "part_dots": _release_spelling(part.title),
        "season": part.season,
        "number": part.number,
        "part": part.title,
    }


def _release_spelling(title: str) -> str:
    """Join a title's words by dots, keeping letters of any script with their marks."""
    bare = title.replace("'", "").replace("’", "")
    return ".".join("".join(ch if unicodedata.category(ch)[0] in "LMN" else " " for ch in bare).split())


def _item(name: str, caption: str | None, work: Mapping[str, Any], part: _Part) -> LibraryItem:
    extension = name.rpartition(".")[2]
    if extension not in _FORMATS:
        raise ValueError(f"{name!r}: unknown extension")
    form = _FORMATS[extension]
    played = form.kind in {"video", "audio"}
    if played and part.seconds is None:
        raise ValueError(f"{name!r}: no playing time is given")
    return LibraryItem(
        file_name=name,
        kind=form.kind,
        size=_size(name, form, part.seconds or 0, work.get("pages", 200)),
        duration=part.seconds if played else None,
        mime_type=form.mime_type,
        caption=caption,
    )


def _size(name: str, form: _Format, seconds: int, pages: int) -> int:
    """Estimate a file's bytes, varied by up to 12 % either way so that no two releases weigh the same."""
    match form.kind:
        case "video":
            quality = _QUALITY.search(name)
            nominal = seconds * _VIDEO_RATE[quality[1] if quality else _DEFAULT_QUALITY] * 125
        case "audio":
            nominal = seconds * form.rate * 125
        case "document":
            nominal = 90_000 + pages * form.rate
        case "photo":
            nominal = _PHOTO_BYTES
    return nominal * (8_800 + _checksum(name) % 2_401) // 10_000


def _checksum(*words: str) -> int:
    return crc32("\0".join(words).encode())
