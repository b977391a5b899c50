"""Posts of indexed channels: one static handler that only enqueues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.telegram.incoming import channel_event_from_raw, full_channel_id

if TYPE_CHECKING:
    from core.services.channel import ChannelService

_CHANNEL_UPDATES = (
    raw.types.UpdateNewChannelMessage,
    raw.types.UpdateEditChannelMessage,
    raw.types.UpdateDeleteChannelMessages,
    raw.types.UpdateChannelTooLong,
)


class ChannelHandler:
    """Hands events of indexed channels to the queue, at the cost of one look-up."""

    def __init__(self, index_list: ChannelService) -> None:
        self._index_list = index_list

    def take(self, update: Any) -> bool:
        """Take an update when it is about an indexed channel; False leaves it to the other handlers."""
        if not isinstance(update, _CHANNEL_UPDATES):
            return False
        channel_id = _bare_channel_id(update)
        if channel_id is None or not self._index_list.is_indexed(full_channel_id(channel_id)):
            return False
        event = channel_event_from_raw(update)
        if event is not None:
            self._index_list.take(event)
        return True


def _bare_channel_id(update: Any) -> int | None:
    message = getattr(update, "message", None)
    source = update if message is None else getattr(message, "peer_id", None)
    return getattr(source, "channel_id", None)
