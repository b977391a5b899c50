"""Every handler of the bot, built in one place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.errors import BannedError, NotSubscribedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.container import Container
    from handlers.answers import AnswerRoutes
    from handlers.base import BaseHandler
    from handlers.chat_events import ChatEventRoutes
    from handlers.manager import HandlerManager
    from handlers.pipeline import UpdatePipeline
    from handlers.result_display import ResultDisplay
    from handlers.resumption import Resumption


def build_handlers(container: Container, resumption: Resumption) -> Sequence[BaseHandler]:
    """The one list of every handler; each gets only the services it uses."""
    from handlers.file import FileHandler
    from handlers.group_search import GroupSearchHandler
    from handlers.inline import InlineHandler
    from handlers.private_link import PrivateLinks
    from handlers.search import SearchHandler
    from handlers.search_help import SearchHelpHandler
    from handlers.start import StartHandler
    from handlers.suggest import SuggestHandler

    telegram, readers = container.telegram, container.searching
    search, searches, lists = readers.search, readers.repeatable, readers.suggestion_lists
    display = _result_display(container)
    links = PrivateLinks(telegram, readers.links)
    return (
        StartHandler(telegram, readers.links, container.delivering.files, search, display, resumption),
        *_subscription_handlers(container, resumption),
        SearchHelpHandler(telegram),
        SearchHandler(telegram, search, display, searches),
        SuggestHandler(telegram, search, readers.suggestions, lists, display, container.delivering.auto_delete),
        GroupSearchHandler(
            telegram=telegram, groups=readers.groups, search=search, display=display, searches=searches, links=links
        ),
        InlineHandler(telegram, readers.inline),
        FileHandler(
            telegram=telegram,
            search=search,
            delivery=container.delivering.files,
            send_all=container.delivering.send_all,
            display=display,
            searches=searches,
            links=links,
        ),
        _deletion_handler(container),
        *_backfill_handlers(container),
        *_premium_handlers(container),
        *_admin_handlers(container),
        *_upkeep_handlers(container),
        *_report_handlers(container),
        _broadcast_handler(container),
    )


def _result_display(container: Container) -> ResultDisplay:
    from handlers.result_display import ResultDisplay

    readers = container.searching
    return ResultDisplay(
        *(container.telegram, readers.quota, readers.suggestion_lists, readers.repeatable),
        *(container.runtime, container.delivering.auto_delete),
    )


def _deletion_handler(container: Container) -> BaseHandler:
    """Who has deleted files sent again; tells of them as well."""
    from handlers.auto_delete import AutoDeleteHandler
    from handlers.deletion_notice import DeletionNotice

    telegram, handing = container.telegram, container.delivering
    handing.auto_delete.tell_with(DeletionNotice(telegram, container.catalogue, handing.auto_delete, container.tasks))
    return AutoDeleteHandler(telegram, handing.auto_delete, handing.files, handing.send_all)


def _premium_handlers(container: Container) -> Sequence[BaseHandler]:
    """What premium gives, for everybody; who gets it, for admins."""
    from handlers.admin.premium import PremiumAdminHandler
    from handlers.plans import PlansHandler

    telegram, service, zone = container.telegram, container.premium.service, container.settings.time_zone
    return (
        PlansHandler(telegram, service, zone),
        PremiumAdminHandler(telegram, service, container.admin.lookups, zone),
    )


def _admin_handlers(container: Container) -> Sequence[BaseHandler]:
    """What is for admins alone, and ids, which are for everybody."""
    from handlers.admin.ban import BanHandler
    from handlers.admin.bulk_delete import BulkDeleteHandler
    from handlers.admin.caption import CaptionHandler
    from handlers.admin.channel import ChannelAdminHandler
    from handlers.admin.library import LibraryAdminHandler
    from handlers.admin.maintenance import MaintenanceHandler
    from handlers.admin.role import RoleHandler
    from handlers.admin.setting import SettingHandler
    from handlers.admin.verify import VerifyHandler
    from handlers.cancel import CancelHandler
    from handlers.identity import IdentityHandler

    telegram, admin, people = container.telegram, container.admin, container.people
    editing, zone = container.serving.editing, container.settings.time_zone
    return (
        CancelHandler(telegram, editing.conversations),
        SettingHandler(telegram, editing.settings, editing.questions, zone),
        IdentityHandler(telegram, admin.lookups, admin.library, people.roles),
        ChannelAdminHandler(telegram, admin.channels, admin.lookups),
        LibraryAdminHandler(telegram, admin.library, admin.lookups),
        BulkDeleteHandler(telegram, admin.bulk),
        VerifyHandler(telegram, admin.check),
        MaintenanceHandler(telegram, people.maintenance),
        CaptionHandler(telegram, container.delivering.captions),
        BanHandler(telegram, people.bans, admin.lookups, zone),
        RoleHandler(telegram, people.roles, admin.lookups),
    )


def _upkeep_handlers(container: Container) -> Sequence[BaseHandler]:
    """The state of the stores, and what keeps them in order."""
    from handlers.admin.cache import CacheHandler
    from handlers.admin.database import DatabaseHandler

    telegram, upkeep = container.telegram, container.upkeep
    return DatabaseHandler(telegram, upkeep.databases), CacheHandler(telegram, upkeep.cache)


def _report_handlers(container: Container) -> Sequence[BaseHandler]:
    """What admins look at, and the restart."""
    from handlers.admin.long_answers import LongAnswers
    from handlers.admin.people import PeopleHandler
    from handlers.admin.report import ReportHandler
    from handlers.admin.restart import RestartHandler
    from handlers.admin.statistics import StatisticsHandler

    telegram, reports, admin = container.telegram, container.reports, container.admin
    zone, people = container.settings.time_zone, container.people
    return (
        StatisticsHandler(
            telegram, admin.uploads, reports.statistics, reports.worker, zone, container.upkeep.consistency
        ),
        PeopleHandler(
            telegram=telegram,
            people=reports.people,
            roles=people.roles,
            bans=people.bans,
            premium=container.premium.service,
            lookups=admin.lookups,
            zone=zone,
        ),
        ReportHandler(
            telegram=telegram,
            answers=LongAnswers(telegram, admin.uploads),
            errors=reports.errors,
            log=reports.log,
            performance=container.operations.performance.report,
            audit=admin.told.audit,
            zone=zone,
        ),
        RestartHandler(telegram, reports.restarts),
    )


def _broadcast_handler(container: Container) -> BaseHandler:
    """Who sends messages to everybody; shows how that goes as well."""
    from handlers.admin.broadcast import BroadcastHandler
    from handlers.admin.broadcast_message import BroadcastMessage

    telegram, sending, zone = container.telegram, container.broadcasting, container.settings.time_zone
    shown = BroadcastMessage(telegram, container.catalogue, container.clock, zone)
    sending.service.show_in(shown)
    return BroadcastHandler(telegram, sending.drafts, sending.service, shown, container.clock, zone)


def _subscription_handlers(container: Container, resumption: Resumption) -> Sequence[BaseHandler]:
    """Going on after a refusal, and the lists of chats to join."""
    from handlers.admin.subscription import SubscriptionAdminHandler
    from handlers.subscription import SubscriptionHandler

    lists = SubscriptionAdminHandler(container.telegram, container.subscribing.lists)
    return SubscriptionHandler(resumption), lists


def _backfill_handlers(container: Container) -> Sequence[BaseHandler]:
    """Who takes forwarded posts and links of posts; shows how jobs go as well."""
    from handlers.backfill import BackfillHandler
    from handlers.backfill_message import BackfillMessage
    from handlers.index_request import IndexRequestHandler

    past, telegram = container.backfilling, container.telegram
    past.progress.show_in(BackfillMessage(telegram, container.catalogue))
    offers = BackfillHandler(telegram, past.service)
    requests = IndexRequestHandler(
        telegram=telegram,
        requests=past.requests,
        backfill=past.service,
        offers=offers,
        catalogue=container.catalogue,
        roles=container.people.roles,
        tasks=container.tasks,
        clock=container.clock,
    )
    return offers, requests


def build_manager(container: Container) -> HandlerManager:
    """Routes, pipeline and what takes the updates over one container, ready to be registered."""
    from handlers.answers import AnswerRoutes
    from handlers.channel import ChannelHandler
    from handlers.command_menu import CommandMenu
    from handlers.intake import UpdateIntake
    from handlers.late_presses import LatePresses
    from handlers.manager import HandlerManager
    from handlers.resumption import Resumption

    roles, subscribing = container.people.roles, container.subscribing
    resumption = Resumption(
        *(subscribing.interruptions, subscribing.service, container.searching.limiter, container.telegram),
        container.admin.lookups,
    )
    menu = CommandMenu(container.telegram, container.catalogue, container.clock, roles.ranks)
    late_presses = LatePresses(container.telegram, container.tasks, container.clock)
    answers = AnswerRoutes(container.serving.editing.conversations, roles)
    intake = partial(
        UpdateIntake,
        channels=ChannelHandler(container.indexing.index_list, container.admin.drop_box),
        events=_chat_events(container),
        pipeline=_build_pipeline(container, answers),
        late_presses=late_presses,
        receiving=container.receiving,
        tasks=container.tasks,
        metrics=container.metrics,
        clock=container.clock,
    )
    manager = HandlerManager(
        *(build_handlers(container, resumption), intake, container.receiving, late_presses, menu, container.tasks),
        stop_patience_s=container.settings.shutdown_deadline_s / 2,
        admits=container.operations.watch.receiver.admits,
    )
    resumption.find_routes_by(manager.find_route)
    answers.find_routes_in(manager.answers)
    roles.on_change(manager.show_menu)
    return manager


def _build_pipeline(container: Container, answers: AnswerRoutes) -> UpdatePipeline:
    """What every update passes, and the refusals that are told in a way of their own."""
    from handlers.ban_notice import BanTeller
    from handlers.pipeline import UpdatePipeline
    from handlers.refusal_tellers import RefusalTellers
    from handlers.subscription_gate import SubscriptionGate
    from handlers.subscription_refusal import SubscriptionRefusal

    people, limiter, subscribing = container.people, container.searching.limiter, container.subscribing
    tellers = RefusalTellers()
    tellers.on(NotSubscribedError, SubscriptionRefusal(container.telegram))
    tellers.on(BannedError, BanTeller(container.telegram, people.ban_notices))
    return UpdatePipeline(
        people.access,
        limiter,
        container.telegram,
        container.catalogue,
        container.metrics,
        container.clock,
        people.roles,
        SubscriptionGate(subscribing.service, subscribing.interruptions, limiter, container.telegram),
        tellers=tellers,
        note_error=container.reports.errors.note,
        maintenance=people.maintenance,
        answers=answers,
    )


def _chat_events(container: Container) -> ChatEventRoutes:
    """Who takes payments, changes of members and groups that move."""
    from handlers.channel import ChannelMembership
    from handlers.chat_events import ChatEventRoutes, GroupMigrated, JoinRequested, MembershipChanged
    from handlers.group_moves import GroupMoves
    from handlers.reachability import PrivateChatMembership
    from handlers.subscription import SubscriptionEvents

    routes = ChatEventRoutes(container.metrics)
    index_list, subscribing = container.indexing.index_list, container.subscribing
    own_id = partial(_own_id, container)
    subscriptions = SubscriptionEvents(subscribing.memberships, subscribing.lists, subscribing.watch, own_id)
    routes.on(MembershipChanged, ChannelMembership(index_list, own_id).take)
    routes.on(MembershipChanged, PrivateChatMembership(container.people.reachability).take)
    routes.on(MembershipChanged, subscriptions.take_member)
    routes.on(JoinRequested, subscriptions.take_request)
    routes.on(GroupMigrated, subscriptions.take_move)
    routes.on(GroupMigrated, GroupMoves(container.searching.groups, index_list).take)
    return routes


def _own_id(container: Container) -> int:
    return int(container.client.me.id)
