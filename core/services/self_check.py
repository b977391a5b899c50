"""Looking at the bot's own set-up: what is missing, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.self_check import CheckReport, Finding
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from config.settings import BootstrapSettings
    from core.clock import Clock
    from core.domain.channel import IndexedChannel
    from core.services.admin_notices import AdminNotices
    from core.services.drop_box import DropBoxService
    from core.telegram.lookups import BotTraits, TelegramLookups
    from repositories.channel import ChannelRepository

_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_CHECKED_AT_START = 50
_PAUSE_S = 10.0
_LIST_PAUSE_S = 0.5
_UNREACHED_PAUSE_S = 60.0


class SelfCheckService:
    """Asks Telegram what the bot may do where; at start, tells the owner what keeps it from indexing.

    An owner who has not started the bot yet is told within a minute of that.

    Args:
        databases: numbers of those that exist.
        further: what else is found; raises what `check` does.
        seeding_s: how long the index list may take to be filled at the first start before it counts as empty.
    """

    def __init__(
        self,
        *,
        channels: ChannelRepository,
        lookups: TelegramLookups,
        drop_box: DropBoxService,
        notices: AdminNotices,
        settings: BootstrapSettings,
        databases: Collection[int],
        clock: Clock,
        further: Callable[[], Awaitable[Sequence[Finding]]],
        seeding_s: float = 60.0,
    ) -> None:
        self._channels = channels
        self._lookups = lookups
        self._drop_box = drop_box
        self._notices = notices
        self._settings = settings
        self._databases = databases
        self._clock = clock
        self._further = further
        self._seeding_s = seeding_s

    async def run_at_start(self) -> None:
        """Tell the owner once what has to be done before everything is indexed; for a supervised task."""
        await self._wait_for_the_list()
        while True:
            try:
                report = await self.check(most=_CHECKED_AT_START)
            except (DatabaseUnavailableError, TelegramUnavailableError):
                await self._clock.sleep(_PAUSE_S)
                continue
            if not report.needs_owner or await self._notices.reach_owner(_checklist(report)):
                return
            await self._clock.sleep(_UNREACHED_PAUSE_S)

    async def check(self, *, most: int | None = None) -> CheckReport:
        """Look at everything.

        Args:
            most: channels that are asked for; None for all.

        Raises:
            DatabaseUnavailableError, TelegramUnavailableError: try again later.
        """
        enabled = await self._channels.list_enabled()
        traits = await self._lookups.bot_traits()
        unreadable = [found for channel in enabled[:most] if (found := await self._look_at(channel, traits))]
        return CheckReport(len(enabled), tuple(unreadable), tuple(await self._other(enabled, traits)))

    async def _look_at(self, channel: IndexedChannel, traits: BotTraits) -> Finding | None:
        """What keeps the posts of a channel from the bot; None for nothing."""
        named: dict[str, str | float] = {"channel": channel.title or str(channel.id)}
        try:
            place = await self._lookups.own_place(channel.id)
        except (SourceGoneError, TelegramRefusedError):
            return Finding("check-channel-gone", {**named, "id": str(channel.id)})
        if place.is_admin or (traits.reads_groups and not place.is_broadcast):
            return None
        return Finding("check-channel-not-admin", named)

    async def _other(self, enabled: list[IndexedChannel], traits: BotTraits) -> list[Finding]:
        found = [] if traits.has_inline else [Finding("check-inline-off")]
        if not traits.reads_groups:
            found.append(Finding("check-privacy-on"))
        if self._settings.http_token is None and self._settings.http_host not in _LOCAL_HOSTS:
            found.append(Finding("check-http-token"))
        for channel in enabled:
            if channel.database is not None and channel.database not in self._databases:
                values = {"channel": channel.title or str(channel.id), "number": str(channel.database)}
                found.append(Finding("check-channel-database", values))
        if any(channel.id == self._drop_box.channel_id for channel in enabled):
            found.append(Finding("check-drop-box-indexed", {"channel": str(self._settings.delete_channel)}))
        if self._settings.delete_channel is not None and not await self._drop_box_works():
            found.append(Finding("check-drop-box", {"channel": str(self._settings.delete_channel)}))
        return [*found, *await self._further()]

    async def _drop_box_works(self) -> bool:
        if self._drop_box.channel_id is None:
            return False
        try:
            place = await self._lookups.own_place(self._drop_box.channel_id)
        except (SourceGoneError, TelegramRefusedError):
            return False
        return place.is_admin and place.may_post

    async def _wait_for_the_list(self) -> None:
        """At the first start the list is filled from the settings, beside this."""
        until = self._clock.monotonic() + self._seeding_s
        while self._settings.channels and self._clock.monotonic() < until:
            try:
                if await self._channels.is_seeded():
                    return
            except DatabaseUnavailableError:
                pass
            await self._clock.sleep(_LIST_PAUSE_S)


def _checklist(report: CheckReport) -> tuple[Finding, ...]:
    first = Finding("check-first-run") if report.channels else Finding("check-no-channels")
    found = (*report.unreadable, *report.other)
    return (first, *found, Finding("check-commands"), Finding("check-inline-feedback"), Finding("check-again"))
