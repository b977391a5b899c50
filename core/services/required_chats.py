"""The chats that people have to be in: how they are called, and the way into each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from core.cache.recent_values import RecentValues
from core.domain.subscription import RequiredChat, parse_chat_ids
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from core.services.runtime_settings import RuntimeSettingsService
    from core.telegram.members import TelegramMembers
    from repositories.group import GroupRepository
    from repositories.required_chat import RequiredChatRepository

_REMEMBERED_S = 300.0
_UNKNOWN_S = 10.0
_BEFORE_S = 86_400.0
_LOCAL = 1_000
_NOT_READABLE = (SourceGoneError, TelegramRefusedError)


class RequiredChats:
    """Tells how to show chats; a public one is opened by its name, another by a link that is made once and kept.

    While the database is away no link is made, since it could not be kept: what was known before is shown.
    """

    def __init__(
        self,
        members: TelegramMembers,
        repository: RequiredChatRepository,
        groups: GroupRepository,
        runtime: RuntimeSettingsService,
        clock: Clock,
    ) -> None:
        self._members = members
        self._repository = repository
        self._groups = groups
        self._runtime = runtime
        self._known: RecentValues[int, RequiredChat] = RecentValues(clock, capacity=_LOCAL)
        self._before: RecentValues[int, RequiredChat] = RecentValues(clock, capacity=_LOCAL)
        self._learning = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    def listed(self) -> tuple[int, ...]:
        """Full ids of the bot's own list."""
        return parse_chat_ids(self._runtime.current.force_subscribe_chats)

    async def is_required(self, chat_id: int) -> bool:
        """Whether a chat is on any list.

        Raises:
            DatabaseUnavailableError: the lists of groups cannot be read.
        """
        return chat_id in self.listed() or bool(await self._groups.requiring(chat_id))

    def remembered_title(self, chat_id: int) -> str:
        """How a chat is called, its id where this process does not remember."""
        known = self._known.get(chat_id)
        return str(chat_id) if known is None else known.title

    async def show(self, chat_ids: Sequence[int]) -> tuple[RequiredChat, ...]:
        """How to show chats, in their order; what nobody knows of has its id for a title and no link. Never raises."""
        if any(self._known.get(chat_id) is None for chat_id in chat_ids):
            async with self._learning:  # of many who ask at once, one has a link made
                await self._learn([chat_id for chat_id in chat_ids if self._known.get(chat_id) is None])
        return tuple(self._known.get(chat_id) or RequiredChat(chat_id, str(chat_id)) for chat_id in chat_ids)

    async def describe(self, chat: int | str, *, link: str | None = None, needs_approval: bool = False) -> RequiredChat:
        """Look a chat up for a list, with the given way in or one that is made now, and remember it.

        Args:
            chat: full id, or the name without @.
            link: of an invitation, in place of the chat's own name or a link of the bot.
            needs_approval: make a link by which people ask to be let in.

        Raises:
            SourceGoneError, TelegramRefusedError: the bot may not see it, or not make a link.
            TelegramUnavailableError, DatabaseUnavailableError: try again later.
        """
        card = await self._members.chat_card(chat)
        is_public = link is None and not needs_approval and card.username is not None
        if is_public:
            link = f"https://t.me/{card.username}"
        elif link is None:
            link = await self._members.new_link(card.id, needs_approval=needs_approval)
        found = RequiredChat(card.id, card.title, link, is_public)
        await self._keep(found)
        return found

    async def refresh(self, chat_id: int) -> None:
        """Learn a new title or name of a chat; its own link is kept. Raises as `describe`."""
        async with self._learning:
            await self._refresh(chat_id)

    async def _refresh(self, chat_id: int) -> None:
        stored = (await self._repository.get_many([chat_id])).get(chat_id)
        if stored is None:
            await self.describe(chat_id)
            return
        card = await self._members.chat_card(chat_id)
        if stored.is_public and card.username is None:
            await self.describe(chat_id)
            return
        link = f"https://t.me/{card.username}" if stored.is_public else stored.link
        found = replace(stored, title=card.title, link=link)
        if found != stored:
            await self._keep(found)

    async def _learn(self, chat_ids: Sequence[int]) -> None:
        """Remember what can be known of chats now; of the others, for a moment, that nothing can."""
        if not chat_ids:
            return
        try:
            stored = await self._repository.get_many(chat_ids)
        except DatabaseUnavailableError:
            for chat_id in chat_ids:
                self._known.put(chat_id, self._before.get(chat_id) or await self._without_link(chat_id), _UNKNOWN_S)
            return
        for chat_id in chat_ids:
            if chat_id in stored:
                self._remember(stored[chat_id])
                continue
            try:
                await self.describe(chat_id)
            except (*_NOT_READABLE, TelegramUnavailableError, DatabaseUnavailableError) as error:
                self._log.warning("required_chat_unknown", chat_id=chat_id, error=type(error).__name__)
                self._known.put(chat_id, await self._without_link(chat_id), _UNKNOWN_S)

    async def _without_link(self, chat_id: int) -> RequiredChat:
        try:
            card = await self._members.chat_card(chat_id)
        except (*_NOT_READABLE, TelegramUnavailableError):
            return RequiredChat(chat_id, str(chat_id))
        return RequiredChat(chat_id, card.title, card.username and f"https://t.me/{card.username}")

    async def _keep(self, chat: RequiredChat) -> None:
        await self._repository.put(chat)
        self._remember(chat)

    def _remember(self, chat: RequiredChat) -> None:
        self._known.put(chat.id, chat, _REMEMBERED_S)
        self._before.put(chat.id, chat, _BEFORE_S)
