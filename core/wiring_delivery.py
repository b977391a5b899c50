"""The part of the composition root that hands files over: one, many, and what follows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core.services.auto_delete import AutoDelete
from core.services.caption import Captions
from core.services.caption_settings import CaptionSettings
from core.services.deletion_sweep import DeletionSweep
from core.services.delivery import DeliveryService
from core.services.delivery_journal import DeliveryJournal
from core.services.delivery_queue import DeliveryQueue
from core.services.delivery_run import RunLimits, RunTools
from core.services.file_healing import FileHealing
from core.services.file_report import FileReports
from core.services.file_sender import FileSender
from core.services.recent_presses import RecentPresses
from core.services.send_all import SendAllService
from core.telegram.file_reference import FileReferences
from repositories.delivery import DeliveryRepository
from repositories.file_report import FileReportRepository
from repositories.scheduled_deletion import ScheduledDeletionRepository

if TYPE_CHECKING:
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.wiring import Base, Bookkeeping, Databases, Repositories
    from core.wiring_access import People
    from core.wiring_admin import Administration
    from core.wiring_search import Searching
    from repositories.channel import ChannelRepository


@dataclass(frozen=True, slots=True)
class Delivering:
    """Handing files over.

    Attributes:
        files: one file at once.
        send_all: a page, or everything that was found.
        journal: word of every `Send all` that runs; settles those of killed processes.
        reports: of files that something is wrong with.
        auto_delete: takes messages back after a while.
        deletions: does so; has a loop, which runs from the login on.
        captions: what stands under files, and how it is changed.
    """

    files: DeliveryService
    send_all: SendAllService
    journal: DeliveryJournal
    reports: FileReports
    auto_delete: AutoDelete
    deletions: DeletionSweep
    captions: CaptionSettings


def build_delivering(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    searching: Searching,
    people: People,
    administration: Administration,
    telegram: PyrogramGateway,
) -> Delivering:
    """Nothing is sent before somebody asks for it."""
    runtime, clock, primary = databases.runtime, base.clock, databases.manager.primary
    reports = FileReports(FileReportRepository(primary), administration.notices, clock)
    bot_id = _bot_id(base)
    scheduled = ScheduledDeletionRepository(primary, bot_id)
    auto_delete = AutoDelete(scheduled, runtime, base.metrics, clock)
    captions = Captions(runtime, administration.catalogue, lambda: telegram.username)
    sender = _build_sender(base, repositories, books, reports, captions, auto_delete, people, telegram)
    journal = DeliveryJournal(
        DeliveryRepository(primary, clock, bot_id, secrets.token_hex(8)),
        searching.quota,
        telegram,
        administration.catalogue,
        people.reachability,
        clock,
    )
    files = DeliveryService(
        search=searching.search,
        media=repositories.media,
        quota=searching.quota,
        sender=sender,
        presses=RecentPresses(base.cache, clock),
        runtime=runtime,
        metrics=base.metrics,
        counters=books.counters,
    )
    send_all = SendAllService(
        search=searching.search,
        files=files,
        tools=RunTools(searching.quota, sender, _build_queue(base, databases), journal, clock, RunLimits()),
        tasks=base.tasks,
    )
    people.bans.on_ban(send_all.stop_all_of)
    return Delivering(
        *(files, send_all, journal, reports, auto_delete),
        deletions=DeletionSweep(auto_delete, scheduled, telegram, base.metrics, clock),
        captions=CaptionSettings(captions, runtime, administration.audit),
    )


def _build_sender(
    base: Base,
    repositories: Repositories,
    books: Bookkeeping,
    reports: FileReports,
    captions: Captions,
    auto_delete: AutoDelete,
    people: People,
    telegram: PyrogramGateway,
) -> FileSender:
    healing = FileHealing(
        *(FileReferences(telegram), repositories.media, reports, books.invalidator, base.tasks, base.clock),
        is_listed=partial(_is_listed, repositories.channels),
    )
    return FileSender(
        telegram=telegram,
        healing=healing,
        captions=captions,
        reachability=people.reachability,
        metrics=base.metrics,
        counters=books.counters,
        popularity=books.popularity,
        auto_delete=auto_delete,
        clock=base.clock,
    )


def _build_queue(base: Base, databases: Databases) -> DeliveryQueue:
    return DeliveryQueue(lambda: databases.runtime.current.send_all_places, base.metrics)


async def _is_listed(channels: ChannelRepository, channel_id: int) -> bool:
    return await channels.get(channel_id) is not None


def _bot_id(base: Base) -> int:
    number, _, _ = base.settings.bot_token.get_secret_value().partition(":")
    return int(number)
