"""A search, its window and one page of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.domain.media import ListedFile, MediaKind


@dataclass(frozen=True, slots=True)
class SearchCursor:
    """Where a walk through all matches of a query stands, newest first.

    Attributes:
        before: by number of the database, the id of its last file that was handed out; a database that is not named
            was not read yet. One that did not answer keeps its place, so that its files come when it is back.
    """

    before: Mapping[int, int]


class FoundFiles(NamedTuple):
    """Files that several databases were asked for.

    Attributes:
        files: newest first for a search, in the order asked for ids.
        missing: numbers of the databases that did not answer: more files may exist.
        cursor: where the next files of a search begin; None when every database that answered has no more.
    """

    files: list[ListedFile]
    missing: tuple[int, ...] = ()
    cursor: SearchCursor | None = None


class MatchCount(NamedTuple):
    """How many files match.

    Attributes:
        total: at most the limit that was given.
        missing: numbers of the databases that were not counted.
    """

    total: int
    missing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Facets:
    """How many files of a window are of each kind, quality and language; most first, what no file has left out."""

    kinds: tuple[tuple[MediaKind, int], ...] = ()
    qualities: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The part of a window that a page shows: files that agree with everything that is set.

    Attributes:
        quality: canonical, `1080p`.
        language: two letters, lower case.
    """

    kind: MediaKind | None = None
    quality: str | None = None
    language: str | None = None

    def __bool__(self) -> bool:
        return self != _EVERYTHING


_EVERYTHING = Narrowing()


@dataclass(frozen=True, slots=True)
class SearchWindow:
    """The newest matches of a query, ranked: what a result page turns over.

    Attributes:
        ids: up to the window size, in display order; behind them, of a session whose reader went further, older
            matches, newest first.
        total: number of matches, or the bound that counting stopped at.
        total_is_exact: False when `total` is only a lower bound ("over 1,000").
        is_partial: a database did not answer, so that files may be missing and `total` is only a lower bound.
        facets: of the ranked files.
        corrected: the text that was searched for instead of the typed one, which finds nothing; None when the typed one
            was.
        cursor: where older matches begin; None when `ids` are all there are.
    """

    ids: tuple[int, ...]
    total: int
    total_is_exact: bool
    is_partial: bool = False
    facets: Facets = field(default_factory=Facets)
    corrected: str | None = None
    cursor: SearchCursor | None = None


@dataclass(frozen=True, slots=True)
class SearchSession:
    """One person's result pages, kept for an hour.

    Attributes:
        id: 16 hex characters, the only thing a button carries.
        owner_id: the person who searched; buttons of anyone else are refused.
        query: as typed, normalised to one line.
    """

    id: str
    owner_id: int
    query: str
    window: SearchWindow


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of a session, ready to render.

    Attributes:
        number: from 1.
        pages: at least 1.
        first_index: position of the first file among those that are turned over, from 0.
        files: may be shorter than the page size when files were deleted meanwhile. Versions of one title follow one
            another (`core.search.variants`).
        is_partial: a database did not answer, now or when the window was filled: files may be missing.
        narrowing: what part of the window is turned over.
        narrowed_total: how many files that part has; None without a narrowing, then `session.window.total` counts.
        has_more: there are pages behind the last of `pages`, found when they are turned to.
        suggestions: of a search that found nothing, up to five texts that would find something, best first.
    """

    session: SearchSession
    number: int
    pages: int
    first_index: int
    files: Sequence[ListedFile]
    is_partial: bool = False
    narrowing: Narrowing = _EVERYTHING
    narrowed_total: int | None = None
    has_more: bool = False
    suggestions: tuple[str, ...] = ()
