"""Somebody names a channel's post: admins index the channel, readers ask the moderators to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.cache.recent_values import RecentValues
from core.domain.index_job import JobViewer
from core.domain.index_request import IndexRequest, RequestState
from core.domain.permission import Permission
from core.domain.post_link import NamedPost, parse_post_link
from core.domain.random_id import random_id_of
from core.errors import BadInputError, BusyError, FileFilterError, TelegramUnavailableError
from core.services.person_notices import Telling
from core.services.rate_limiter import Action
from core.telegram.gateway import Button, SendClass
from core.text.catalog import FALLBACK_LANGUAGE
from handlers.base import BaseHandler, ForwardedPost, PostAddress, Press, Reader, Route
from handlers.buttons import AcceptRequest, RejectRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.services.backfill import BackfillService
    from core.services.index_request import IndexRequestService
    from core.services.roles import RoleService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Catalogue
    from handlers.backfill import BackfillHandler
    from handlers.incoming import CallbackQuery, IncomingMessage

_ALBUM_S = 60.0
_ALBUMS = 1000


class IndexRequestHandler(BaseHandler):
    """Takes forwarded posts and links of posts, and the moderators' decisions.

    Args:
        roles: knows who decides; what somebody names who may index the past is offered to that person at once.
    """

    def __init__(
        self,
        *,
        telegram: TelegramGateway,
        requests: IndexRequestService,
        backfill: BackfillService,
        offers: BackfillHandler,
        catalogue: Catalogue,
        roles: RoleService,
        tasks: TaskRegistry,
        clock: Clock,
    ) -> None:
        self._telegram = telegram
        self._requests = requests
        self._backfill = backfill
        self._offers = offers
        self._catalogue = catalogue
        self._roles = roles
        self._tasks = tasks
        self._albums: RecentValues[tuple[int, int], bool] = RecentValues(clock, capacity=_ALBUMS)
        self._log = structlog.get_logger(__name__)
        requests.tell_by(self._tell_people)

    def routes(self) -> Sequence[Route]:
        """A post that was forwarded or linked, and the two buttons below a request."""
        press, may = Action.CALLBACK, Permission.INDEX_REQUESTS
        return (
            Route("forwarded_post", ForwardedPost(), self.handle_forward, press),
            Route("post_link", PostAddress(), self.handle_link, press),
            Route("accept_request", Press(AcceptRequest), self.handle_accept_callback, press, permission=may),
            Route("reject_request", Press(RejectRequest), self.handle_reject_callback, press, permission=may),
        )

    async def handle_forward(self, message: IncomingMessage, reader: Reader) -> None:
        """Offer or ask for the channel of a forwarded post; an album is one wish."""
        origin = message.forward
        if origin is None:
            raise BadInputError
        if origin.album is not None:
            album = (reader.user.id, origin.album)
            if self._albums.get(album):
                return
            self._albums.put(album, value=True, ttl_s=_ALBUM_S)
        await self._take(message, reader, NamedPost(origin.channel_id, origin.message_id, is_certain=True))

    async def handle_link(self, message: IncomingMessage, reader: Reader) -> None:
        """Offer or ask for the channel of a linked post."""
        post = parse_post_link(message.text)
        if post is None:
            raise BadInputError
        await self._take(message, reader, post)

    async def handle_accept_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Index what was asked for, and tell the asker."""
        press = AcceptRequest.unpack(query.data)
        request = await self._requests.decide(reader.user, press.channel_id, press.number, RequestState.ACCEPTED)
        viewer = JobViewer(reader.user.id, reader.texts.language, query.message_id)
        try:
            await self._backfill.start(viewer, request.channel_id, request.top)
        except BusyError as busy:
            html = reader.texts.html(busy.text_key, **busy.values)
            await self._telegram.edit_text(query.chat_id, query.message_id, html)
        self._tell(request)

    async def handle_reject_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Refuse what was asked for, and tell the asker."""
        press = RejectRequest.unpack(query.data)
        request = await self._requests.decide(reader.user, press.channel_id, press.number, RequestState.REJECTED)
        self._tell(request)
        html = reader.texts.html("index-request-you-rejected", title=request.title, name=request.asker_name)
        await self._telegram.edit_text(query.chat_id, query.message_id, html)

    async def _take(self, message: IncomingMessage, reader: Reader, post: NamedPost) -> None:
        if self._roles.may(reader.user, Permission.BACKFILL):
            await self._offers.offer(message, reader, post)
            return
        request = await self._requests.ask(reader.user, reader.texts.language, post)
        self._tell(request)
        await self._telegram.send_text(message.chat_id, reader.texts.html("index-request-made", title=request.title))

    def _tell(self, request: IndexRequest) -> None:
        """Tell whoever has to know in the background."""
        self._tasks.spawn(self._requests.tell(request), name="index_request")

    async def _tell_people(self, request: IndexRequest) -> bool:
        """Tell whoever has to know how a request stands; whether nobody is left to tell. Repeated, it arrives once."""
        if request.state is RequestState.OPEN:
            return await self._tell_moderators(request)
        key = "index-request-accepted" if request.state is RequestState.ACCEPTED else "index-request-refused"
        html = self._catalogue.html(key, request.language, title=request.title)
        return await self._send(request, request.asker_id, html) is not Telling.LATER

    async def _tell_moderators(self, request: IndexRequest) -> bool:
        """Whether at least one was told, and none is to be told later."""
        texts = self._catalogue.for_language(FALLBACK_LANGUAGE)
        html = texts.html("index-request-asked", name=request.asker_name, title=request.title, total=request.top)
        accept = AcceptRequest(channel_id=request.channel_id, number=request.number)
        reject = RejectRequest(channel_id=request.channel_id, number=request.number)
        keyboard: Keyboard = [
            [Button(texts.plain("button-accept"), accept.pack()), Button(texts.plain("button-reject"), reject.pack())]
        ]
        moderators = await self._roles.holders(Permission.INDEX_REQUESTS)
        outcomes = {await self._send(request, moderator_id, html, keyboard) for moderator_id in moderators}
        return Telling.TOLD in outcomes and Telling.LATER not in outcomes

    async def _send(self, request: IndexRequest, user_id: int, html: str, keyboard: Keyboard | None = None) -> Telling:
        """Tell somebody who did not ask just now."""
        number = random_id_of("index_request", request.channel_id, request.number, request.state.value, user_id)
        try:
            await self._telegram.send_text(user_id, html, keyboard, send_class=SendClass.NOTICE, random_id=number)
        except FileFilterError as error:
            is_later = isinstance(error, TelegramUnavailableError)
            self._log.warning("request_not_told", user_id=user_id, error=type(error).__name__, later=is_later)
            return Telling.LATER if is_later else Telling.REFUSED
        return Telling.TOLD
