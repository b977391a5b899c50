"""Edits and deletions that a database could not take yet, kept in the primary until it can.

postponed_changes {_id: key, waiting: [number], order: media id of the moment, found?: true,
                   edit: {u, f, n, c?, s, k, d?, e, m?, src: {ch, mi}} | removal: {ch, mi: [message]}}
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from core.domain.media import MediaKind, MediaSource, NewMedia
from repositories.media_document import (
    ALBUM,
    CAPTION,
    CHANNEL,
    DURATION,
    EDITED_AT,
    FILE_ID,
    ID,
    KIND,
    LENT,
    MESSAGE,
    NAME,
    SIZE,
    SOURCES,
    UNIQUE_ID,
    source_document,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.media_id import MediaIdSource

COLLECTION = "postponed_changes"

_WAITING, _ORDER, _FOUND, _EDIT, _REMOVAL, _MIME_TYPE = "waiting", "order", "found", "edit", "removal", "m"
_KEY_BYTES = 12


@dataclass(frozen=True, slots=True)
class PostRemoval:
    """Posts that are gone from a channel."""

    channel_id: int
    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PostponedChange:
    """A change that waits.

    Attributes:
        key: the same for the same change.
        change: an edited post as it was then, or deleted posts.
        is_found: a database that took the edit has its file.
    """

    key: str
    change: NewMedia | PostRemoval
    is_found: bool


class PostponedChangeRepository:
    """The changes that wait, each until the last database it waits for has taken it.

    Every method raises DatabaseUnavailableError when the primary database does not answer, and may be repeated.
    """

    def __init__(self, primary: DatabaseConnectionPool, ids: MediaIdSource) -> None:
        self._primary = primary
        self._ids = ids

    async def add(self, change: NewMedia | PostRemoval, numbers: Collection[int], *, is_found: bool = False) -> None:
        """Keep a change for databases, behind all that wait already.

        Added again it stands at the end again, so that changes which are added once more in their order keep it.
        """
        payload = _edit_document(change) if isinstance(change, NewMedia) else _removal_document(change)
        fields: Document = {_ORDER: self._ids.next(), **payload}
        if is_found:
            fields[_FOUND] = True
        update = {"$set": fields, "$addToSet": {_WAITING: {"$each": sorted(numbers)}}}
        await self._primary.update_one(COLLECTION, {ID: change_key(change)}, update, upsert=True, idempotent=True)

    async def first(self, number: int, limit: int) -> list[PostponedChange]:
        """The changes that wait longest for a database, oldest first."""
        found = await self._primary.find(COLLECTION, {_WAITING: number}, sort=((_ORDER, 1),), limit=limit)
        return [_to_change(document) for document in found]

    async def count(self, number: int, *, limit: int = 10_000) -> int:
        """How many changes wait for a database, up to `limit`."""
        return await self._primary.count(COLLECTION, {_WAITING: number}, limit=limit)

    async def settle(self, key: str, number: int, *, is_found: bool) -> None:
        """A database has taken a change; one that nobody waits for any more is forgotten."""
        update: Document = {"$pull": {_WAITING: number}}
        if is_found:
            update["$set"] = {_FOUND: True}
        await self._primary.update_one(COLLECTION, {ID: key}, update, idempotent=True)
        await self._primary.delete_many(COLLECTION, {ID: key, _WAITING: {"$size": 0}})

    async def decides(self, key: str, edit: NewMedia, number: int) -> bool:
        """Whether a database is the last one that an edit waits for, and no later change of the post waits for it."""
        if await self._primary.find_one(COLLECTION, {ID: key, _WAITING: [number]}, projection={ID: 1}) is None:
            return False
        post = source_document(edit.source)
        removal = {f"{_REMOVAL}.{CHANNEL}": post[CHANNEL], f"{_REMOVAL}.{MESSAGE}": post[MESSAGE]}
        later = {_WAITING: number, ID: {"$ne": key}, "$or": [{f"{_EDIT}.{SOURCES}": post}, removal]}
        return await self._primary.find_one(COLLECTION, later, projection={ID: 1}) is None


def change_key(change: NewMedia | PostRemoval) -> str:
    """Short, and different for different changes."""
    if isinstance(change, NewMedia):
        source = change.source
        text = repr(("edit", source.channel_id, source.message_id, change.unique_id, change.edited_at))
    else:
        text = repr(("removal", change.channel_id, sorted(change.message_ids)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).hexdigest()


def _edit_document(media: NewMedia) -> Document:
    edit: Document = {
        UNIQUE_ID: media.unique_id,
        FILE_ID: media.file_id,
        NAME: media.name,
        SIZE: media.size,
        KIND: int(media.kind),
        EDITED_AT: media.edited_at,
        SOURCES: source_document(media.source),
    }
    optional = {
        CAPTION: media.caption,
        DURATION: media.duration_s,
        _MIME_TYPE: media.mime_type,
        ALBUM: media.album_id,
        LENT: 1 if media.is_caption_lent else None,
    }
    edit.update((name, value) for name, value in optional.items() if value is not None)
    return {_EDIT: edit}


def _removal_document(removal: PostRemoval) -> Document:
    return {_REMOVAL: {CHANNEL: removal.channel_id, MESSAGE: list(removal.message_ids)}}


def _to_change(document: Document) -> PostponedChange:
    edit = document.get(_EDIT)
    change = _to_media(edit) if edit is not None else _to_removal(document[_REMOVAL])
    return PostponedChange(document[ID], change, document.get(_FOUND, False))


def _to_media(edit: Document) -> NewMedia:
    source = MediaSource(edit[SOURCES][CHANNEL], edit[SOURCES][MESSAGE])
    return NewMedia(
        unique_id=edit[UNIQUE_ID],
        file_id=edit[FILE_ID],
        name=edit[NAME],
        caption=edit.get(CAPTION),
        size=edit[SIZE],
        kind=MediaKind(edit[KIND]),
        source=source,
        mime_type=edit.get(_MIME_TYPE),
        duration_s=edit.get(DURATION),
        edited_at=edit[EDITED_AT],
        album_id=edit.get(ALBUM),
        is_caption_lent=LENT in edit,
    )


def _to_removal(removal: Document) -> PostRemoval:
    return PostRemoval(removal[CHANNEL], tuple(removal[MESSAGE]))
