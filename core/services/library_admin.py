"""Taking single files out of the library, and keeping them out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from core.domain.blocked_file import BlockedFile
from core.domain.media_id import decode_media_id
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.cache.invalidation import CacheInvalidator
    from core.clock import Clock
    from core.domain.media import MediaFile
    from core.services.audit_log import AuditLog
    from core.services.blocked_files import BlockedFiles
    from repositories.media import MediaRepository
    from repositories.media_removal import MediaRemovalRepository, Removal

_UNIQUE_ID = re.compile(r"[A-Za-z0-9_-]{10,64}")
_MEDIA_ID_LENGTH = 9
_LONGEST_REASON = 300


class TakenOut(NamedTuple):
    """What became of a file.

    Attributes:
        name: "" when the library did not have it.
        is_everywhere: False while a part of the library does not answer and may still have it.
    """

    unique_id: str
    name: str
    is_everywhere: bool


class LibraryAdminService:
    """Deletes files and takes them down; every method raises DatabaseUnavailableError when nothing could be done."""

    def __init__(
        self,
        *,
        media: MediaRepository,
        removal: MediaRemovalRepository,
        blocked: BlockedFiles,
        invalidator: CacheInvalidator,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._media = media
        self._removal = removal
        self._blocked = blocked
        self._invalidator = invalidator
        self._audit = audit
        self._clock = clock

    async def find(self, file_id: str) -> MediaFile | None:
        """The stored file with this library id or Telegram unique id; None for none."""
        if len(file_id) != _MEDIA_ID_LENGTH:
            return await self._media.get_by_unique_id(file_id)
        try:
            return await self._media.get(decode_media_id(file_id))
        except ValueError:
            return None

    async def unique_id(self, file_id: str) -> str:
        """Telegram's unique id of what an admin named by either id.

        Raises:
            BadInputError: it is neither, or the library has no file with this id.
        """
        if len(file_id) == _MEDIA_ID_LENGTH:
            found = await self.find(file_id)
            if found is None:
                raise BadInputError("admin-file-unknown")
            return found.unique_id
        if not _UNIQUE_ID.fullmatch(file_id):
            raise BadInputError("admin-file-bad-id")
        return file_id

    async def delete(self, admin_id: int, unique_id: str) -> TakenOut:
        """Delete a file; its posts of today bring it back no more, a new one does.

        Raises:
            BadInputError: the library does not have it.
        """
        found = await self._media.get_by_unique_id(unique_id)
        if found is None:
            raise BadInputError("admin-file-unknown")
        now = self._clock.utc_now()
        await self._blocked.add([BlockedFile(unique_id, admin_id, now, found.name, sources=found.sources)])
        removal = await self._remove(unique_id)
        await self._audit.add(admin_id, "file_deleted", unique_id=unique_id, name=found.name)
        return TakenOut(unique_id, found.name, not removal.missing)

    async def take_down(self, admin_id: int, unique_id: str, reason: str) -> TakenOut:
        """Delete a file, stored or not, and index no post of it any more, whoever posts it where."""
        reason = reason[:_LONGEST_REASON]
        found = await self._media.get_by_unique_id(unique_id)
        name = found.name if found is not None else ""
        await self._blocked.add([BlockedFile(unique_id, admin_id, self._clock.utc_now(), name, reason)])
        removal = await self._remove(unique_id)
        await self._audit.add(admin_id, "file_taken_down", unique_id=unique_id, name=name, reason=reason)
        return TakenOut(unique_id, name, not removal.missing)

    async def undo_take_down(self, admin_id: int, unique_id: str) -> str:
        """Let a file that was taken down be indexed again when it is posted; its name.

        Raises:
            BadInputError: it was not taken down.
        """
        known = await self._blocked.get(unique_id)
        if not await self._blocked.lift(unique_id):
            raise BadInputError("takedown-not-blocked")
        name = known.name if known is not None else ""
        await self._audit.add(admin_id, "takedown_undone", unique_id=unique_id, name=name)
        return name

    async def _remove(self, unique_id: str) -> Removal:
        try:
            return await self._removal.remove([unique_id])
        finally:
            self._invalidator.deleted()
