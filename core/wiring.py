"""The lower half of the composition root: what both the bot and measurements of its core are built from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from core.cache.invalidation import CacheInvalidator
from core.concurrency.semaphore_manager import SemaphoreManager
from core.concurrency.worker_process import WorkerProcess
from core.database.circuit_breaker import CircuitBreaker, CircuitBreakerState
from core.database.indexes import build_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.database.write_routing import WriteRouting
from core.domain.database import BreakerLimits, WriteLimits
from core.domain.media_id import MediaIdSource
from core.lifecycle import ShutdownSignal
from core.observability.redaction import Redactor
from core.observability.secret_forms import holds_secret
from core.services.album_captions import AlbumCaptions
from core.services.blocked_files import BlockedFiles
from core.services.daily_statistics import DailyCounters
from core.services.health_report import HealthProbe
from core.services.indexing import IndexingService
from core.services.media_metadata import MediaMetadataService
from core.services.popularity import Popularity
from core.services.postponed_changes import PostponedChangesService
from core.services.runtime_settings import RuntimeSettingsService
from core.services.search import SearchService
from core.services.search_dictionary import SearchDictionary
from core.services.search_finder import SearchFinder
from core.services.search_query import SearchPlanner
from core.services.search_session import SearchSessions
from core.services.search_windows import SearchWindows
from core.services.word_recount import WordRecount
from core.telegram.client import build_client, build_storage, ping
from core.telegram.pyrogram_gateway import PyrogramGateway
from core.telegram.send_budget import SendBudget
from core.telegram.telegram_api import TelegramApi
from repositories.blocked_file import BlockedFileRepository
from repositories.channel import ChannelRepository
from repositories.daily_statistics import DailyStatisticsRepository
from repositories.group import GroupRepository
from repositories.maintenance import MaintenanceRepository
from repositories.media import MediaRepository
from repositories.media_album import MediaAlbumRepository
from repositories.media_batch import MediaBatchRepository
from repositories.media_duplicate import MediaDuplicateRepository
from repositories.media_metadata_batch import MediaMetadataRepository
from repositories.media_removal import MediaRemovalRepository
from repositories.media_words import MediaWordsRepository
from repositories.postponed_change import PostponedChangeRepository
from repositories.runtime_settings import RuntimeSettingsRepository
from repositories.search_term import SearchTermRepository
from repositories.user import UserRepository

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from config.settings import BootstrapSettings
    from core.cache.redis_cache import CacheEntry, RedisCache
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.search import SearchSession
    from core.observability.metrics import Metrics
    from core.services.duplicates import DuplicateRepair
    from core.services.new_names import NewNames
    from core.services.search_query import Words

_GIBIBYTE = 1 << 30
_NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Base:
    """What nearly everything above is built from.

    Attributes:
        stop: ends the process when asked to.
        redactor: knows the secrets of the settings; whatever leaves the bot for an admin goes through it.
    """

    settings: BootstrapSettings
    clock: Clock
    metrics: Metrics
    tasks: TaskRegistry
    cache: RedisCache
    stop: ShutdownSignal = field(default_factory=ShutdownSignal)
    redactor: Redactor = field(default_factory=Redactor)


@dataclass(frozen=True, slots=True)
class Databases:
    """Every database, and the settings that they are run by."""

    manager: MultiDatabaseManager
    routing: WriteRouting
    runtime: RuntimeSettingsService


@dataclass(frozen=True, slots=True)
class Repositories:
    """One repository per noun."""

    users: UserRepository
    media: MediaRepository
    media_batch: MediaBatchRepository
    media_duplicates: MediaDuplicateRepository
    postponed_changes: PostponedChangeRepository
    channels: ChannelRepository
    groups: GroupRepository
    daily_statistics: DailyStatisticsRepository
    maintenance: MaintenanceRepository
    blocked_files: BlockedFileRepository
    media_removal: MediaRemovalRepository


@dataclass(frozen=True, slots=True)
class Bookkeeping:
    """Told by many services of what they do, or of what may not be."""

    invalidator: CacheInvalidator
    counters: DailyCounters
    popularity: Popularity
    blocked: BlockedFiles


@dataclass(frozen=True, slots=True)
class NameReading:
    """What reads names, and the process for heavy work, which others may use too."""

    worker: WorkerProcess
    metadata: MediaMetadataService


@dataclass(frozen=True, slots=True)
class Telegram:
    """The client and the one way out through it."""

    client: Any
    lanes: SemaphoreManager
    api: TelegramApi
    gateway: PyrogramGateway
    budget: SendBudget | None


def build_databases(base: Base, seeds: Mapping[str, str], mongo_client: Callable[[], Any] | None) -> Databases:
    """The pools, each behind its breaker, and what follows the runtime settings while the bot runs."""
    watch = BreakerWatch(base.metrics)
    pools = [
        DatabaseConnectionPool(
            uri.get_secret_value(),
            name,
            clock=base.clock,
            metrics=base.metrics,
            number=number,
            breaker=CircuitBreaker(
                f"database_{number}", base.clock, limits=lambda: breaker_limits(runtime), on_change=watch
            ),
            client_factory=mongo_client,
        )
        for number, (uri, name) in enumerate(base.settings.databases, start=1)
    ]
    stored = RuntimeSettingsRepository(pools[0], base.clock)
    is_secret = partial(holds_secret, base.settings.secrets)
    runtime = RuntimeSettingsService(stored, seeds, base.clock, base.tasks, is_secret)
    routing = WriteRouting(pools, lambda: write_limits(runtime), base.clock, base.metrics)
    return Databases(MultiDatabaseManager(pools, base.clock), routing, runtime)


def build_repositories(base: Base, databases: Databases) -> Repositories:
    """Queries over the databases; everything but files lives in the primary one."""
    manager, primary = databases.manager, databases.manager.primary
    ids = MediaIdSource(base.clock)
    return Repositories(
        users=UserRepository(primary, base.cache, base.clock),
        media=MediaRepository(manager),
        media_batch=MediaBatchRepository(manager, databases.routing, ids),
        media_duplicates=MediaDuplicateRepository(manager),
        postponed_changes=PostponedChangeRepository(primary, ids),
        channels=ChannelRepository(primary, base.clock),
        groups=GroupRepository(primary, base.cache, base.clock),
        daily_statistics=DailyStatisticsRepository(primary),
        maintenance=MaintenanceRepository(primary, base.clock),
        blocked_files=BlockedFileRepository(primary),
        media_removal=MediaRemovalRepository(manager),
    )


def build_bookkeeping(base: Base, databases: Databases, repositories: Repositories) -> Bookkeeping:
    """What services tell about their work, and what forgets searches for it."""
    runtime = databases.runtime
    return Bookkeeping(
        CacheInvalidator(base.cache, base.clock, lambda: runtime.current.search_refresh_s),
        DailyCounters(repositories.daily_statistics, base.clock, base.settings.time_zone),
        Popularity(repositories.media, base.clock),
        BlockedFiles(repositories.blocked_files, repositories.media_removal, base.clock),
    )


def build_search(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    words: Words,
    keep: Callable[[SearchSession], CacheEntry] | None = None,
) -> SearchService:
    """Searching; `words` as `SearchPlanner` needs them, `keep` as `SearchSessions` does."""
    windows = SearchWindows(base.cache, books.invalidator, databases.runtime)
    finder = SearchFinder(repositories.media, SearchPlanner(words), windows, databases.runtime, base.clock)
    return SearchService(
        media=repositories.media,
        finder=finder,
        sessions=SearchSessions(base.cache, databases.runtime, base.clock, keep),
        windows=windows,
        runtime=databases.runtime,
        metrics=base.metrics,
        counters=books.counters,
        clock=base.clock,
    )


def build_metadata(base: Base, databases: Databases, changed: Callable[[], None] = lambda: None) -> NameReading:
    """Reading what names say of releases, `changed` as in its service; the worker has to be closed in the end."""
    worker = WorkerProcess(base.tasks, base.metrics, base.clock)
    metadata = MediaMetadataService(
        repository=MediaMetadataRepository(databases.manager),
        worker=worker,
        tasks=base.tasks,
        metrics=base.metrics,
        clock=base.clock,
        changed=changed,
    )
    return NameReading(worker, metadata)


def build_dictionary(base: Base, databases: Databases, reading: NameReading) -> SearchDictionary:
    """The words of the library; what counts them also finds the names that were never read."""
    recount = WordRecount(
        MediaWordsRepository(databases.manager),
        reading.worker,
        base.clock,
        on_file_without_metadata=lambda *named: reading.metadata.add([named]),
    )
    terms = SearchTermRepository(databases.manager.primary)
    return SearchDictionary(terms=terms, recount=recount, metrics=base.metrics, clock=base.clock)


def build_indexing(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    names: NewNames,
    pins: Callable[[], Mapping[int, int]],
) -> IndexingService:
    """Storing what happens in channels; `names` and `pins` as in `IndexingService`."""
    changes = PostponedChangesService(
        databases.manager, repositories.media, repositories.postponed_changes, base.metrics, base.clock
    )
    return IndexingService(
        changes=changes,
        batches=repositories.media_batch,
        channels=repositories.channels,
        invalidator=books.invalidator,
        names=names,
        tasks=base.tasks,
        metrics=base.metrics,
        counters=books.counters,
        blocked=books.blocked,
        albums=AlbumCaptions(MediaAlbumRepository(databases.manager)),
        pins=pins,
    )


def build_telegram(base: Base) -> Telegram:
    """The client, not started yet."""
    lanes = SemaphoreManager(base.settings.concurrency.model_dump())
    client = build_client(base.settings, build_storage(base.settings, base.clock))
    api = TelegramApi(client, lanes, base.clock, base.metrics)
    budget = SendBudget(base.tasks, base.clock, base.metrics) if base.settings.send_budget else None
    return Telegram(client, lanes, api, PyrogramGateway(client, api, budget=budget), budget)


def build_probes(databases: Databases, cache: RedisCache, client: Any) -> dict[str, HealthProbe]:
    """What is asked every second; without the primary database or Telegram the bot is not ready."""
    primary, *others = databases.manager.databases
    return {
        "primary_database": HealthProbe(primary.ping, critical=True, state=partial(_state_of, primary)),
        **{
            f"database_{pool.number}": HealthProbe(pool.ping, critical=False, state=partial(_state_of, pool))
            for pool in others
        },
        "library_room": HealthProbe(_has_room(databases.routing), critical=False),
        "telegram": HealthProbe(lambda: ping(client), critical=True),
        "redis": HealthProbe(cache.ping, critical=False, state=lambda: "open" if cache.is_open else "closed"),
    }


def core_loops(
    base: Base, databases: Databases, books: Bookkeeping, indexing: IndexingService, repair: DuplicateRepair
) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
    """What keeps databases and caches in order while the bot runs, each for a supervised task."""
    return {
        "write_routing": databases.routing.run,
        "postponed_changes": indexing.keep_up_to_date,
        "search_invalidation": books.invalidator.run,
        "daily_counters": books.counters.run,
        "popularity": books.popularity.run,
        **{
            f"indexes:{pool.number}": partial(build_indexes, pool, base.clock, repair.run)
            for pool in databases.manager.databases
        },
    }


def database_report(databases: Databases) -> list[dict[str, Any]]:
    """How every database is doing, for the operator; JSON values."""
    room = {status.number: status for status in databases.routing.status}
    return [
        {
            "number": status.number,
            "breaker": status.state.name.lower(),
            "steady_s": round(status.steady_s, 1),
            "open_for_files": room[status.number].is_open,
            "takes_files": room[status.number].is_current,
            "used_bytes": room[status.number].used_bytes,
            "limit_bytes": None if room[status.number].limit_bytes == _NO_LIMIT else room[status.number].limit_bytes,
            "files": room[status.number].files,
        }
        for status in databases.manager.status()
    ]


def _state_of(pool: DatabaseConnectionPool) -> str:
    return pool.breaker.state.name.lower()


def _has_room(routing: WriteRouting) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return not routing.is_full

    return ask


class BreakerWatch:
    """Tells the log and the metrics what state a breaker changes to."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    def __call__(self, name: str, state: CircuitBreakerState) -> None:
        """Called by the breaker at every change."""
        self._metrics.breaker_state.labels(name).set(state.value)
        self._log.warning("breaker_changed", breaker=name, state=state.name.lower())


def breaker_limits(runtime: RuntimeSettingsService) -> BreakerLimits:
    """The limits in force."""
    current = runtime.current
    return BreakerLimits(
        current.database_max_failures, current.database_recovery_timeout, current.database_half_open_calls
    )


def write_limits(runtime: RuntimeSettingsService) -> WriteLimits:
    """The limits in force."""
    current = runtime.current
    limit = int(current.database_size_limit_gb * _GIBIBYTE) or _NO_LIMIT
    return WriteLimits(limit, auto_switch=current.database_auto_switch, preferred=current.database_preferred)
