"""What admins do with the index list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.errors import BadInputError, InfrastructureError
from core.telegram.gateway import ChannelInfo, SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.domain.channel import IndexedChannel
    from core.services.audit_log import AuditLog
    from core.services.channel import ChannelService
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from repositories.channel import ChannelRepository
    from repositories.media_removal import MediaRemovalRepository

_COUNTED = 10_001
_NOT_READABLE = (SourceGoneError, TelegramRefusedError)


class ListedChannel(NamedTuple):
    """A channel of the index list, as an admin sees it.

    Attributes:
        posts: files with a post there; None when that is not known now.
        is_exact: False when there are at least so many.
        has_gap: posts are being looked for.
    """

    channel: IndexedChannel
    posts: int | None
    is_exact: bool
    has_gap: bool


class ChannelAdminService:
    """Changes the index list; every method raises DatabaseUnavailableError when the primary database is gone.

    Args:
        databases: numbers of those that a channel may be pinned to.
    """

    def __init__(
        self,
        *,
        channels: ChannelRepository,
        index_list: ChannelService,
        telegram: TelegramGateway,
        lookups: TelegramLookups,
        removal: MediaRemovalRepository,
        databases: Collection[int],
        audit: AuditLog,
    ) -> None:
        self._channels = channels
        self._index_list = index_list
        self._telegram = telegram
        self._lookups = lookups
        self._removal = removal
        self._databases = databases
        self._audit = audit

    async def add(self, admin_id: int, name: int | str, database: int | None) -> ChannelInfo:
        """Index a channel from now on.

        Args:
            admin_id: who wants it.
            name: full id, or the name without @, which is pinned to the id that it has now.
            database: number of the one that takes its new files; None leaves that to the bot.

        Raises:
            BadInputError: the bot may not read it, it is on the list already, or there is no such database.
        """
        if database is not None and database not in self._databases:
            raise BadInputError("channel-no-database", number=str(database), most=str(max(self._databases)))
        info = await self._readable(name)
        if not await self._index_list.add(info, database):
            raise BadInputError("channel-listed-already", channel=_title(info))
        await self._audit.add(admin_id, "channel_added", channel_id=info.id, title=info.title, database=database)
        return info

    async def remove(self, admin_id: int, name: int | str) -> IndexedChannel:
        """Index a channel no more; its files stay.

        Raises:
            BadInputError: it is not on the list.
        """
        channel = await self._listed(name)
        if not await self._index_list.remove(channel.id):
            raise BadInputError("channel-not-listed")
        await self._audit.add(admin_id, "channel_removed", channel_id=channel.id, title=channel.title)
        return channel

    async def toggle(self, admin_id: int, name: int | str) -> tuple[IndexedChannel, bool]:
        """Switch a channel off, or on again; (the channel as it was, whether it is on now).

        Raises:
            BadInputError: it is not on the list.
        """
        channel = await self._listed(name)
        enabled = not channel.enabled
        if not await self._index_list.set_enabled(channel.id, enabled=enabled):
            raise BadInputError("channel-not-listed")
        await self._audit.add(admin_id, "channel_switched", channel_id=channel.id, enabled=enabled)
        return channel, enabled

    async def listed(self) -> list[ListedChannel]:
        """Every channel of the list, by id."""
        gaps = frozenset(self._index_list.with_gap())
        found = []
        for channel in await self._channels.list_all():
            posts, is_exact = await self._count(channel.id)
            found.append(ListedChannel(channel, posts, is_exact, channel.id in gaps))
        return found

    async def _count(self, channel_id: int) -> tuple[int | None, bool]:
        try:
            counted = await self._removal.count_in_channel(channel_id, _COUNTED)
        except InfrastructureError:
            return None, False
        return min(counted.total, _COUNTED - 1), counted.total < _COUNTED and not counted.missing

    async def _readable(self, name: int | str) -> ChannelInfo:
        """The channel, when its posts reach the bot."""
        shown = str(name) if isinstance(name, int) else f"@{name}"
        try:
            info = await self._telegram.get_channel(name)
        except _NOT_READABLE as error:
            raise BadInputError("channel-not-readable", channel=shown) from error
        try:
            place = await self._lookups.own_place(info.id)
        except _NOT_READABLE as error:
            raise BadInputError("channel-not-member", channel=_title(info)) from error
        if place.is_admin:
            return info
        if place.is_broadcast or not (await self._lookups.bot_traits()).reads_groups:
            raise BadInputError("channel-not-admin", channel=_title(info))
        return info

    async def _listed(self, name: int | str) -> IndexedChannel:
        """A channel of the list by its id, by the name it was listed under, or by the name it has now."""
        if isinstance(name, str):
            wanted = name.lower()
            for channel in await self._channels.list_all():
                if (channel.username or "").lower() == wanted:
                    return channel
            try:
                name = (await self._telegram.get_channel(name)).id
            except _NOT_READABLE as error:
                raise BadInputError("channel-not-listed") from error
        found = await self._channels.get(name)
        if found is None:
            raise BadInputError("channel-not-listed")
        return found


def _title(info: ChannelInfo) -> str:
    return info.title or str(info.id)
