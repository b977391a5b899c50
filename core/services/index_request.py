"""Readers ask for channels; moderators decide, the first press wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.index_request import IndexRequest, RequestState
from core.errors import BadInputError, ExpiredError, NotPermittedError
from core.services.rate_limiter import Action

if TYPE_CHECKING:
    from core.domain.post_link import NamedPost
    from core.domain.user import User
    from core.services.audit_log import AuditLog
    from core.services.backfill import BackfillService
    from core.services.channel import ChannelService
    from core.services.rate_limiter import RateLimiter
    from repositories.index_request import IndexRequestRepository


class IndexRequestService:
    """Keeps at most one open request for each channel, however many people forward however many posts."""

    def __init__(
        self,
        requests: IndexRequestRepository,
        backfill: BackfillService,
        index_list: ChannelService,
        limiter: RateLimiter,
        audit: AuditLog,
    ) -> None:
        self._requests = requests
        self._backfill = backfill
        self._index_list = index_list
        self._limiter = limiter
        self._audit = audit

    async def ask(self, asker: User, language: str, post: NamedPost) -> IndexRequest:
        """Open a request, which the moderators have to be told.

        Every call counts against the asker's allowance, before Telegram is asked anything.

        Raises:
            RateLimitedError: the allowance is spent.
            BadInputError: the bot cannot read the channel, has it already, or somebody has asked before.
            DatabaseUnavailableError, TelegramUnavailableError: ask again later.
        """
        await self._limiter.check(asker.id, Action.INDEX_REQUEST)
        if isinstance(post.channel, int) and self._index_list.is_indexed(post.channel):
            raise BadInputError("index-request-indexed")
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
