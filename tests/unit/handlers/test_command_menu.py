"""Publishing the command menu."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.errors import TelegramUnavailableError
from core.telegram.gateway import RetryLaterError
from core.text.catalog import Catalogue
from handlers.command_menu import CommandMenu

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock


class Wire:
    """Telegram's side of the command menu; answers with its errors first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.published: list[object] = []

    async def set_commands(self, commands: object, *, person_id: int | None = None) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.published.append(commands)


@pytest.mark.parametrize(
    ("error", "pause_s"), [(RetryLaterError(300), 300), (TelegramUnavailableError("no answer"), 10)], ids=str
)
async def test_a_menu_that_telegram_puts_off_is_published_later(
    clock: TestClock, error: Exception, pause_s: float
) -> None:
    """The menu is sent again after the wait that Telegram asked for, and not before."""
    wire = Wire(error)
    menu = CommandMenu(wire, Catalogue(), clock)
    publishing = asyncio.ensure_future(menu.publish(lambda texts: [("start", texts.plain("command-start"))]))
    await clock.wait_sleeping(1)
    clock.advance(pause_s - 1)
    await asyncio.sleep(0)
    assert wire.published == []

    clock.advance(1)
    await publishing

    assert wire.published == [[("start", "Start over")]]
