"""What admins are told, and how often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.domain.self_check import Finding
from core.errors import TelegramUnavailableError
from core.services.admin_notices import AdminNotices
from core.telegram.gateway import OutcomeUnknownError, RecipientUnreachableError, RetryLaterError
from core.text.catalog import Catalogue

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock

OWNER, OTHER = 11, 12
KEY = "error-busy"


class Wire:
    """Telegram's side; answers with its errors first, and keeps what arrived."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.arrived: list[tuple[int, str]] = []

    async def send_text(self, chat_id: int, html: str, **_: object) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.arrived.append((chat_id, html))
        return 1


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def notices(wire: Wire, clock: TestClock) -> AdminNotices:
    return AdminNotices(wire, Catalogue(), [OWNER, OTHER, OWNER], TaskRegistry(clock), clock)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_every_admin_is_told_once(notices: AdminNotices, wire: Wire) -> None:
    """Whoever stands twice among the admins is one person."""
    notices.tell(KEY)
    await settle()

    assert [chat_id for chat_id, _ in wire.arrived] == [OWNER, OTHER]


async def test_appointed_admins_are_told_as_well(notices: AdminNotices, wire: Wire) -> None:
    """Whom the settings name and somebody appoints is told once; who is appointed later is told from then on."""
    appointed = [OTHER]

    async def ask() -> list[int]:
        return appointed

    notices.tell_also(ask)
    notices.tell(KEY)
    await settle()
    appointed.append(13)
    notices.tell(KEY)
    await settle()

    assert [chat_id for chat_id, _ in wire.arrived] == [OWNER, OTHER, OWNER, OTHER, 13]


async def test_an_episode_is_told_at_its_beginning_and_at_its_end(notices: AdminNotices, wire: Wire) -> None:
    """Scenario 65: told once until it is over, and again when it comes back."""
    told = [notices.tell_once("full", KEY), notices.tell_once("full", KEY), notices.tell_once("other", KEY)]
    ended = [notices.over("full", KEY), notices.over("full", KEY), notices.tell_once("full", KEY)]
    await settle()

    assert told == [True, False, True]
    assert ended == [True, False, True]
    assert len(wire.arrived) == 2 * 4


@pytest.mark.parametrize(
    ("error", "pause_s"), [(RetryLaterError(40), 40), (TelegramUnavailableError("no answer"), 10)], ids=str
)
async def test_a_notice_waits_for_telegram(
    notices: AdminNotices, wire: Wire, clock: TestClock, error: Exception, pause_s: float
) -> None:
    """It is sent again after the pause that Telegram asked for."""
    wire.errors = [error, error]
    notices.tell(KEY)
    await clock.wait_sleeping(2)
    assert wire.arrived == []

    clock.advance(pause_s)
    await settle()

    assert len(wire.arrived) == 2


@pytest.mark.parametrize("error", [RecipientUnreachableError("blocked"), OutcomeUnknownError("lost")], ids=str)
async def test_a_notice_never_arrives_twice_or_fails(notices: AdminNotices, wire: Wire, error: Exception) -> None:
    """Who cannot be reached keeps nobody else from hearing; what may have arrived is not sent again."""
    wire.errors = [error]
    notices.tell(KEY)
    await settle()

    assert [chat_id for chat_id, _ in wire.arrived] == [OTHER]


async def test_a_flood_of_notices_is_bounded(notices: AdminNotices, wire: Wire, clock: TestClock) -> None:
    """While Telegram is away, a hundred messages wait and no more."""
    wire.errors = [TelegramUnavailableError("away")] * 100
    for _ in range(200):
        notices.tell(KEY)
    await clock.wait_sleeping(100)
    clock.advance(10)
    await settle()

    assert len(wire.arrived) == 100


async def test_the_owner_gets_a_list_that_fits_a_message(notices: AdminNotices, wire: Wire) -> None:
    """Whatever is too much is left out, never the last sentence, which says how to see all of it."""
    channels = [Finding("check-channel-not-admin", {"channel": "c" * 60})] * 200

    assert await notices.reach_owner([*channels, Finding("check-again")])

    [(chat_id, html)] = wire.arrived
    assert chat_id == OWNER
    assert 3000 < len(html) < 4096
    assert html.endswith("/verify looks again.")


async def test_whether_the_owner_was_reached_is_known(notices: AdminNotices, wire: Wire) -> None:
    """Who never started the bot was not; what may have arrived is not said again."""
    wire.errors = [RecipientUnreachableError("never started"), OutcomeUnknownError("lost")]

    assert not await notices.reach_owner([Finding("check-again")])
    assert await notices.reach_owner([Finding("check-again")])
