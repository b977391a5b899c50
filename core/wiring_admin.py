"""The part of the composition root that admins use: what they are told, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import BadInputError
from core.services.admin_notices import AdminNotices
from core.services.audit_log import AuditLog
from core.services.bulk_delete import BulkDeleteService
from core.services.channel_admin import ChannelAdminService
from core.services.conversation import Conversations
from core.services.drop_box import DropBoxService
from core.services.library_admin import LibraryAdminService
from core.services.search_query import SearchPlanner
from core.services.self_check import SelfCheckService
from core.services.setting_question import SettingQuestions
from core.services.settings_editor import SettingsEditor
from core.telegram.pyrogram_lookups import PyrogramLookups
from core.telegram.pyrogram_uploads import PyrogramUploads
from repositories.audit_log import AuditLogRepository

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.domain.self_check import Finding
    from core.domain.setting import SettingValue
    from core.services.channel import ChannelService
    from core.services.search_query import Words
    from core.services.subscription_admin import SubscriptionAdminService
    from core.telegram.lookups import TelegramLookups
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.telegram.uploads import TelegramUploads
    from core.text.catalog import Catalogue
    from core.wiring import Base, Bookkeeping, Databases, Repositories, Telegram


@dataclass(frozen=True, slots=True)
class Administration:
    """What admins are told, in which words, and the record of what they do."""

    catalogue: Catalogue
    notices: AdminNotices
    audit: AuditLog


@dataclass(frozen=True, slots=True)
class AdminServices:
    """What admins do; `drop_box` and `check` have a loop each, which runs from the login on."""

    told: Administration
    channels: ChannelAdminService
    library: LibraryAdminService
    bulk: BulkDeleteService
    drop_box: DropBoxService
    check: SelfCheckService
    lookups: TelegramLookups
    uploads: TelegramUploads


@dataclass(frozen=True, slots=True)
class Editing:
    """Runtime settings in the hands of admins, and what people are asked."""

    conversations: Conversations
    settings: SettingsEditor
    questions: SettingQuestions


def build_editing(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    told: Administration,
    lists: SubscriptionAdminService,
) -> Editing:
    """What a value has to pass besides its declaration is asked of those who know."""

    async def check_database(value: SettingValue) -> None:
        count = len(databases.manager.databases)
        if int(value) > count:
            raise BadInputError("setting-no-database", count=count)

    settings = SettingsEditor(
        databases.runtime,
        told.audit,
        repositories.users,
        {"database_preferred": check_database, "force_subscribe_chats": lists.check_list},
    )
    conversations = Conversations(base.cache)
    return Editing(conversations, settings, SettingQuestions(settings, conversations))


def build_administration(
    base: Base, databases: Databases, telegram: PyrogramGateway, catalogue: Catalogue
) -> Administration:
    """What may be needed by every service, so it is built before them."""
    notices = AdminNotices(telegram, catalogue, base.settings.admins, base.tasks, base.clock)
    audit = AuditLog(AuditLogRepository(databases.manager.primary), base.clock)
    return Administration(catalogue, notices, audit)


def build_admin_services(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    words: Words,
    telegram: Telegram,
    index_list: ChannelService,
    told: Administration,
    further_findings: Callable[[], Awaitable[Sequence[Finding]]],
) -> AdminServices:
    """Everything behind the commands of admins; `words` as `SearchPlanner`, the last as `SelfCheckService` needs it."""
    lookups = PyrogramLookups(telegram.client, telegram.api)
    removal, channels = repositories.media_removal, repositories.channels
    library = _build_library(base, repositories, books, told)
    drop_box = DropBoxService(base.settings.delete_channel, library, telegram.gateway, told.catalogue, base.clock)
    listing = ChannelAdminService(
        channels=channels,
        index_list=index_list,
        telegram=telegram.gateway,
        lookups=lookups,
        removal=removal,
        databases=removal.numbers,
        audit=told.audit,
    )
    check = SelfCheckService(
        channels=channels,
        lookups=lookups,
        drop_box=drop_box,
        notices=told.notices,
        settings=base.settings,
        databases=removal.numbers,
        clock=base.clock,
        further=further_findings,
    )
    bulk = _build_bulk_delete(base, databases, repositories, books, words, told)
    uploads = PyrogramUploads(telegram.client, telegram.api, telegram.gateway)
    return AdminServices(told, listing, library, bulk, drop_box, check, lookups, uploads)


def _build_library(
    base: Base, repositories: Repositories, books: Bookkeeping, told: Administration
) -> LibraryAdminService:
    return LibraryAdminService(
        media=repositories.media,
        removal=repositories.media_removal,
        blocked=books.blocked,
        invalidator=books.invalidator,
        audit=told.audit,
        clock=base.clock,
    )


def _build_bulk_delete(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    words: Words,
    told: Administration,
) -> BulkDeleteService:
    return BulkDeleteService(
        media=repositories.media,
        removal=repositories.media_removal,
        planner=SearchPlanner(words),
        blocked=books.blocked,
        invalidator=books.invalidator,
        runtime=databases.runtime,
        audit=told.audit,
        tasks=base.tasks,
        clock=base.clock,
    )
