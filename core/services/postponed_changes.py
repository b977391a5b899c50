"""Edits and deletions reach every database once, whatever databases are away when they happen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.domain.media import NewMedia
from core.errors import DatabaseUnavailableError
from repositories.media_document import is_storable
from repositories.postponed_change import PostRemoval

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

    from core.clock import Clock
    from core.database.multi_pool import MultiDatabaseManager
    from core.observability.metrics import Metrics
    from repositories.media import MediaRepository
    from repositories.postponed_change import PostponedChange, PostponedChangeRepository

_PAUSE_S = 2.0
_AT_ONCE = 100


class PostponedChangesService:
    """Applies changes to the databases that can take them and keeps them for the others.

    A database for which changes wait gets every further change behind them, so that each database sees all changes in
    the order they happened in. One that was applied and is applied again, because the note of it was lost, changes
    nothing. With one database nothing is ever postponed: its outage is an error.

    The edit of a file that no answering database knows waits as well, and is not stored as a new file meanwhile: the
    database that is away may hold it. The last database that takes it decides: when that one does not know the file
    either, and nothing later is known of the post, it is stored as new.

    Changes that another process postponed are noticed within seconds.
    """

    def __init__(
        self,
        databases: MultiDatabaseManager,
        media: MediaRepository,
        changes: PostponedChangeRepository,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._databases = databases
        self._media = media
        self._changes = changes
        self._metrics = metrics
        self._clock = clock
        self._numbers = frozenset(database.number for database in databases.databases)
        self._behind: set[int] = set()
        self._is_alone = len(self._numbers) == 1
        self._is_loaded = False
        self._order = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    @property
    def behind(self) -> frozenset[int]:
        """Numbers of the databases for which changes wait."""
        return frozenset(self._behind)

    async def apply_edit(self, media: NewMedia) -> bool:
        """Apply an edited post wherever its file is.

        Returns:
            False when it has to be stored as a new file: every database says that it does not know it.

        Raises:
            DatabaseUnavailableError: neither applied nor kept; try again.
        """
        if self._is_alone:
            return (await self._media.apply_edit(media)).is_known
        if not is_storable(media):
            return False
        async with self._order:
            ready = await self._ready()
            is_known, missing = await self._apply(media, ready)
            absent = missing | (self._numbers - ready)
            if absent:
                await self._postpone(media, absent, is_found=is_known)
            return is_known or bool(absent)

    async def remove(self, channel_id: int, message_ids: Sequence[int]) -> None:
        """Forget deleted posts.

        Raises:
            DatabaseUnavailableError: neither applied nor kept; try again.
        """
        if self._is_alone:
            await self._media.remove_source(channel_id, message_ids)
            return
        removal = PostRemoval(channel_id, tuple(message_ids))
        async with self._order:
            ready = await self._ready()
            _, missing = await self._apply(removal, ready)
            absent = missing | (self._numbers - ready)
            if absent:
                await self._postpone(removal, absent)

    async def keep(self, unreached: Iterable[tuple[int, NewMedia]]) -> None:
        """Keep posts of known files for the databases that hold them, as edits that change nothing but the sources.

        Raises:
            DatabaseUnavailableError: not kept; try again.
        """
        async with self._order:
            for number, media in unreached:
                await self._postpone(media, {number})

    async def run(self, store: Callable[[NewMedia], Awaitable[None]], changed: Callable[[], None]) -> None:
        """Bring databases that are back up to date; for a supervised task, ends when cancelled.

        Args:
            store: stores the edited post of a file that turned out to be unknown everywhere.
            changed: called after changes were applied, or may have been.
        """
        while not self._is_alone:
            for number in sorted(self._numbers):
                await self._catch_up(number, store, changed)
            await self._clock.sleep(_PAUSE_S)

    async def _catch_up(
        self, number: int, store: Callable[[NewMedia], Awaitable[None]], changed: Callable[[], None]
    ) -> None:
        """Apply what waits for one database, oldest first, until it or the primary fails."""
        applied = 0
        try:
            while waiting := await self._next(number):
                for change in waiting:
                    try:
                        await self._replay(change, number, store)
                    finally:
                        changed()
                    applied += 1
        except DatabaseUnavailableError as error:
            self._log.debug("changes_wait", database=number, detail=str(error))
        if applied:
            self._log.info("postponed_changes_applied", database=number, changes=applied)

    async def _next(self, number: int) -> Sequence[PostponedChange]:
        """What waits longest; the lock makes sure that nothing is added behind when there is none left."""
        async with self._order:
            waiting = await self._changes.first(number, _AT_ONCE)
            (self._behind.add if waiting else self._behind.discard)(number)
            depth = len(waiting) if len(waiting) < _AT_ONCE else await self._changes.count(number)
            self._metrics.postponed_changes.labels(str(number)).set(depth)
            return waiting

    async def _replay(
        self, postponed: PostponedChange, number: int, store: Callable[[NewMedia], Awaitable[None]]
    ) -> None:
        change = postponed.change
        is_known, missing = await self._apply(change, {number})
        if missing:
            raise DatabaseUnavailableError(f"database {number} is still away")
        is_found = is_known or postponed.is_found
        if isinstance(change, NewMedia) and not is_found and await self._changes.decides(postponed.key, change, number):
            await store(change)
        await self._changes.settle(postponed.key, number, is_found=is_known)

    async def _ready(self) -> frozenset[int]:
        """Databases for which nothing waits."""
        if not self._is_loaded:
            self._behind |= {number for number in self._numbers if await self._changes.first(number, 1)}
            self._is_loaded = True
        return self._numbers - self._behind

    async def _apply(self, change: NewMedia | PostRemoval, numbers: Collection[int]) -> tuple[bool, frozenset[int]]:
        """(whether an edit found its file, those of `numbers` that did not take the change)."""
        if not numbers:
            return False, frozenset()
        try:
            if isinstance(change, NewMedia):
                edit = await self._media.apply_edit(change, databases=numbers)
                return edit.is_known, frozenset(edit.missing)
            removal = await self._media.remove_source(change.channel_id, change.message_ids, databases=numbers)
            return False, frozenset(removal.missing)
        except DatabaseUnavailableError:
            return False, frozenset(numbers)

    async def _postpone(
        self, change: NewMedia | PostRemoval, numbers: Collection[int], *, is_found: bool = False
    ) -> None:
        await self._changes.add(change, numbers, is_found=is_found)
        if new := set(numbers) - self._behind:
            self._log.warning("changes_postponed", databases=sorted(new))
            self._behind |= new
