"""Having files sent again that were deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Press, Reader, Route
from handlers.buttons import GetAgain
from handlers.delivery_progress import DeliveryProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.auto_delete import AutoDelete
    from core.services.delivery import DeliveryService
    from core.services.send_all import SendAllService
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery


class AutoDeleteHandler(BaseHandler):
    """The button under the word that files go, or are gone."""

    def __init__(
        self, telegram: TelegramGateway, auto_delete: AutoDelete, delivery: DeliveryService, send_all: SendAllService
    ) -> None:
        self._telegram = telegram
        self._auto_delete = auto_delete
        self._delivery = delivery
        self._send_all = send_all

    def routes(self) -> Sequence[Route]:
        """The one button."""
        return (Route("get_again", Press(GetAgain), self.handle_again_callback, Action.FILE),)

    async def handle_again_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Deliver the files of the reader's own delivery once more, on the rights and the quota of now."""
        media_ids = await self._auto_delete.again(GetAgain.unpack(query.data).key, reader.user.id)
        if len(media_ids) == 1:
            await self._delivery.deliver_file(reader.user, media_ids[0], language=reader.texts.language)
            return
        progress = DeliveryProgress(self._telegram, reader.user.id, reader.texts)
        job = await self._send_all.start_files(reader.user, media_ids, progress)
        query.answered = True
        await self._telegram.answer_callback(query.id, reader.texts.plain("delivery-started", count=job.total))
