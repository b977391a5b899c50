"""Readers ask for channels; moderators decide, the first press wins."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.index_request import IndexRequest, RequestState
from core.errors import (
    BadInputError,
    DatabaseUnavailableError,
    ExpiredError,
    InfrastructureError,
    NotPermittedError,
)
from core.services.rate_limiter import Action

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.clock import Clock
    from core.domain.post_link import NamedPost
    from core.domain.user import User
    from core.services.audit_log import AuditLog
    from core.services.backfill import BackfillService
    from core.services.channel import ChannelService
    from core.services.rate_limiter import RateLimiter
    from repositories.index_request import IndexRequestRepository

_PATIENCE = timedelta(minutes=1)
_LOOK_EVERY_S = 300.0


class IndexRequestService:
    """Keeps at most one open request for each channel, however many people forward however many posts."""

    def __init__(
        self,
        requests: IndexRequestRepository,
        backfill: BackfillService,
        index_list: ChannelService,
        limiter: RateLimiter,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._backfill = backfill
        self._index_list = index_list
        self._limiter = limiter
        self._audit = audit
        self._clock = clock
        self._log = structlog.get_logger(__name__)
        self._teller: Callable[[IndexRequest], Awaitable[bool]] | None = None

    def tell_by(self, teller: Callable[[IndexRequest], Awaitable[bool]]) -> None:
        """Learn who tells people; it never raises, says whether nobody is left to tell, and repeats arrive once."""
        self._teller = teller

    async def ask(self, asker: User, language: str, post: NamedPost) -> IndexRequest:
        """Open a request, which the moderators have to be told.

        Every call that could be answered counts against the asker's allowance, before Telegram is asked anything; what
        this process knows already costs nothing.

        Raises:
            RateLimitedError: the allowance is spent.
            BadInputError: the bot cannot read the channel, has it already, or somebody has asked before.
            DatabaseUnavailableError, TelegramUnavailableError: ask again later.
        """
        if isinstance(post.channel, int) and self._index_list.is_indexed(post.channel):
            raise BadInputError("index-request-indexed")
        await self._limiter.check(asker.id, Action.INDEX_REQUEST)
        try:
            return await self._open(asker, language, post)
        except InfrastructureError:
            await self._limiter.give_back(asker.id, Action.INDEX_REQUEST)
            raise

    async def _open(self, asker: User, language: str, post: NamedPost) -> IndexRequest:
        info = await self._backfill.look_at(post)
        if self._index_list.is_indexed(info.id):
            raise BadInputError("index-request-indexed")
        request = await self._requests.open(info, asker, language=language, top=post.message_id)
        if request is None:
            before = await self._requests.get(info.id)
            is_rejected = before is not None and before.state is RequestState.REJECTED
            raise BadInputError("index-request-rejected" if is_rejected else "index-request-open")
        return request

    async def decide(self, moderator: User, channel_id: int, number: int, decision: RequestState) -> IndexRequest:
        """Accept or reject a request; pressing again the same way repeats what follows from it.

        Raises:
            NotPermittedError: another decision was made before; it names who made it.
            ExpiredError: there is no such request any more.
            DatabaseUnavailableError: nothing may have been decided; press again.
        """
        request, stands = await self._requests.decide(channel_id, number, moderator, decision)
        if request is None:
            raise ExpiredError("index-request-gone")
        if not stands:
            raise NotPermittedError(f"index-request-was-{request.state.value}", name=request.decided_name)
        await self._audit.add(moderator.id, f"index_request_{decision.value}", channel=channel_id)
        return request

    async def tell(self, request: IndexRequest) -> None:
        """Tell whoever has to know how a request stands: the moderators while it is open, then the asker; never raises.

        What cannot be told now is told by `run`.
        """
        if self._teller is None:
            return
        with suppress(DatabaseUnavailableError):  # told again, which arrives once
            if request.state is RequestState.ACCEPTED:
                await self._requests.owe_answer(request)
            if await self._teller(request):
                await self._requests.told(request)

    async def run(self) -> None:
        """Tell what was left untold, because Telegram was away or a process ended; ends only when cancelled."""
        patience = timedelta()  # at the start there is nobody else who is about to tell it
        while True:
            try:
                for request in await self._requests.untold(self._clock.utc_now() - patience):
                    await self.tell(request)
                patience = _PATIENCE
            except DatabaseUnavailableError:
                self._log.warning("index_requests_wait_for_database")
            await self._clock.sleep(_LOOK_EVERY_S)
