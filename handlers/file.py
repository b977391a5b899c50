"""Fetching files: one, a whole page, everything found, and stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import FileLink, SearchLink
from core.domain.media_id import decode_media_id
from core.domain.search import Narrowing
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Press, Reader, Route
from handlers.buttons import FetchFile, SendAll, SendNarrowed, StopDelivery
from handlers.delivery_progress import DeliveryProgress
from handlers.narrowing_code import decode_narrowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.delivery import DeliveryService
    from core.services.search import SearchService
    from core.services.search_again import RepeatableSearches
    from core.services.send_all import SendAllService
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery
    from handlers.private_link import PrivateLinks
    from handlers.result_display import ResultDisplay

_EVERYTHING = Narrowing()


class FileHandler(BaseHandler):
    """Presses that end in a delivery; those in a group open the private chat, where files are sent."""

    def __init__(
        self,
        *,
        telegram: TelegramGateway,
        search: SearchService,
        delivery: DeliveryService,
        send_all: SendAllService,
        display: ResultDisplay,
        searches: RepeatableSearches,
        links: PrivateLinks,
    ) -> None:
        self._telegram = telegram
        self._search = search
        self._delivery = delivery
        self._sending = send_all
        self._display = display
        self._searches = searches
        self._links = links

    def routes(self) -> Sequence[Route]:
        """One file, all files of a page or of a search, stop."""
        return (
            Route("file", Press(FetchFile), self.handle_file_callback, Action.FILE),
            Route("send_all", Press(SendAll), self.handle_sendall_callback, Action.FILE),
            Route("send_narrowed", Press(SendNarrowed), self.handle_send_narrowed_callback, Action.FILE),
            Route("stop_delivery", Press(StopDelivery), self.handle_stop_callback, Action.CALLBACK, gated=False),
        )

    async def handle_file_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Deliver the pressed file into the private chat of who pressed."""
        press = FetchFile.unpack(query.data)
        try:
            media_id = decode_media_id(press.media_id)
        except ValueError as error:
            raise BadInputError("error-bad-button") from error
        async with self._display.offering_repeat(query, reader, press.session_id):
            if query.is_private:
                await self._delivery.deliver(reader.user, press.session_id, media_id, language=reader.texts.language)
                return
            media = await self._search.file_of_session(reader.user.id, press.session_id, media_id)
        await self._links.open(query, FileLink(media.id))

    async def handle_sendall_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Start delivering a result page to the person who searched for it."""
        press = SendAll.unpack(query.data)
        await self._send_all(query, reader, press.session_id, press.number, _EVERYTHING)

    async def handle_send_narrowed_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """The same for a part of what was found."""
        press = SendNarrowed.unpack(query.data)
        await self._send_all(query, reader, press.session_id, press.number, decode_narrowing(press.facet))

    async def handle_stop_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Stop the reader's own job after the file that is on its way."""
        press = StopDelivery.unpack(query.data)
        self._sending.stop(reader.user.id, press.job_id)
        query.answered = True
        await self._telegram.answer_callback(query.id, reader.texts.plain("delivery-stopping"))

    async def _send_all(
        self, query: CallbackQuery, reader: Reader, session_id: str, number: int, narrowing: Narrowing
    ) -> None:
        if not query.is_private:
            text = await self._searches.own_text(session_id, reader.user.id)
            await self._links.open(query, SearchLink(text))
            return
        progress = DeliveryProgress(self._telegram, reader.user.id, reader.texts)
        async with self._display.offering_repeat(query, reader, session_id):
            job = await self._sending.start(reader.user, session_id, number, progress, narrowing)
        query.answered = True
        await self._telegram.answer_callback(query.id, reader.texts.plain("delivery-started", count=job.total))
