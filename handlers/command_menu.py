"""The list of commands that Telegram's apps show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from core.domain.permission import Role
from core.errors import TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError
from core.text.catalog import Texts

if TYPE_CHECKING:
    from core.clock import Clock
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue

Menu = Callable[[Texts, Role], Sequence[tuple[str, str]]]

_LANGUAGE = "en"
_RETRY_PAUSE_S = 10.0
_NOT_STARTED_PAUSE_S = 600.0


class CommandMenu:
    """Publishes the commands; Telegram keeps them, so that nothing waits for it.

    Args:
        ranks: the role of everybody who has one above a reader's; never raises.
    """

    def __init__(
        self,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        clock: Clock,
        ranks: Callable[[], Awaitable[Mapping[int, Role]]],
    ) -> None:
        self._telegram = telegram
        self._clock = clock
        self._ranks = ranks
        self._texts = catalogue.for_language(_LANGUAGE)
        self._log = structlog.get_logger(__name__)

    async def publish(self, menu: Menu) -> None:
        """Publish what `menu` says in English for readers, and for each other person what it says for their role.

        Tried again and again until Telegram takes it. Who has not started the bot sees everybody's menu, and gets
        their own within ten minutes of starting it.

        Raises:
            TelegramRefusedError: Telegram will not take it, however often it is asked.
        """
        await self._publish(menu(self._texts, Role.READER), None)
        reached: set[int] = set()
        while True:
            ranks = await self._ranks()
            waiting = [person_id for person_id in ranks if person_id not in reached]
            reached |= {person_id for person_id in waiting if await self.show(menu, person_id, ranks[person_id])}
            if reached >= set(ranks):
                return
            await self._clock.sleep(_NOT_STARTED_PAUSE_S)

    async def show(self, menu: Menu, person_id: int, role: Role) -> bool:
        """Publish what one person with this role sees; False when that person has not started the bot.

        Raises:
            TelegramRefusedError: as of `publish`.
        """
        own = () if role is Role.READER else menu(self._texts, role)
        try:
            await self._publish(own, person_id)
        except SourceGoneError:
            self._log.debug("person_has_not_started_the_bot", person_id=person_id)
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
