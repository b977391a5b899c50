"""The nightly check of the stores: what names something that is gone, and what was left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from core.domain.consistency import EXPIRIES, FILE_REFERENCES, Check, CheckResult, WalkMark
from core.errors import DatabaseUnavailableError, SecondaryUnavailableError, TelegramUnavailableError
from core.telegram.gateway import SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from core.clock import Clock
    from core.domain.consistency import FileReference
    from core.telegram.members import TelegramMembers
    from repositories.channel import ChannelRepository
    from repositories.consistency import ConsistencyRepository
    from repositories.group import GroupRepository

    Page = Callable[[Any], Awaitable["_Step"]]

_REFERRERS_AT_ONCE = 100
_FILES_AT_ONCE = 1_000
_GROUPS_AT_ONCE = 20
_MOST_PAGES = 300
_MOST_GROUP_PAGES = 10
_GONE_FOR = timedelta(days=30)
_GRACE = timedelta(days=1)


class _Step(NamedTuple):
    """What one page of a walk came to; `position` is None behind the last."""

    position: Any
    found: int


class _Walked(NamedTuple):
    """How much a walk has found so far, and whether it came to its end."""

    found: int
    is_complete: bool


class ConsistencyService:
    """Every check walks in pages and does a bounded part of its work a night; the next night goes on from there.

    What it removes names something that is gone already, or its time is over: doing it twice, or in two processes,
    changes nothing more. A database that does not answer ends a walk, since a file that is not found may be there;
    where it holds nothing but files, until the next night.

    Args:
        members: knows whether the bot is still in a group.
        reach: asks Telegram for a sign of life, and raises TelegramUnavailableError where there is none, as in a
            process that stands by or has not logged in yet.
        most_pages: of a walk in one night; a thousand files or a hundred documents each.
    """

    def __init__(
        self,
        *,
        consistency: ConsistencyRepository,
        channels: ChannelRepository,
        groups: GroupRepository,
        members: TelegramMembers,
        reach: Callable[[], Awaitable[object]],
        clock: Clock,
        most_pages: int = _MOST_PAGES,
    ) -> None:
        self._consistency = consistency
        self._channels = channels
        self._groups = groups
        self._members = members
        self._reach = reach
        self._clock = clock
        self._most_pages = most_pages
        self._log = structlog.get_logger(__name__)

    def steps(self) -> Mapping[str, Callable[[], Awaitable[int]]]:
        """The checks, as steps of the daily maintenance; each gives how much it has found so far.

        They raise DatabaseUnavailableError when the primary database is away; the walk goes on from there.
        """
        return {
            Check.FILE_REFERENCES.value: self.check_references,
            Check.UNLISTED_FILES.value: self.check_files,
            Check.LOST_GROUPS.value: self.check_groups,
            Check.OVERDUE_RECORDS.value: self.remove_overdue,
        }

    async def results(self) -> dict[Check, CheckResult]:
        """What the last complete walks found; a check that never came to its end is left out.

        Raises:
            DatabaseUnavailableError: not known.
        """
        found = {check: await self._consistency.result(check.value) for check in Check}
        return {check: result for check, result in found.items() if result is not None}

    async def check_references(self) -> int:
        """Remove words about files that the library does not hold any more."""
        walks = [await self._walk(_walk_name(row), self._references_page(row)) for row in FILE_REFERENCES]
        found = sum(walk.found for walk in walks)
        if all(walk.is_complete for walk in walks):
            await self._complete(Check.FILE_REFERENCES, found)
        return found

    async def check_files(self) -> int:
        """Count files without a post in a channel of the index list."""
        listed = frozenset(channel.id for channel in await self._channels.list_all())
        numbers = self._consistency.numbers

        async def page(position: Any) -> _Step:
            number, after = position or (numbers[0], 0)
            files = await self._consistency.sources_after(number, after, _FILES_AT_ONCE) if number in numbers else []
            found = sum(not file.is_dead and not file.channels & listed for file in files)
            if files:
                return _Step([number, files[-1].id], found)
            later = [other for other in numbers if other > number]
            return _Step([later[0], 0] if later else None, found)

        return (await self._walk(Check.UNLISTED_FILES.value, page)).found

    async def check_groups(self) -> int:
        """Forget the settings of groups that the bot has not been in for a month; looks at some hundred a night."""
        return (await self._walk(Check.LOST_GROUPS.value, self._groups_page, _MOST_GROUP_PAGES)).found

    async def remove_overdue(self) -> int:
        """Remove what the server should have removed a day ago."""
        removed = 0
        for row in EXPIRIES:
            before = self._clock.utc_now() - timedelta(days=row.after_days) - _GRACE
            for _ in range(self._most_pages):
                count = await self._consistency.remove_overdue(row.collection, row.field, before)
                removed += count
                if not count:
                    break
        await self._complete(Check.OVERDUE_RECORDS, removed)
        return removed

    async def _walk(self, name: str, page: Page, most_pages: int | None = None) -> _Walked:
        """Go on with a walk, for some pages.

        Raises:
            DatabaseUnavailableError: the primary database is away.
        """
        mark = await self._consistency.mark(name)
        try:
            for _ in range(most_pages or self._most_pages):
                step = await page(mark.position)
                mark = WalkMark(step.position, mark.found + step.found)
                if mark.position is None:
                    await self._consistency.complete(name, CheckResult(mark.found, self._clock.utc_now()))
                    return _Walked(mark.found, is_complete=True)
                await self._clock.sleep(0)
        except (TelegramUnavailableError, SecondaryUnavailableError) as error:
            self._log.info("check_goes_on_later", check=name, error=type(error).__name__)
        except DatabaseUnavailableError:
            await self._keep(name, mark)
            raise
        await self._consistency.keep_mark(name, mark)
        return _Walked(mark.found, is_complete=False)

    async def _keep(self, name: str, mark: WalkMark) -> None:
        try:
            await self._consistency.keep_mark(name, mark)
        except DatabaseUnavailableError:
            self._log.info("check_begins_anew", check=name)  # from where the last mark was

    async def _complete(self, check: Check, found: int) -> None:
        await self._consistency.complete(check.value, CheckResult(found, self._clock.utc_now()))

    def _references_page(self, reference: FileReference) -> Page:
        async def page(position: Any) -> _Step:
            referrers = await self._consistency.referrers(reference, position, _REFERRERS_AT_ONCE)
            if not referrers:
                return _Step(None, 0)
            named = {media_id for referrer in referrers for media_id in referrer.media_ids}
            gone = named - await self._consistency.held(named)
            found = 0
            for referrer in referrers:
                lost = [media_id for media_id in referrer.media_ids if media_id in gone]
                if lost:
                    await self._consistency.forget_files(reference, referrer.id, lost)
                    found += len(lost)
            return _Step(referrers[-1].id, found)

        return page

    async def _groups_page(self, position: Any) -> _Step:
        group_ids = await self._groups.ids_after(position, _GROUPS_AT_ONCE)
        if not group_ids:
            return _Step(None, await self._groups.forget_gone(self._clock.utc_now() - _GONE_FOR))
        await self._reach()
        for group_id in group_ids:
            await self._look_at_group(group_id)
        return _Step(group_ids[-1], 0)

    async def _look_at_group(self, group_id: int) -> None:
        try:
            await self._members.own_rights(group_id)
        except SourceGoneError:
            await self._groups.note_gone(group_id, self._clock.utc_now())
        except TelegramRefusedError as error:
            self._log.warning("group_not_checked", chat_id=group_id, error=error.name)
        else:
            await self._groups.note_here(group_id)


def _walk_name(reference: FileReference) -> str:
    return f"{Check.FILE_REFERENCES}:{reference.collection}.{reference.field}"
