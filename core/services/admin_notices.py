"""What the admins have to know, told to each of them in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.errors import TelegramUnavailableError
from core.telegram.gateway import (
    OutcomeUnknownError,
    RecipientUnreachableError,
    RetryLaterError,
    SendClass,
    TelegramRefusedError,
)
from core.text.catalog import FALLBACK_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.self_check import Finding
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue

_TRIES = 4
_PAUSE_S = 10.0
_LONGEST_PAUSE_S = 300.0
_MOST_WAITING = 100
_MESSAGE_LENGTH = 3500  # of HTML, which is longer than what Telegram counts


class AdminNotices:
    """Tells the admins what they have to know, in the background; a notice that cannot be sent is logged.

    A notice arrives at most once at each admin, whatever becomes of Telegram's answers. While Telegram is away, a
    hundred messages wait; further ones are only logged.

    Args:
        admins: whom the settings name, the owner first; they are told whatever the database does.
    """

    def __init__(
        self,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        admins: Sequence[int],
        tasks: TaskRegistry,
        clock: Clock,
    ) -> None:
        self._telegram = telegram
        self._catalogue = catalogue
        self._admins = tuple(dict.fromkeys(admins))
        self._tasks = tasks
        self._clock = clock
        self._appointed: Callable[[], Awaitable[Sequence[int]]] | None = None
        self._episodes: set[str] = set()
        self._waiting = 0
        self._log = structlog.get_logger(__name__)

    def tell_also(self, appointed: Callable[[], Awaitable[Sequence[int]]]) -> None:
        """Tell these people too from now on; asked for at every notice, and never raises."""
        self._appointed = appointed

    def tell(self, key: str, /, **values: str | float) -> None:
        """Tell every admin a sentence of the catalogue; returns at once."""
        html = self._catalogue.html(key, FALLBACK_LANGUAGE, **values)
        self._log.info("admins_told", notice=key)
        self._send_to(self._admins, key, html)
        if self._appointed is not None:
            self._tasks.spawn(self._tell_appointed(self._appointed, key, html), name="admin_notice")

    async def reach_owner(self, findings: Sequence[Finding]) -> bool:
        """Tell the first admin alone several sentences in one message, a paragraph each.

        Returns:
            False when it was not sent, for example because the owner never started the bot.
        """
        paragraphs = [self._catalogue.html(found.key, FALLBACK_LANGUAGE, **found.values) for found in findings]
        return await self._send(self._admins[0], findings[0].key, _shortened(paragraphs))

    def tell_once(self, episode: str, key: str, /, **values: str | float) -> bool:
        """Tell every admin unless this episode is open already, which it is from now on; whether it was told now."""
        if episode in self._episodes:
            return False
        self._episodes.add(episode)
        self.tell(key, **values)
        return True

    def over(self, episode: str, key: str | None = None, /, **values: str | float) -> bool:
        """End an episode, and tell `key` when it was open; whether it was."""
        if episode not in self._episodes:
            return False
        self._episodes.remove(episode)
        if key is not None:
            self.tell(key, **values)
        return True

    async def _tell_appointed(self, ask: Callable[[], Awaitable[Sequence[int]]], key: str, html: str) -> None:
        self._send_to([user_id for user_id in await ask() if user_id not in self._admins], key, html)

    def _send_to(self, admins: Sequence[int], key: str, html: str) -> None:
        for admin_id in admins:
            if self._waiting >= _MOST_WAITING:
                self._log.warning("notice_not_sent", notice=key, admin_id=admin_id, reason="too many wait")
                continue
            self._waiting += 1
            self._tasks.spawn(self._send_waiting(admin_id, key, html), name="admin_notice")

    async def _send_waiting(self, admin_id: int, key: str, html: str) -> None:
        try:
            await self._send(admin_id, key, html)
        finally:
            self._waiting -= 1

    async def _send(self, admin_id: int, key: str, html: str) -> bool:
        """Whether it was sent, or may have been."""
        reason = ""
        try:
            for _ in range(_TRIES):
                try:
                    await self._telegram.send_text(admin_id, html, send_class=SendClass.NOTICE)
                except TelegramUnavailableError as error:
                    if isinstance(error, OutcomeUnknownError):
                        return True  # it may have arrived
                    pause_s = error.seconds if isinstance(error, RetryLaterError) else _PAUSE_S
                    await self._clock.sleep(min(pause_s, _LONGEST_PAUSE_S))
                    reason = type(error).__name__
                else:
                    return True
        except (RecipientUnreachableError, TelegramRefusedError) as error:
            reason = type(error).__name__
        self._log.warning("notice_not_sent", notice=key, admin_id=admin_id, reason=reason)
        return False


def _shortened(paragraphs: list[str]) -> str:
    """As many paragraphs as a message holds, and the last one."""
    *others, last = paragraphs
    kept: list[str] = []
    room = _MESSAGE_LENGTH - len(last)
    for paragraph in others:
        room -= len(paragraph) + 2
        if room < 0:
            break
        kept.append(paragraph)
    return "\n\n".join([*kept, last])
