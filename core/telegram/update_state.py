"""How far the account's updates have been dealt with, on disk, so that the next start can ask for the rest.

The file holds no secret and need not be exact: what lies before its position has been dealt with, what lies behind it
may have been. A lost or damaged file costs what happened while the bot was down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson
import structlog

if TYPE_CHECKING:
    from pathlib import Path

    from core.clock import Clock

_FORMAT = "file-filter-bot updates 1"


class Position(NamedTuple):
    """A place in the account's sequences of updates.

    Attributes:
        pts: of messages outside channels and supergroups.
        qts: of members that change, and the like.
        date: unix time; nothing before it is asked for again.
    """

    pts: int
    qts: int
    date: int


class UpdateState:
    """Counts updates as they arrive and as they are dealt with; the position on disk is before the first open one.

    Args:
        path: the file; it may be absent.
        account: whose updates they are; the position of another account is not used.
    """

    def __init__(self, path: Path, clock: Clock, *, account: str) -> None:
        self._path = path
        self._clock = clock
        self._account = account
        self._now: Position | None = None
        self._open: dict[int, Position] = {}
        self._tickets = 0
        self._written: Position | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def latest(self) -> Position | None:
        """Behind everything that has arrived; None when nothing is known."""
        return self._now

    @property
    def settled(self) -> Position | None:
        """Before the first update that is not dealt with; what the file will say."""
        if self._now is None:
            return None
        return Position(*map(min, zip(self._now, *self._open.values(), strict=True)))

    def load(self) -> Position | None:
        """Read the file; None when there is no position of this account in it."""
        try:
            stored = orjson.loads(self._path.read_bytes())
            if (stored["format"], stored["account"]) == (_FORMAT, self._account):
                self._now = self._written = Position(int(stored["pts"]), int(stored["qts"]), int(stored["date"]))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._log.warning("update_state_unreadable", file=self._path.name, error=type(error).__name__)
        return self._now

    def restart_at(self, position: Position) -> None:
        """Go on from a position that Telegram has told, which may lie before what was known."""
        self._now = position

    def advance(self, pts: int | None = None, qts: int | None = None) -> None:
        """An update with these numbers has arrived; those that are None or 0 say nothing."""
        if self._now is None or not (pts or qts):
            return
        self._now = Position(max(self._now.pts, pts or 0), max(self._now.qts, qts or 0), int(self._clock.unix()))

    def hold(self, at: Position | None = None) -> int:
        """Keep the position here, or at an earlier place, until the returned ticket is settled.

        For an update that arrives, call it before `advance`.
        """
        self._tickets += 1
        if (position := at or self._now) is not None:
            self._open[self._tickets] = position
        return self._tickets

    def settle(self, ticket: int) -> None:
        """What the ticket was taken for has been dealt with."""
        self._open.pop(ticket, None)

    def held(self, ticket: int) -> Position | None:
        """Where a ticket was taken; None once it is settled, or when nothing was known then."""
        return self._open.get(ticket)

    def flush(self) -> None:
        """Write the settled position unless it is on disk; failing is logged, and costs a longer look back.

        The file is replaced in one step. It is not forced to the disk: a killed process loses nothing by that.
        """
        position = self.settled
        if position is None or position == self._written:
            return
        fresh = self._path.with_name(self._path.name + ".new")
        content = {"format": _FORMAT, "account": self._account, **position._asdict()}
        try:
            fresh.write_bytes(orjson.dumps(content))
            fresh.replace(self._path)
        except OSError as error:
            self._log.warning("update_state_unwritable", file=self._path.name, error=str(error))
        self._written = position
