"""Hand-written queries over the demo's library."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.relevance_library import runs
from benchmarks.relevance_rows import Row, told
from core.domain.media import MediaKind, MediaSource, NewMedia
from sandbox.demo_library import load_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.relevance_rows import Case, Searched

_QUERIES = Path(__file__).with_suffix(".toml")
_CHANNEL = -1001000000001
_TARGET = 0.95


@dataclass(frozen=True, slots=True)
class PhraseCase:
    """The name of the first file contains one of several phrases, word by word."""

    text: str
    phrases: tuple[str, ...]

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        files = await searched.page(self.text)
        if files and any(runs(phrase) in runs(files[0].name) for phrase in self.phrases):
            return None
        return told(" or ".join(self.phrases), files)


def demo_files() -> Iterator[NewMedia]:
    """The library's files as its channel would post them."""
    for number, item in enumerate(load_library(), start=1):
        yield NewMedia(
            unique_id=f"AgAD{number:011}",
            file_id=f"BQACAgQAAxkBAAI{number:057}",
            name=item.file_name,
            caption=item.caption,
            size=item.size,
            kind=MediaKind[item.kind.upper()],
            source=MediaSource(_CHANNEL, number),
            mime_type=item.mime_type,
            duration_s=item.duration,
        )


def demo_rows() -> Iterator[Row]:
    """A row of each kind of query, which are shown, and one of all of them, which is judged.

    Raises:
        SystemExit: nothing in the library can be the answer to a query.
    """
    kinds = tomllib.loads(_QUERIES.read_text(encoding="utf-8"))["queries"]
    names = [runs(item.file_name) for item in load_library()]
    every: list[Case] = []
    for kind, queries in kinds.items():
        cases: list[Case] = []
        for text, *phrases in queries:
            if not all(any(runs(phrase) in name for name in names) for phrase in phrases):
                raise SystemExit(f"{_QUERIES.name}: no file answers {text!r}")
            cases.append(PhraseCase(text, tuple(phrases)))
        yield Row(f"demo, {kind}: first", None, cases)
        every += cases
    yield Row("demo, all: first", _TARGET, every)
