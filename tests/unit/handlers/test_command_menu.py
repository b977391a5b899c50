"""Publishing the command menu."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.domain.permission import Role
from core.errors import TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError
from core.text.catalog import Catalogue
from handlers.command_menu import CommandMenu

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.fixtures.clock import TestClock


def ranks(known: dict[int, Role]) -> Callable[[], Awaitable[dict[int, Role]]]:
    """Who has which role, for a menu."""

    async def tell() -> dict[int, Role]:
        return known

    return tell


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
    menu = CommandMenu(wire, Catalogue(), clock, ranks({}))
    publishing = asyncio.ensure_future(menu.publish(lambda texts, _: [("start", texts.plain("command-start"))]))
    await clock.wait_sleeping(1)
    clock.advance(pause_s - 1)
    await asyncio.sleep(0)
    assert wire.published == []

    clock.advance(1)
    await publishing

    assert wire.published == [[("start", "Start over")]]


async def test_every_role_has_a_menu_of_their_own_once_they_started_the_bot(clock: TestClock) -> None:
    """One who has not keeps nobody waiting, and gets it later."""
    published: list[tuple[int | None, list[str]]] = []
    unstarted = {8}

    class Telegram:
        async def set_commands(self, commands: list[tuple[str, str]], *, person_id: int | None = None) -> None:
            if person_id in unstarted:
                raise SourceGoneError("never started")
            published.append((person_id, [name for name, _ in commands]))

    menu = CommandMenu(Telegram(), Catalogue(), clock, ranks({8: Role.ADMIN, 9: Role.MODERATOR}))
    publishing = asyncio.ensure_future(menu.publish(lambda _, role: [("start", "Start"), (role.value, "For them")]))
    await clock.wait_sleeping(1)
    assert published == [(None, ["start", "reader"]), (9, ["start", "moderator"])]

    unstarted.clear()
    clock.advance(600)
    await publishing

    assert published[2:] == [(8, ["start", "admin"])]


async def test_who_is_dismissed_gets_the_menu_of_everybody_back(clock: TestClock) -> None:
    """The list of their own is taken back, not replaced by a copy that ages."""
    wire = Wire()
    menu = CommandMenu(wire, Catalogue(), clock, ranks({}))

    await menu.show(lambda _, role: [(role.value, "For them")], 8, Role.MODERATOR)
    await menu.show(lambda _, role: [(role.value, "For them")], 8, Role.READER)

    assert wire.published == [[("moderator", "For them")], ()]
