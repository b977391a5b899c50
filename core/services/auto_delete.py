"""Deleting messages after a while: files, pages of results, menus."""

from __future__ import annotations

import secrets
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from core.domain.auto_delete import DeletionKind, DeliveryNotice, NewDeletion
from core.errors import DatabaseUnavailableError, ExpiredError, NotYoursError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.clock import Clock
    from core.domain.auto_delete import DueDeletion
    from core.observability.metrics import Metrics
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.scheduled_deletion import ScheduledDeletionRepository

_MOST_KEPT = 10_000
_KEY_BYTES = 16
_EXTENDED_S = 23 * 3600  # a page is kept for a day at most: nothing that is extended passes Telegram's two days
_MARGIN = timedelta(minutes=30)
_DELETABLE = timedelta(hours=48)


class DeletionNotices(Protocol):
    """What tells a reader that files go, and that they are gone."""

    def announce(self, notice: DeliveryNotice) -> None:
        """Tell when the files go, in the background, and call `AutoDelete.announced` then; never raises."""
        ...

    async def deleted(self, deletion: DueDeletion) -> None:
        """Say that the files of an entry are gone, in its notice or in a message of its own.

        Raises:
            InfrastructureError: not said; may be called again.
        """
        ...


class AutoDelete:
    """Schedules deletions; `DeletionSweep` carries them out.

    What is scheduled is durable before `schedule` returns. While the database is gone, the newest entries are kept in
    memory and stored by `flush`.
    """

    def __init__(
        self,
        deletions: ScheduledDeletionRepository,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._deletions = deletions
        self._runtime = runtime
        self._metrics = metrics
        self._clock = clock
        self._kept: deque[NewDeletion] = deque()
        self._notices: DeletionNotices | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def after_s(self) -> int:
        """How long messages stay, in seconds; 0 when they are not deleted."""
        return self._runtime.current.auto_delete_s

    @property
    def notices(self) -> DeletionNotices | None:
        """What tells readers; None before `tell_with`."""
        return self._notices

    def tell_with(self, notices: DeletionNotices) -> None:
        """Say who tells readers of their files."""
        self._notices = notices

    async def schedule(
        self, chat_id: int, message_ids: Sequence[int], *, kind: DeletionKind, after_s: int | None = None
    ) -> None:
        """Have messages of one chat deleted together; never fails for want of the database.

        Scheduling the first of the messages again puts all of them off, so that a page that is being turned stays.

        Args:
            chat_id: full id.
            message_ids: 0 stands for a message whose id is not known, and is passed over.
            kind: what they are.
            after_s: seconds from now; 0 never. None for the setting.
        """
        ids = tuple(message_id for message_id in message_ids if message_id)
        after = self.after_s if after_s is None else after_s
        if not ids or not after:
            return
        now = self._clock.utc_now()
        await self._store(
            NewDeletion(
                *(self._deletions.key_of(chat_id, ids[0]), chat_id, ids, kind), now, now + timedelta(seconds=after)
            ),
        )

    async def put_off(self, chat_id: int, message_id: int, *, kind: DeletionKind) -> None:
        """Let a message that is being used stay as long as a new one, and what was scheduled together with it."""
        if self.after_s <= _EXTENDED_S:
            await self.schedule(chat_id, (message_id,), kind=kind)

    def files(self, owner_id: int, language: str = "", *, is_protected: bool = False) -> DeliveredFiles:
        """What is to be told of every file of one delivery into a private chat; costs nothing.

        Args:
            owner_id: of the chat, who alone may have the files sent again.
            language: of the notice, a tag such as "en"; "" for the default.
            is_protected: the files cannot be saved or forwarded.
        """
        return DeliveredFiles(self, owner_id, language, is_protected=is_protected)

    async def again(self, key: str, person_id: int) -> tuple[int, ...]:
        """Ids of the files that a notice was about, at least one.

        Raises:
            ExpiredError: nothing is known of it any more.
            NotYoursError: the files were another person's.
            DatabaseUnavailableError: the database did not answer.
        """
        files = await self._deletions.files_of(key)
        if files is None:
            raise ExpiredError("deletion-again-expired")
        if files.owner_id != person_id:
            raise NotYoursError
        return files.media_ids

    async def flush(self) -> None:
        """Store what could not be stored before.

        Raises:
            DatabaseUnavailableError: it is kept.
        """
        waiting = list(self._kept)
        await self._deletions.add(waiting)
        for _ in waiting:
            self._kept.popleft()
        self._metrics.deletions_kept.set(len(self._kept))

    async def store_files(self, key: str, owner_id: int, language: str, since: datetime, ids: tuple[int, int]) -> None:
        """Add (message, file) to a delivery whose first message was sent at `since`; for `DeliveredFiles`."""
        now = self._clock.utc_now()
        due = min(now + timedelta(seconds=self.after_s), since + _DELETABLE - _MARGIN)
        message_id, media_id = ids
        await self._store(
            NewDeletion(
                *(key, owner_id, (message_id,), DeletionKind.FILES, since, due),
                media_ids=(media_id,),
                language=language,
            )
        )

    def announce(self, notice: DeliveryNotice) -> None:
        """Have the owner of the files of one delivery told; for `DeliveredFiles`."""
        if self._notices is not None:
            self._notices.announce(notice)

    async def announced(self, key: str, message_id: int) -> None:
        """Remember which message told of an entry, to be changed when its files are gone; 0 is not known."""
        if not message_id:
            return
        try:
            await self._deletions.set_notice(key, message_id)
        except DatabaseUnavailableError:
            self._log.warning("deletion_notice_not_stored")

    async def _store(self, new: NewDeletion) -> None:
        try:
            await self._deletions.add((new,))
        except DatabaseUnavailableError:
            self._keep(new)

    def _keep(self, new: NewDeletion) -> None:
        if len(self._kept) == _MOST_KEPT:
            lost = self._kept.popleft()
            self._metrics.deletions.labels(lost.kind.value, "lost").inc(len(lost.message_ids))
        self._kept.append(new)
        self._metrics.deletions_kept.set(len(self._kept))
        self._log.warning("deletion_kept_in_memory", kept=len(self._kept))


class DeliveredFiles:
    """The files of one delivery: deleted together, told of once, and to be had again together.

    An entry grows with each file, so that a process that dies leaves only the file on its way unscheduled.
    """

    def __init__(self, scheduler: AutoDelete, owner_id: int, language: str, *, is_protected: bool) -> None:
        self._scheduler = scheduler
        self._is_protected = is_protected
        self._owner_id = owner_id
        self._language = language
        self._key = secrets.token_urlsafe(_KEY_BYTES)
        self._since: datetime | None = None
        self._count = 0

    async def sent(self, message_id: int, media_id: int, at: datetime) -> None:
        """A file has reached the chat at `at` (UTC); durable on return, never fails for want of the database.

        A message id of 0 is not known, and that file stays.
        """
        if not message_id or not self._scheduler.after_s:
            return
        self._since = self._since or at
        self._count += 1
        ids = (message_id, media_id)
        await self._scheduler.store_files(self._key, self._owner_id, self._language, self._since, ids)

    async def finish(self) -> None:
        """Nothing more is sent: tell the owner when the files go; says nothing when none do. Never raises."""
        seconds = self._scheduler.after_s
        if self._count and seconds:
            notice = DeliveryNotice(
                *(self._key, self._owner_id, self._language),
                count=self._count,
                seconds=seconds,
                is_protected=self._is_protected,
            )
            self._scheduler.announce(notice)
