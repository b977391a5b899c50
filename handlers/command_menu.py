"""The list of commands that Telegram's apps show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from core.errors import TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError
from core.text.catalog import Texts

if TYPE_CHECKING:
    from core.clock import Clock
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue

_Menu = Callable[[Texts], Sequence[tuple[str, str]]]

_LANGUAGE = "en"
_RETRY_PAUSE_S = 10.0
_NOT_STARTED_PAUSE_S = 600.0


class CommandMenu:
    """Publishes the commands; Telegram keeps them, so that nothing waits for it."""

    def __init__(
        self, telegram: TelegramGateway, catalogue: Catalogue, clock: Clock, admins: Sequence[int] = ()
    ) -> None:
        self._telegram = telegram
        self._catalogue = catalogue
        self._clock = clock
        self._admins = admins
        self._log = structlog.get_logger(__name__)

    async def publish(self, menu: _Menu, admin_menu: _Menu | None = None) -> None:
        """Publish what `menu` says in English for everybody, and `admin_menu` for each admin instead.

        Tried again and again until Telegram takes it. An admin who has not started the bot sees everybody's menu, and
        gets the other one within ten minutes of starting it.

        Raises:
            TelegramRefusedError: Telegram will not take it, however often it is asked.
        """
        texts = self._catalogue.for_language(_LANGUAGE)
        await self._publish(menu(texts), None)
        if admin_menu is None:
            return
        waiting = list(self._admins)
        while waiting := [admin_id for admin_id in waiting if not await self._reach(admin_id, admin_menu(texts))]:
            await self._clock.sleep(_NOT_STARTED_PAUSE_S)

    async def _reach(self, admin_id: int, commands: Sequence[tuple[str, str]]) -> bool:
        """Publish for one admin; False when that person has not started the bot."""
        try:
            await self._publish(commands, admin_id)
        except SourceGoneError:
            self._log.debug("admin_has_not_started_the_bot", admin_id=admin_id)
            return False
        return True

    async def _publish(self, commands: Sequence[tuple[str, str]], person_id: int | None) -> None:
        while True:
            try:
                await self._telegram.set_commands(commands, person_id=person_id)
            except TelegramUnavailableError as error:
                pause_s = error.seconds if isinstance(error, RetryLaterError) else _RETRY_PAUSE_S
                self._log.warning("commands_not_published", error=type(error).__name__, retry_s=pause_s)
                await self._clock.sleep(pause_s)
            else:
                self._log.info("commands_published", commands=len(commands), person_id=person_id)
                return
