"""Searching in groups: what the bot listens to, how often, and who may change that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.cache import keys
from core.cache.recent_values import RecentValues
from core.domain.group import SearchMode
from core.errors import CacheUnavailableError, DatabaseUnavailableError, NotPermittedError
from core.search.group_talk import looks_like_search, mentions, without_mention
from core.services.rate_limiter import Action
from core.telegram.gateway import SourceGoneError

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.services.rate_limiter import RateLimiter
    from core.services.runtime_settings import RuntimeSettingsService
    from core.telegram.gateway import TelegramGateway
    from repositories.group import GroupRepository

_LOCAL_ANSWERS = 10_000
_ANSWER_S = 86_400
_LOCAL_GROUPS = 1_000


class GroupSearchService:
    """Decides what is a search in a group; a storm of messages costs neither a database nor Telegram anything."""

    def __init__(
        self,
        *,
        groups: GroupRepository,
        limiter: RateLimiter,
        runtime: RuntimeSettingsService,
        telegram: TelegramGateway,
        cache: RedisCache,
        clock: Clock,
    ) -> None:
        self._groups = groups
        self._limiter = limiter
        self._runtime = runtime
        self._telegram = telegram
        self._cache = cache
        self._answers: RecentValues[tuple[int, int], bool] = RecentValues(clock, capacity=_LOCAL_ANSWERS)
        self._told: RecentValues[int, bool] = RecentValues(clock, capacity=_LOCAL_GROUPS)
        self._log = structlog.get_logger(__name__)

    async def mode(self, chat_id: int) -> SearchMode:
        """What counts as a search in a group; while the database does not say, the bot's own setting."""
        default = SearchMode(self._runtime.current.group_search_mode)
        try:
            return (await self._groups.get_group(chat_id)).search_mode or default
        except DatabaseUnavailableError as error:
            self._log.warning("group_mode_unknown", detail=str(error))
            return default

    async def set_mode(self, chat_id: int, sender_id: int, mode: SearchMode) -> None:
        """Change what counts as a search in a group.

        Args:
            chat_id: the group.
            sender_id: who asks; the group itself for its anonymous admin.
            mode: from now on.

        Raises:
            NotPermittedError: no admin of the group, or Telegram does not tell.
            DatabaseUnavailableError: it is not known whether it was changed.
        """
        if sender_id != chat_id and not await self._is_admin(chat_id, sender_id):
            raise NotPermittedError("group-admins-only")
        await self._groups.set_search_mode(chat_id, mode)
        self._log.info("group_search_mode_set", chat_id=chat_id, mode=mode.value)

    async def move(self, old_id: int, new_id: int) -> None:
        """A group became a supergroup: its settings go with it. Done again it changes nothing.

        Raises:
            DatabaseUnavailableError: it is not known whether they did.
        """
        if await self._groups.move(old_id, new_id):
            self._log.info("group_moved", chat_id=old_id, new_id=new_id)

    def is_addressed(self, chat_id: int, text: str, *, reply_to: int | None) -> bool:
        """Whether words name the bot, or answer a message that this process sent as an answer within a day."""
        if mentions(text, self._telegram.username):
            return True
        return reply_to is not None and self._answers.get((chat_id, reply_to)) is not None

    def words(self, text: str) -> str:
        """What is searched for in words that may name the bot."""
        return without_mention(text, self._telegram.username)

    async def listens(self, chat_id: int, text: str, *, addressed: bool) -> bool:
        """Whether words are a search; pure where they do not look like one.

        Args:
            chat_id: the group.
            text: the words.
            addressed: they are for the bot and for nobody else.
        """
        if not addressed and not looks_like_search(text):
            return False
        mode = await self.mode(chat_id)
        return mode is SearchMode.ALL or (addressed and mode is SearchMode.MENTION)

    async def charge(self, chat_id: int) -> None:
        """Count one search of a group against its budget.

        Raises:
            RateLimitedError: the group searches too fast; see `RateLimiter.check`.
        """
        await self._limiter.check(chat_id, Action.GROUP)

    def answered(self, chat_id: int, message_id: int) -> None:
        """Remember an answer of the bot, so that a reply to it is taken for a search."""
        self._answers.put((chat_id, message_id), True, _ANSWER_S)

    async def tells_outage(self, chat_id: int) -> bool:
        """Whether a group may be told of an outage now: once a minute, whichever process asks."""
        if self._told.get(chat_id):
            return False
        key = keys.group_told(chat_id)
        self._told.put(chat_id, True, key.ttl_s)
        try:
            return await self._cache.add_strict(key)
        except CacheUnavailableError:
            return True  # told by this process alone

    async def _is_admin(self, chat_id: int, user_id: int) -> bool:
        if user_id < 0:
            return False
        try:
            return await self._telegram.is_group_admin(chat_id, user_id)
        except SourceGoneError as error:
            raise NotPermittedError("group-rights-unknown") from error
