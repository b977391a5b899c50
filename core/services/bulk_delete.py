"""Deleting everything that a search finds: counted, confirmed within a minute, done in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.domain.blocked_file import BlockedFile
from core.domain.media_id import first_media_id_at
from core.errors import BadInputError, BusyError, DatabaseUnavailableError, InfrastructureError
from core.search.query import parse_query
from core.search.words import file_words
from core.services.confirmations import Confirmations

if TYPE_CHECKING:
    from core.cache.invalidation import CacheInvalidator
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.search.query import Query
    from core.services.audit_log import AuditLog
    from core.services.blocked_files import BlockedFiles
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_query import SearchPlanner
    from repositories.media import MediaRepository
    from repositories.media_removal import Match, MediaRemovalRepository

_BLOCK = 200
_COUNTED = 10_001
_COUNT_MS = 1000
_PROGRESS_GAP_S = 3.0
_TRIES, _PAUSE_S = 5, 2.0


@dataclass(frozen=True, slots=True)
class BulkOffer:
    """A deletion that waits for its confirmation.

    Attributes:
        files: how many files match now, copies in several databases counted apart.
        is_exact: False when there are at least so many.
        before_id: only files that were stored before the offer are deleted.
    """

    admin_id: int
    query: Query
    files: int
    is_exact: bool
    before_id: int


class BulkProgress(Protocol):
    """Shown while files are deleted; best effort, never raises."""

    async def progressed(self, deleted: int) -> None:
        """So many are deleted by now."""

    async def finished(self, deleted: int, *, is_complete: bool) -> None:
        """So many were deleted; not all of them when a part of the library stopped answering."""


class BulkDeleteService:
    """Finds what has every word exactly as it was typed, and nothing that is merely spelled alike."""

    def __init__(
        self,
        *,
        media: MediaRepository,
        removal: MediaRemovalRepository,
        planner: SearchPlanner,
        blocked: BlockedFiles,
        invalidator: CacheInvalidator,
        runtime: RuntimeSettingsService,
        audit: AuditLog,
        tasks: TaskRegistry,
        clock: Clock,
    ) -> None:
        self._media = media
        self._removal = removal
        self._planner = planner
        self._blocked = blocked
        self._invalidator = invalidator
        self._runtime = runtime
        self._audit = audit
        self._tasks = tasks
        self._clock = clock
        self._offers: Confirmations[BulkOffer] = Confirmations(
            clock, expired="deleteall-expired", not_yours="deleteall-not-yours"
        )
        self._is_running = False

    async def offer(self, admin_id: int, text: str) -> tuple[str, BulkOffer]:
        """Count what matches, and keep the question for a minute; returns the token that answers it, too.

        Raises:
            BadInputError: there is nothing to search for in the text, or nothing matches.
            DatabaseUnavailableError: a database did not answer.
            SearchTimeoutError: counting took too long.
        """
        query = parse_query(text, self._runtime.current.max_query_length)
        plan = self._planner.plan_typed(query)
        counted = await self._media.count_matches(plan, _COUNTED, max_time_ms=_COUNT_MS)
        if counted.missing:
            raise DatabaseUnavailableError("what a part of the library holds is not known")
        if not counted.total:
            raise BadInputError("deleteall-nothing", query=query.text)
        offer = BulkOffer(
            admin_id=admin_id,
            query=query,
            files=min(counted.total, _COUNTED - 1),
            is_exact=counted.total < _COUNTED,
            before_id=first_media_id_at(self._clock.unix()) + (1 << 12),  # what was given this millisecond included
        )
        return self._offers.ask(admin_id, offer), offer

    def take(self, admin_id: int, token: str) -> BulkOffer:
        """Take an offer that the same admin confirms or cancels, which can be done once.

        Raises:
            ExpiredError, NotYoursError: see `Confirmations.take`.
        """
        return self._offers.take(admin_id, token)

    def start(self, offer: BulkOffer, progress: BulkProgress) -> None:
        """Delete in the background.

        Raises:
            BusyError: another deletion is running.
        """
        if self._is_running:
            raise BusyError("deleteall-busy")
        self._is_running = True
        self._tasks.spawn(self._run(offer, progress), name="delete_all")

    async def _run(self, offer: BulkOffer, progress: BulkProgress) -> None:
        deletion = _Deletion(offer, progress, self._clock.monotonic())
        is_complete = False
        try:
            for number in self._removal.numbers:
                await self._empty(number, deletion)
            is_complete = True
        except InfrastructureError:
            pass  # told: what is left can be deleted by asking again
        finally:
            self._is_running = False
            self._invalidator.deleted()
        query = offer.query.text
        await self._audit.add(
            offer.admin_id, "files_deleted", query=query, files=deletion.deleted, is_complete=is_complete
        )
        await progress.finished(deletion.deleted, is_complete=is_complete)

    async def _empty(self, number: int, deletion: _Deletion) -> None:
        """Delete every match of one database, newest first."""
        before_id: int | None = deletion.offer.before_id
        while before_id is not None:
            before_id = await self._patiently(number, before_id, deletion)
            now = self._clock.monotonic()
            if now - deletion.shown_at >= _PROGRESS_GAP_S:
                deletion.shown_at = now
                await deletion.progress.progressed(deletion.deleted)

    async def _patiently(self, number: int, before_id: int, deletion: _Deletion) -> int | None:
        for _ in range(_TRIES):
            try:
                return await self._delete_block(number, before_id, deletion)
            except InfrastructureError:
                await self._clock.sleep(_PAUSE_S)
        return await self._delete_block(number, before_id, deletion)

    async def _delete_block(self, number: int, before_id: int, deletion: _Deletion) -> int | None:
        """Delete the next matches; the id to go on below, None when these were the last."""
        offer = deletion.offer
        plan = self._planner.plan_typed(offer.query)
        found = await self._removal.matching(number, plan, before_id=before_id, limit=_BLOCK)
        meant = [match for match in found if self._is_meant(match, offer.query)]
        if meant:
            now = self._clock.utc_now()
            await self._blocked.add(
                [BlockedFile(m.unique_id, offer.admin_id, now, m.name, sources=m.sources) for m in meant]
            )
            try:
                deletion.deleted += await self._removal.remove_from(number, [match.id for match in meant])
            finally:
                self._invalidator.deleted()
        return found[-1].id if len(found) == _BLOCK else None

    def _is_meant(self, match: Match, query: Query) -> bool:
        """Whether it really has the words: two words may share a hash, and a caption may not count."""
        caption = match.caption if self._runtime.current.search_captions else None
        return {*query.words, *query.filters.words} <= set(file_words(match.name, caption))


@dataclass(slots=True)
class _Deletion:
    """One that is running."""

    offer: BulkOffer
    progress: BulkProgress
    shown_at: float
    deleted: int = 0
