"""Restarting the bot: the process ends in order, whatever runs it starts it again, and it says that it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.random_id import random_id_of
from core.domain.restart import RestartNote
from core.errors import DatabaseUnavailableError, InfrastructureError
from core.lifecycle import EXIT_RESTART
from core.services.confirmations import Confirmations
from core.telegram.gateway import RecipientUnreachableError, SendClass, TelegramRefusedError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.user import User
    from core.lifecycle import ShutdownSignal
    from core.services.audit_log import AuditLog
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue
    from repositories.restart import RestartRepository

_RETRY_S = 5.0


class RestartService:
    """Nothing but a restart: no other version is fetched, nothing is deleted.

    What was offered is known to this process alone, so that no press that arrives a second time restarts the next one.

    Args:
        stop: ends this process in order, with what is on its way.
        version: of this program, as in `config.release`.
    """

    def __init__(
        self,
        *,
        notes: RestartRepository,
        stop: ShutdownSignal,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        audit: AuditLog,
        clock: Clock,
        version: str,
    ) -> None:
        self._notes = notes
        self._stop = stop
        self._telegram = telegram
        self._catalogue = catalogue
        self._audit = audit
        self._clock = clock
        self._version = version
        self._offers: Confirmations[None] = Confirmations(
            clock, expired="restart-expired", not_yours="restart-not-yours"
        )
        self._log = structlog.get_logger(__name__)

    def offer(self, admin_id: int) -> str:
        """Keep a question for a minute; the token that answers it."""
        return self._offers.ask(admin_id, None)

    def take(self, admin_id: int, token: str) -> None:
        """Take an offer that the same admin confirms or cancels, which can be done once.

        Raises:
            ExpiredError, NotYoursError: see `Confirmations.take`.
        """
        self._offers.take(admin_id, token)

    async def restart(self, admin: User, token: str) -> None:
        """End this process in order, with the exit code that asks for another one; audited.

        While the database is away it restarts all the same, and the next process does not say that it is back.

        Args:
            admin: who asked.
            token: of the offer that was taken.
        """
        note = RestartNote(random_id_of("restart", token), admin.id, admin.spoken_language, self._clock.utc_now())
        await self._audit.add(admin.id, "restarted")
        try:
            await self._notes.add(note)
        except DatabaseUnavailableError:
            self._log.warning("restart_not_noted", admin_id=admin.id)
        self._stop.request(f"restart asked for by {admin.id}", EXIT_RESTART)

    async def tell(self) -> None:
        """Tell those who asked for a restart that the bot is back; waits for database and Telegram."""
        while True:
            try:
                for note in await self._notes.all():
                    await self._tell(note)
            except InfrastructureError:
                await self._clock.sleep(_RETRY_S)
            else:
                return

    async def _tell(self, note: RestartNote) -> None:
        """Once, however often it is tried: Telegram takes a message with the same random id once."""
        seconds = max(0, round((self._clock.utc_now() - note.asked_at).total_seconds()))
        html = self._catalogue.html("restart-back", note.language, seconds=seconds, version=self._version)
        try:
            await self._telegram.send_text(note.admin_id, html, send_class=SendClass.NOTICE, random_id=note.random_id)
        except (RecipientUnreachableError, TelegramRefusedError) as error:
            self._log.warning("restart_not_told", admin_id=note.admin_id, error=type(error).__name__)
        await self._notes.remove(note.random_id)
