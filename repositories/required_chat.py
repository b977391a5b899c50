"""What is known of the chats that people have to be in: how they are called, and the way in.

    required_chats {_id: chat id, title, link?, public: bool}

The lists themselves stand in the runtime settings and in `groups`; a chat of no list any more keeps its way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.subscription import RequiredChat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.database.pool import DatabaseConnectionPool, Document

_CHATS = "required_chats"


class RequiredChatRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may be repeated."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def get_many(self, chat_ids: Sequence[int]) -> dict[int, RequiredChat]:
        """Chats by id; those that nothing is known of are left out."""
        found = await self._pool.find(_CHATS, {"_id": {"$in": list(chat_ids)}})
        return {chat.id: chat for chat in map(_to_chat, found)}

    async def put(self, chat: RequiredChat) -> None:
        """Remember what a chat is called and the way in."""
        fields = {"title": chat.title, "link": chat.link, "public": chat.is_public}
        await self._pool.update_one(_CHATS, {"_id": chat.id}, {"$set": fields}, upsert=True, idempotent=True)


def _to_chat(found: Document) -> RequiredChat:
    return RequiredChat(int(found["_id"]), found["title"], found.get("link"), found.get("public", False))
