"""Posts of indexed channels and of the drop box: one static handler that only enqueues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.domain.indexing import ChannelPost, ChannelTooLong
from core.telegram.incoming import channel_event_from_raw, full_channel_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.services.channel import ChannelService
    from core.services.drop_box import DropBoxService
    from handlers.chat_events import MembershipChanged

_CHANNEL_UPDATES = (
    raw.types.UpdateNewChannelMessage,
    raw.types.UpdateEditChannelMessage,
    raw.types.UpdateDeleteChannelMessages,
    raw.types.UpdateChannelTooLong,
    raw.types.UpdateChannel,
)


class ChannelHandler:
    """Hands events of indexed channels to the queue, at the cost of one look-up.

    A drop box is never indexed, even when it is on the index list.
    """

    def __init__(self, index_list: ChannelService, drop_box: DropBoxService) -> None:
        self._index_list = index_list
        self._drop_box = drop_box

    def take(self, update: Any) -> bool:
        """Take an update when it is about such a channel; False leaves it to the other handlers."""
        if not isinstance(update, _CHANNEL_UPDATES):
            return False
        channel_id = _bare_channel_id(update)
        if channel_id is None:
            return False
        full_id = full_channel_id(channel_id)
        if full_id == self._drop_box.channel_id:
            self._drop(update)
            return True
        if not self._index_list.is_indexed(full_id):
            return False
        event = channel_event_from_raw(update)
        if event is not None:
            self._index_list.take(event)
        return True

    def _drop(self, update: Any) -> None:
        event = channel_event_from_raw(update)
        if isinstance(event, ChannelPost) and event.media is not None:
            self._drop_box.take(event.media)


class ChannelMembership:
    """Takes the news that the bot came into a channel, left it, or got other rights there.

    Args:
        own_id: the bot's; asked when there is news.
    """

    def __init__(self, index_list: ChannelService, own_id: Callable[[], int]) -> None:
        self._index_list = index_list
        self._own_id = own_id

    async def take(self, event: MembershipChanged) -> None:
        """Have an indexed channel looked at now: it may not be readable any more, or may be again."""
        if event.user_id == self._own_id():
            self._index_list.take(ChannelTooLong(event.chat_id))


def _bare_channel_id(update: Any) -> int | None:
    message = getattr(update, "message", None)
    source = update if message is None else getattr(message, "peer_id", None)
    return getattr(source, "channel_id", None)
