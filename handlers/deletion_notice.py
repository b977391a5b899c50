"""The message that tells a reader that files go, and stays when they are gone, to have them sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.random_id import random_id_of
from core.errors import InfrastructureError
from core.telegram.gateway import (
    Button,
    OutcomeUnknownError,
    RecipientUnreachableError,
    SendClass,
    TelegramRefusedError,
)
from core.text.formatting import duration
from handlers.buttons import GetAgain

if TYPE_CHECKING:
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.auto_delete import DeliveryNotice, DueDeletion
    from core.services.auto_delete import AutoDelete
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Catalogue, Texts


class DeletionNotice:
    """Implements `DeletionNotices` with one message a delivery; nobody waits until it is sent."""

    def __init__(
        self, telegram: TelegramGateway, catalogue: Catalogue, auto_delete: AutoDelete, tasks: TaskRegistry
    ) -> None:
        self._telegram = telegram
        self._catalogue = catalogue
        self._auto_delete = auto_delete
        self._tasks = tasks
        self._log = structlog.get_logger(__name__)

    def announce(self, notice: DeliveryNotice) -> None:
        """Say in the background when the files go."""
        self._tasks.spawn(self._announce(notice), name="deletion_notice")

    async def deleted(self, deletion: DueDeletion) -> None:
        """Say that the files are gone: in the notice, or in a new message when there never was one."""
        texts = self._catalogue.for_language(deletion.language)
        html = texts.html("deletion-done", count=len(deletion.media_ids))
        keyboard = _keyboard(texts, deletion.key)
        try:
            if deletion.notice_id is None:
                random_id = random_id_of("deletion-done", deletion.key, len(deletion.media_ids))
                await self._telegram.send_text(
                    *(deletion.chat_id, html, keyboard), send_class=SendClass.NOTICE, random_id=random_id
                )
            else:
                await self._telegram.edit_text(deletion.chat_id, deletion.notice_id, html, keyboard)
        except (OutcomeUnknownError, RecipientUnreachableError, TelegramRefusedError) as error:
            self._log.info("deletion_not_told", error=type(error).__name__)

    async def _announce(self, notice: DeliveryNotice) -> None:
        texts = self._catalogue.for_language(notice.language)
        key = "deletion-notice-protected" if notice.is_protected else "deletion-notice"
        html = texts.html(key, count=notice.count, time=duration(notice.seconds, texts.language))
        keyboard = _keyboard(texts, notice.key)
        try:
            sent = await self._telegram.send_text(notice.owner_id, html, keyboard, send_class=SendClass.NOTICE)
        except (InfrastructureError, RecipientUnreachableError, TelegramRefusedError) as error:
            self._log.warning("deletion_not_announced", error=type(error).__name__)
        else:
            await self._auto_delete.announced(notice.key, sent)


def _keyboard(texts: Texts, key: str) -> Keyboard:
    return [[Button(texts.plain("button-get-again"), GetAgain(key).pack())]]
