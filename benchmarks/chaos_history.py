"""What the chaos benchmark did and what it was answered; the auditor judges from this and the databases alone.

Every moment is in unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.media import MediaSource


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One search.

    Attributes:
        words: what was searched for; a file matches when its name has all of them.
        ids: the window, in display order.
        shown: (id, name) of the files of the page.
        is_full: the window is as long as windows get, so that older matches may be left out.
        error: class and text of the error that came instead of an answer; "" for an answer.
    """

    asked_at: float
    answered_at: float
    words: tuple[str, ...]
    ids: tuple[int, ...] = ()
    shown: tuple[tuple[int, str], ...] = ()
    page_size: int = 10
    is_full: bool = False
    is_partial: bool = False
    error: str = ""

    @property
    def wanted(self) -> tuple[int, ...]:
        """The ids that stand on the first page."""
        return self.ids[: self.page_size]

    @property
    def took_s(self) -> float:
        """Seconds until the answer or the error."""
        return self.answered_at - self.asked_at


@dataclass(frozen=True, slots=True)
class PageTurn:
    """One further page of a search.

    Attributes:
        wanted: ids that stand on the page, in order.
        shown: as in `SearchAnswer`.
    """

    asked_at: float
    answered_at: float
    wanted: tuple[int, ...]
    shown: tuple[tuple[int, str], ...]
    is_partial: bool


@dataclass(frozen=True, slots=True)
class WalkPage:
    """One page of a walk by cursor; `missing` are the numbers of the databases that did not answer."""

    asked_at: float
    answered_at: float
    ids: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(slots=True)
class Walk:
    """All pages of one walk through the matches of `words`.

    Attributes:
        has_ended: the last page said that there is no more.
    """

    words: tuple[str, ...]
    pages: list[WalkPage] = field(default_factory=list)
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One file asked for by its id; `found` tells a file from "gone"."""

    asked_at: float
    answered_at: float
    media_id: int
    found: bool


@dataclass(slots=True)
class FileStory:
    """One file as the benchmark offered it.

    Attributes:
        name: the newest one that was offered, by a post or an edit.
        offered_sources: every post of it that was offered, acknowledged or not.
        sources: its acknowledged posts.
        stored_at: when its first post was acknowledged; None before.
        is_settled: no post or edit of it waits for an acknowledgement.
        removal_asked: its posts were deleted.
        removed_at: when that was acknowledged; None before.
        events: what was asked for and acknowledged after the first post, and when.
    """

    name: str
    offered_sources: set[MediaSource] = field(default_factory=set)
    sources: set[MediaSource] = field(default_factory=set)
    stored_at: float | None = None
    is_settled: bool = True
    removal_asked: bool = False
    removed_at: float | None = None
    events: list[tuple[float, str]] = field(default_factory=list)


@dataclass(slots=True)
class ReaderStory:
    """What one reader fetched.

    Attributes:
        spent: slots whose use was acknowledged.
        uncertain: slots whose use was asked for and not answered.
        held: slots granted to running presses, not spent yet; a hold that a crash left behind is not counted.
        most: the largest `spent + held` ever seen.
    """

    spent: int = 0
    uncertain: int = 0
    held: int = 0
    most: int = 0

    def note(self) -> None:
        """Remember the peak after a grant."""
        self.most = max(self.most, self.spent + self.held)


@dataclass(slots=True)
class History:
    """Everything that happened, filled while the load runs.

    Attributes:
        longest_lag_s: how late the event loop woke somebody at worst: what the machine, and not the bot, cost.
    """

    searches: list[SearchAnswer] = field(default_factory=list)
    turns: list[PageTurn] = field(default_factory=list)
    walks: list[Walk] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    files: dict[str, FileStory] = field(default_factory=dict)
    readers: dict[int, ReaderStory] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    longest_lag_s: float = 0.0

    def count(self, name: str, by: int = 1) -> None:
        """Add to a figure of the report."""
        self.counts[name] = self.counts.get(name, 0) + by
