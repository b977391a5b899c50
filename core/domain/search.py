"""A search, its window and one page of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import ListedFile


@dataclass(frozen=True, slots=True)
class SearchWindow:
    """The newest matches of a query, ranked: what a result page turns over.

    Attributes:
        ids: up to the window size, in display order.
        total: number of matches, or the bound that counting stopped at.
        total_is_exact: False when `total` is only a lower bound ("over 1,000").
    """

    ids: tuple[int, ...]
    total: int
    total_is_exact: bool


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
        first_index: position of the first file in the window, from 0.
        files: may be shorter than the page size when files were deleted meanwhile.
    """

    session: SearchSession
    number: int
    pages: int
    first_index: int
    files: Sequence[ListedFile]
