"""The list of commands that Telegram's apps show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.errors import TelegramUnavailableError
from core.telegram.gateway import RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.clock import Clock
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue, Texts

_LANGUAGE = "en"
_RETRY_PAUSE_S = 10.0


class CommandMenu:
    """Publishes the commands; Telegram keeps them, so that nothing waits for it."""

    def __init__(self, telegram: TelegramGateway, catalogue: Catalogue, clock: Clock) -> None:
        self._telegram = telegram
        self._catalogue = catalogue
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def publish(self, menu: Callable[[Texts], Sequence[tuple[str, str]]]) -> None:
        """Publish what `menu` says in English, for everybody; again and again until Telegram takes it.

        Raises:
            TelegramRefusedError: Telegram will not take it, however often it is asked.
        """
        commands = menu(self._catalogue.for_language(_LANGUAGE))
        while True:
            try:
                await self._telegram.set_commands(commands)
            except TelegramUnavailableError as error:
                pause_s = error.seconds if isinstance(error, RetryLaterError) else _RETRY_PAUSE_S
                self._log.warning("commands_not_published", error=type(error).__name__, retry_s=pause_s)
                await self._clock.sleep(pause_s)
            else:
                self._log.info("commands_published", commands=len(commands))
                return
