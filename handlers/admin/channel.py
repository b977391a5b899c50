"""/add_channel, /remove_channel, /toggle_channel and /list_channels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.domain.channel_name import parse_channel_name
from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.admin.arguments import replied_message, words_after
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.domain.channel import IndexedChannel
    from core.services.channel_admin import ChannelAdminService, ListedChannel
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_DATABASE = re.compile(r"db=([0-9]{1,3})", re.IGNORECASE)
_IN_ONE_MESSAGE = 15
_TITLE_LENGTH = 64


class ChannelAdminHandler(BaseHandler):
    """The index list, as admins see and change it."""

    def __init__(self, telegram: TelegramGateway, channels: ChannelAdminService, lookups: TelegramLookups) -> None:
        self._telegram = telegram
        self._channels = channels
        self._lookups = lookups

    def routes(self) -> Sequence[Route]:
        """The four commands."""
        commands = (
            ("add_channel", "command-add-channel", self.handle_add),
            ("remove_channel", "command-remove-channel", self.handle_remove),
            ("toggle_channel", "command-toggle-channel", self.handle_toggle),
            ("list_channels", "command-list-channels", self.handle_list),
        )
        return [
            Route(name, Command(name, description), handle, Action.CALLBACK, permission=Permission.CHANNELS)
            for name, description, handle in commands
        ]

    async def handle_add(self, message: IncomingMessage, reader: Reader) -> None:
        """Index a channel that is named, or whose post is answered."""
        words = words_after(message)
        database = None
        for word in [word for word in words if word.lower().startswith("db=")]:
            words.remove(word)
            found = _DATABASE.fullmatch(word)
            if found is None:
                raise BadInputError("channel-bad-database")
            database = int(found[1])
        name = await self._named(message, words, "channel-add-usage")
        info = await self._channels.add(reader.user.id, name, database)
        values = {"channel": info.title or str(info.id), "id": str(info.id)}
        html = reader.texts.html("channel-added", **values)
        if database is not None:
            html += "\n" + reader.texts.html("channel-added-database", number=str(database))
        await self._telegram.send_text(message.chat_id, html)

    async def handle_remove(self, message: IncomingMessage, reader: Reader) -> None:
        """Index a channel no more."""
        name = await self._named(message, words_after(message), "channel-remove-usage")
        channel = await self._channels.remove(reader.user.id, name)
        await self._telegram.send_text(message.chat_id, reader.texts.html("channel-removed", channel=_title(channel)))

    async def handle_toggle(self, message: IncomingMessage, reader: Reader) -> None:
        """Switch a channel off or on."""
        name = await self._named(message, words_after(message), "channel-toggle-usage")
        channel, enabled = await self._channels.toggle(reader.user.id, name)
        key = "channel-switched-on" if enabled else "channel-switched-off"
        await self._telegram.send_text(message.chat_id, reader.texts.html(key, channel=_title(channel)))

    async def handle_list(self, message: IncomingMessage, reader: Reader) -> None:
        """Show the list, in as many messages as it needs."""
        listed = await self._channels.listed()
        if not listed:
            raise BadInputError("channel-list-empty")
        for first in range(0, len(listed), _IN_ONE_MESSAGE):
            rows = [_row(found, reader.texts) for found in listed[first : first + _IN_ONE_MESSAGE]]
            if first == 0:
                rows.insert(0, reader.texts.html("channel-list-title", count=len(listed)))
            await self._telegram.send_text(message.chat_id, "\n\n".join(rows))

    async def _named(self, message: IncomingMessage, words: Sequence[str], usage: str) -> int | str:
        """The channel that a command is about.

        Raises:
            BadInputError: `usage` when there is no name; another one when it is not one.
        """
        if len(words) > 1:
            raise BadInputError(usage)
        if words:
            name = parse_channel_name(words[0])
            if name is None:
                raise BadInputError("channel-bad-name", name=words[0][:_TITLE_LENGTH])
            return name
        replied = await replied_message(self._lookups, message)
        if replied is None:
            raise BadInputError(usage)
        if replied.channel_id is None:
            raise BadInputError("channel-reply-not-forwarded")
        return replied.channel_id


def _row(found: ListedChannel, texts: Texts) -> str:
    """A channel with everything that is known of it."""
    channel = found.channel
    name = f"{_title(channel)} @{channel.username}" if channel.username else _title(channel)
    lines = [texts.html("channel-row", channel=name, id=str(channel.id)), *_states(found, texts)]
    return "\n".join(lines)


def _states(found: ListedChannel, texts: Texts) -> Iterator[str]:
    channel = found.channel
    if not channel.enabled:
        yield texts.html("channel-state-off")
    elif channel.paused is not None:
        yield texts.html("channel-state-paused", reason=channel.paused)
    elif found.has_gap:
        yield texts.html("channel-state-gap")
    else:
        yield texts.html("channel-state-on")
    if found.posts is None:
        yield texts.html("channel-files-unknown")
    else:
        key = "channel-files" if found.is_exact else "channel-files-over"
        yield texts.html(key, count=found.posts)
    if channel.database is not None:
        yield texts.html("channel-pinned", number=str(channel.database))


def _title(channel: IndexedChannel) -> str:
    return channel.title[:_TITLE_LENGTH] or str(channel.id)
