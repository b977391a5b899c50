"""Groups that become supergroups keep what was set for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.services.channel import ChannelService
    from core.services.group_search import GroupSearchService
    from handlers.chat_events import GroupMigrated


class GroupMoves:
    """Takes the news that a group has another id now."""

    def __init__(self, groups: GroupSearchService, index_list: ChannelService) -> None:
        self._groups = groups
        self._index_list = index_list

    async def take(self, event: GroupMigrated) -> None:
        """Move everything that is kept by the old id; may be told again and again.

        Raises:
            DatabaseUnavailableError: not all of it is known to have moved.
        """
        await self._groups.move(event.chat_id, event.new_id)
        await self._index_list.migrate(event.chat_id, event.new_id)
