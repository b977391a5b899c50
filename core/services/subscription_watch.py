"""Where the bot cannot tell who is in: admins learn it once, `/health` as long as it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.self_check import Finding
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.services.admin_notices import AdminNotices
    from core.services.required_chats import RequiredChats
    from core.services.runtime_settings import RuntimeSettingsService
    from core.telegram.members import TelegramMembers

_LOOK_EVERY_S = 60.0


class SubscriptionWatch:
    """Knows the chats of the lists whose members the bot may not see.

    The bot's own list is looked at once a minute, so that admins hear of lost rights before readers suffer from them,
    and `/health` recovers without a reader. Give `run` to the task registry's `supervise`.

    Args:
        every_s: pause between two looks.
    """

    def __init__(
        self,
        *,
        members: TelegramMembers,
        chats: RequiredChats,
        runtime: RuntimeSettingsService,
        notices: AdminNotices,
        clock: Clock,
        every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._members = members
        self._chats = chats
        self._runtime = runtime
        self._notices = notices
        self._clock = clock
        self._every_s = every_s
        self._failing: set[int] = set()
        self._log = structlog.get_logger(__name__)

    async def is_well(self) -> bool:
        """Whether every question about members was answered last time; a probe of `/health`."""
        return not self._failing

    @property
    def state(self) -> str:
        """The chats where it is not, for an operator; "" for none."""
        return ", ".join(map(str, sorted(self._failing)))

    def failing(self, chat_id: int) -> None:
        """The bot may not see who is in a chat; the first time in an episode, the admins are told."""
        self._failing.add(chat_id)
        title = self._chats.remembered_title(chat_id)
        deny = self._runtime.current.force_subscribe_policy == "deny"
        key = "notice-subscription-deny" if deny else "notice-subscription-allow"
        if self._notices.tell_once(_episode(chat_id), key, chat=title, id=str(chat_id)):
            self._log.warning("subscription_not_checked", chat_id=chat_id)

    def working(self, chat_id: int) -> None:
        """The bot sees who is in a chat."""
        if chat_id not in self._failing:
            return
        self._failing.discard(chat_id)
        self._log.info("subscription_checked_again", chat_id=chat_id)
        title = self._chats.remembered_title(chat_id)
        self._notices.over(_episode(chat_id), "notice-subscription-works", chat=title, id=str(chat_id))

    def forget(self, chat_id: int) -> None:
        """A chat is on no list any more."""
        self._failing.discard(chat_id)
        self._notices.over(_episode(chat_id))

    async def run(self) -> None:
        """Look at the bot's own list, for ever."""
        while True:
            for chat_id in self._chats.listed():
                await self.look_at(chat_id)
            for chat_id in self._failing - set(self._chats.listed()):
                await self._look_at_other(chat_id)
            await self._clock.sleep(self._every_s)

    async def findings(self) -> list[Finding]:
        """What keeps the bot from asking for the chats of its own list.

        Raises:
            TelegramUnavailableError: try again later.
        """
        found: list[Finding] = []
        for chat in await self._chats.show(self._chats.listed()):
            named: dict[str, str | float] = {"chat": chat.title, "id": str(chat.id)}
            try:
                rights = await self._members.own_rights(chat.id)
            except (SourceGoneError, TelegramRefusedError):
                found.append(Finding("check-subscription-gone", named))
                continue
            if not rights.is_admin:
                found.append(Finding("check-subscription-not-admin", named))
            elif chat.link is None:
                found.append(Finding("check-subscription-no-link", named))
            elif not rights.may_invite and not chat.is_public:
                found.append(Finding("check-subscription-no-requests", named))
        return found

    async def look_at(self, chat_id: int) -> None:
        """Ask what the bot may do in a chat, and learn how it is called now; never raises."""
        try:
            rights = await self._members.own_rights(chat_id)
            await self._chats.refresh(chat_id)
        except (SourceGoneError, TelegramRefusedError):
            self.failing(chat_id)
        except (TelegramUnavailableError, DatabaseUnavailableError) as error:
            self._log.info("subscription_not_looked_at", chat_id=chat_id, error=type(error).__name__)
        else:
            if rights.is_admin:
                self.working(chat_id)
            elif rights.is_broadcast:
                self.failing(chat_id)  # in a group, only the question itself tells

    async def _look_at_other(self, chat_id: int) -> None:
        """Look at a chat that fails and is on no list, or on one of groups."""
        try:
            is_required = await self._chats.is_required(chat_id)
        except DatabaseUnavailableError:
            return
        if is_required:
            await self.look_at(chat_id)
        else:
            self.forget(chat_id)


def _episode(chat_id: int) -> str:
    return f"subscription:{chat_id}"
