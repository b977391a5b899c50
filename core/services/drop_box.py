"""The drop box: a channel whose posts say which files are to be deleted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.errors import BadInputError, DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import (
    RecipientUnreachableError,
    SendClass,
    SourceGoneError,
    TelegramRefusedError,
)
from core.text.catalog import FALLBACK_LANGUAGE

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.media import NewMedia
    from core.services.library_admin import LibraryAdminService
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue

_MOST_WAITING = 10_000
_AT_ONCE = 20
_PAUSE_S = 5.0
_LOOK_AGAIN_S = 60.0
_NAME_LENGTH = 80


class DropBoxService:
    """Deletes what is posted there, in the order of the posts, and answers in the channel.

    Whoever may post in the channel may delete: its admins are chosen by whoever set it up.

    Args:
        channel: id or name without @; None for no drop box.
    """

    def __init__(
        self,
        channel: int | str | None,
        library: LibraryAdminService,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._channel = channel
        self._library = library
        self._telegram = telegram
        self._texts = catalogue.for_language(FALLBACK_LANGUAGE)
        self._clock = clock
        self._waiting: asyncio.Queue[NewMedia] = asyncio.Queue(_MOST_WAITING)
        self._log = structlog.get_logger(__name__)
        self.channel_id = channel if isinstance(channel, int) else None

    def take(self, media: NewMedia) -> None:
        """Note a file that was posted there; never blocks."""
        try:
            self._waiting.put_nowait(media)
        except asyncio.QueueFull:
            self._log.warning("drop_box_full", post_id=media.source.message_id)

    async def run(self) -> None:
        """Delete what is posted, for ever; ends at once without a drop box. For a supervised task."""
        if self._channel is None:
            return
        await self._find_channel()
        while True:
            posts = [await self._waiting.get()]
            while len(posts) < _AT_ONCE and not self._waiting.empty():
                posts.append(self._waiting.get_nowait())
            lines = [await self._delete(post) for post in posts]
            await self._answer("\n".join(lines), posts[-1])

    async def _find_channel(self) -> None:
        """Pin the channel's name to its id, as soon as the bot may see it."""
        while self.channel_id is None and self._channel is not None:
            try:
                self.channel_id = (await self._telegram.get_channel(self._channel)).id
            except (SourceGoneError, TelegramRefusedError, TelegramUnavailableError) as error:
                self._log.warning("drop_box_not_found", channel=self._channel, detail=str(error))
                await self._clock.sleep(_LOOK_AGAIN_S)

    async def _delete(self, post: NewMedia) -> str:
        """What became of a posted file; waits for the databases."""
        name = post.name[:_NAME_LENGTH]
        while True:
            try:
                taken = await self._library.delete(post.source.channel_id, post.unique_id)
            except BadInputError:
                return self._texts.html("drop-box-unknown", name=name)
            except DatabaseUnavailableError:
                await self._clock.sleep(_PAUSE_S)
                continue
            if taken.is_everywhere:
                return self._texts.html("drop-box-deleted", name=taken.name[:_NAME_LENGTH])
            return self._texts.html("drop-box-partly", name=taken.name[:_NAME_LENGTH])

    async def _answer(self, html: str, post: NewMedia) -> None:
        source = post.source
        try:
            await self._telegram.send_text(
                source.channel_id, html, reply_to=source.message_id, send_class=SendClass.NOTICE
            )
        except (RecipientUnreachableError, TelegramRefusedError, TelegramUnavailableError) as error:
            self._log.warning("drop_box_not_answered", post_id=source.message_id, error=type(error).__name__)
