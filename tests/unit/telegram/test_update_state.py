"""How far updates are dealt with: what is on disk never lies behind an update that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.telegram.update_state import Position, UpdateState
from tests.fixtures.clock import TestClock

if TYPE_CHECKING:
    from pathlib import Path


def state(folder: Path, account: str = "1@") -> UpdateState:
    return UpdateState(folder / "bot.session.updates", TestClock(), account=account)


def known(folder: Path) -> UpdateState:
    """A state that stands at pts 10, qts 5."""
    fresh = state(folder)
    fresh.restart_at(Position(10, 5, 1_000))
    return fresh


def numbers(position: Position | None) -> tuple[int, int] | None:
    return None if position is None else (position.pts, position.qts)


def test_a_new_process_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    """What was counted and written is read again."""
    first = known(tmp_path)
    first.advance(pts=12)
    first.advance(qts=6)
    first.flush()

    assert numbers(state(tmp_path).load()) == (12, 6)


def test_an_update_that_is_open_holds_the_position(tmp_path: Path) -> None:
    """The file says a place before the oldest open update, whatever was settled after it."""
    now = known(tmp_path)
    payment, message = now.hold(), 0
    now.advance(pts=11)
    message = now.hold()
    now.advance(pts=12)
    now.settle(message)
    now.flush()

    assert numbers(state(tmp_path).load()) == (10, 5)
    now.settle(payment)
    now.flush()
    assert numbers(state(tmp_path).load()) == (12, 5)


def test_a_missed_update_holds_its_own_place(tmp_path: Path) -> None:
    """What happened earlier and is handled now keeps the earlier place, though newer ones have been counted."""
    now = known(tmp_path)
    now.advance(pts=30)

    ticket = now.hold(Position(10, 5, 1_000))

    assert numbers(now.settled) == (10, 5)
    now.settle(ticket)
    assert numbers(now.settled) == (30, 5)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": "another"}', b'{"pts": 1}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, the start goes on."""
    (tmp_path / "bot.session.updates").write_bytes(content)

    assert state(tmp_path).load() is None


def test_another_accounts_position_is_not_used(tmp_path: Path) -> None:
    """The numbers of one bot mean nothing to another."""
    known(tmp_path).flush()

    assert state(tmp_path, "2@").load() is None


def test_nothing_is_written_before_anything_is_known(tmp_path: Path) -> None:
    """Updates that arrive before the first position is told leave no trace."""
    fresh = state(tmp_path)
    fresh.advance(pts=3)
    fresh.flush()

    assert (fresh.latest, list(tmp_path.iterdir())) == (None, [])


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """It is tried again only when the position has changed."""
    now = UpdateState(tmp_path / "absent" / "file", TestClock(), account="1@")
    now.restart_at(Position(1, 1, 1))
    now.flush()
    now.flush()
