"""Fetching files: one, a whole page, and stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.media_id import decode_media_id
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Press, Reader, Route
from handlers.buttons import FetchFile, SendAll, StopDelivery
from handlers.delivery_progress import DeliveryProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.delivery import DeliveryService
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery


class FileHandler(BaseHandler):
    """Presses that end in a delivery."""

    def __init__(self, telegram: TelegramGateway, delivery: DeliveryService) -> None:
        self._telegram = telegram
        self._delivery = delivery

    def routes(self) -> Sequence[Route]:
        """One file, all files of a page, stop."""
        return (
            Route("file", Press(FetchFile), self.handle_file_callback, Action.FILE),
            Route("send_all", Press(SendAll), self.handle_sendall_callback, Action.FILE),
            Route("stop_delivery", Press(StopDelivery), self.handle_stop_callback, Action.CALLBACK),
        )

    async def handle_file_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Deliver the pressed file into the private chat of who pressed."""
        press = FetchFile.unpack(query.data)
        try:
            media_id = decode_media_id(press.media_id)
        except ValueError as error:
            raise BadInputError("error-bad-button") from error
        await self._delivery.deliver(reader.user, press.session_id, media_id)

    async def handle_sendall_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Start delivering a result page to the person who searched for it."""
        press = SendAll.unpack(query.data)
        progress = DeliveryProgress(self._telegram, reader.user.id, reader.texts)
        job = await self._delivery.start_send_all(reader.user, press.session_id, press.number, progress)
        query.answered = True
        await self._telegram.answer_callback(query.id, reader.texts.plain("delivery-started", count=job.total))

    async def handle_stop_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Stop the reader's own job after the file that is on its way."""
        press = StopDelivery.unpack(query.data)
        self._delivery.stop(reader.user.id, press.job_id)
        query.answered = True
        await self._telegram.answer_callback(query.id, reader.texts.plain("delivery-stopping"))
