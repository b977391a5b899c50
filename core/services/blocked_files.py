"""What may not come into the library: files that were taken down, and posts of files that were deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.clock import Clock
    from core.domain.blocked_file import BlockedFile
    from core.domain.media import MediaSource, NewMedia
    from repositories.blocked_file import BlockedFileRepository
    from repositories.media_removal import MediaRemovalRepository

_FRESH_S = 30.0
_MOST_REMEMBERED = 20_000
_SWEPT_AT_ONCE = 500

_Barred = dict[str, frozenset["MediaSource"] | None]


class BlockedFiles:
    """Asked before and after every batch is stored.

    What is barred is remembered in the process, so that asking costs nothing; what this process bars is known at once,
    what another one bars within half a minute. Only where there is very much of it, each batch is looked up.
    """

    def __init__(
        self,
        blocked: BlockedFileRepository,
        removal: MediaRemovalRepository,
        clock: Clock,
        *,
        most_remembered: int = _MOST_REMEMBERED,
    ) -> None:
        self._blocked = blocked
        self._removal = removal
        self._clock = clock
        self._most_remembered = most_remembered
        self._barred: _Barred = {}
        self._is_complete = False
        self._changes = 0
        self._read_at: float | None = None

    async def allowed(self, files: Sequence[NewMedia]) -> list[NewMedia]:
        """Those that may be stored.

        Raises:
            DatabaseUnavailableError: it was never known what is barred, and the primary database did not answer.
        """
        await self._refresh()
        barred = self._barred
        if not self._is_complete:
            barred = barred | _by_id(await self._blocked.blocked_among({media.unique_id for media in files}))
        return [media for media in files if not _bars(barred, media)]

    async def withdraw(self, files: Sequence[NewMedia]) -> bool:
        """Remove what was taken down or deleted while it was being stored; whether there was anything.

        Of a file that was deleted, only the posts that it was deleted with: it may be back by a new one.

        Raises:
            DatabaseUnavailableError: not removed; store the files again, which leaves them out.
        """
        barred = self._barred
        if not self._is_complete:
            barred = _by_id(await self._blocked.blocked_among({media.unique_id for media in files}))
        late = [media for media in files if _bars(barred, media)]
        if not late:
            return False
        taken_down = {media.unique_id for media in late if barred[media.unique_id] is None}
        deleted = [media for media in late if media.unique_id not in taken_down]
        removals = [await self._removal.remove_post(media.unique_id, media.source) for media in deleted]
        if taken_down:
            removals.append(await self._removal.remove(taken_down))
        if any(removal.missing for removal in removals):
            raise DatabaseUnavailableError("a file that was taken down or deleted may still be stored")
        return True

    async def add(self, files: Sequence[BlockedFile]) -> None:
        """Keep files out, durably, and from now on.

        Raises:
            DatabaseUnavailableError: nothing, or not all of it, is barred.
        """
        await self._blocked.add(files)
        self._changes += 1
        for unique_id, sources in _by_id(files).items():
            known = self._barred.get(unique_id, frozenset())
            self._barred[unique_id] = None if known is None or sources is None else known | sources

    async def get(self, unique_id: str) -> BlockedFile | None:
        """What keeps a file out; None for nothing."""
        return await self._blocked.get(unique_id)

    async def lift(self, unique_id: str) -> bool:
        """Let posts of a file that was taken down in again; False when it was not taken down."""
        was_blocked = await self._blocked.unblock(unique_id)
        if was_blocked:
            self._changes += 1
            self._barred.pop(unique_id, None)
        return was_blocked

    async def sweep(self) -> None:
        """Remove what is stored although it was taken down, in a database that was away then; once a day.

        Raises:
            DatabaseUnavailableError: not all of it is removed.
        """
        taken_down = [file.unique_id for file in await self._blocked.find() if file.reason is not None]
        for first in range(0, len(taken_down), _SWEPT_AT_ONCE):
            await self._removal.remove(taken_down[first : first + _SWEPT_AT_ONCE])

    async def _refresh(self) -> None:
        """Read anew what is barred, unless that was done a moment ago; an outage leaves what is known."""
        if self._read_at is not None and self._clock.monotonic() - self._read_at < _FRESH_S:
            return
        changes = self._changes
        try:
            found = await self._blocked.find(limit=self._most_remembered + 1)
        except DatabaseUnavailableError:
            if self._read_at is None:
                raise
            return
        if changes == self._changes:  # else what was read may be older than what is known
            self._is_complete = len(found) <= self._most_remembered
            self._barred = _by_id(found) if self._is_complete else {}
        self._read_at = self._clock.monotonic()


def _by_id(files: Iterable[BlockedFile]) -> _Barred:
    return {file.unique_id: frozenset(file.sources) if file.reason is None else None for file in files}


def _bars(barred: _Barred, media: NewMedia) -> bool:
    sources = barred.get(media.unique_id, frozenset())
    return sources is None or media.source in sources
