"""Every Prometheus metric in one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from core.observability.metric_labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "file_filter"

_QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class MetricKind(Enum):
    """What a metric measures: a sum that only grows, a level, or a distribution."""

    COUNTER = Counter
    GAUGE = Gauge
    HISTOGRAM = Histogram


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One row of the table.

    Attributes:
        attribute: name on `Metrics`.
        name: exposed name without the `file_filter` prefix and without Prometheus' own suffixes.
        labels: in the order `labels(...)` takes them; every one has few values.
        unit: "" for plain numbers.
        buckets: upper bounds of a histogram, in its unit.
    """

    attribute: str
    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    unit: str
    help: str
    buckets: tuple[float, ...] = ()

    @property
    def exposed(self) -> str:
        """The whole name in `/metrics`; a histogram has it before `_bucket`, `_sum` and `_count`."""
        unit = f"_{self.unit}" if self.unit else ""
        return f"{_PREFIX}_{self.name}{unit}" + ("_total" if self.kind is MetricKind.COUNTER else "")


_COUNTER, _GAUGE, _HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

METRICS: tuple[MetricSpec, ...] = (
    MetricSpec("updates", "updates", _COUNTER, ("route", "outcome"), "", "Updates handled"),
    MetricSpec("update_seconds", "update", _HISTOGRAM, ("route",), "seconds", "Time to handle an update", _SLOW_S),
    MetricSpec("updates_waiting", "updates_waiting", _GAUGE, (), "", "Updates whose turn in their chat has not come"),
    MetricSpec("updates_shed", "updates_shed", _COUNTER, ("kind", "reason"), "", "Updates that were not handled"),
    MetricSpec("updates_missed", "updates_missed", _COUNTER, ("kind", "outcome"), "", "Updates from while it was away"),
    MetricSpec("updates_repeated", "updates_repeated", _COUNTER, (), "", "Messages that arrived more than once"),
    MetricSpec("chat_events", "chat_events", _COUNTER, ("kind", "outcome"), "", "Payments, changes of members, moves"),
    MetricSpec("searches", "searches", _COUNTER, ("outcome",), "", "Searches: found, nothing, refused or failed"),
    MetricSpec("search_seconds", "search", _HISTOGRAM, (), "seconds", "Time to find and rank", _QUICK_S),
    MetricSpec("search_words", "search_words", _GAUGE, (), "", "Words of the library that are known here"),
    MetricSpec("search_dictionary_writes", "search_dictionary_writes", _COUNTER, ("outcome",), "", "Words stored"),
    MetricSpec("search_recount_seconds", "search_recount", _GAUGE, (), "seconds", "Time of the last count of words"),
    MetricSpec("files_delivered", "files_delivered", _COUNTER, ("outcome",), "", "Files handed over, or why not"),
    MetricSpec("send_all_jobs", "send_all_jobs", _GAUGE, ("state",), "", "Jobs of many files, working or waiting"),
    MetricSpec("quota_refusals", "quota_refusals", _COUNTER, (), "", "Deliveries refused or cut by the daily limit"),
    MetricSpec("quota_failures", "quota_failures", _COUNTER, (), "", "Deliveries refused: nobody knew the quota"),
    MetricSpec("telegram_calls", "telegram_calls", _COUNTER, ("method", "outcome"), "", "Attempts of API calls"),
    MetricSpec("telegram_seconds", "telegram_call", _HISTOGRAM, ("method",), "seconds", "One API attempt", _SLOW_S),
    MetricSpec("telegram_outcomes", "telegram_outcomes", _COUNTER, ("method", "outcome"), "", "API calls by their end"),
    MetricSpec("telegram_wait_seconds", "telegram_wait", _HISTOGRAM, ("reason",), "seconds", "API waits", _SLOW_S),
    MetricSpec("send_budget_seconds", "send_budget_wait", _HISTOGRAM, ("kind",), "seconds", "Waits to send", _SLOW_S),
    MetricSpec("send_budget_waiting", "send_budget_waiting", _GAUGE, ("kind",), "", "Sends that wait for their turn"),
    MetricSpec("send_budget_refusals", "send_budget_refusals", _COUNTER, ("kind",), "", "Sends without a turn in time"),
    MetricSpec("send_budget_holds", "send_budget_holds", _COUNTER, (), "", "Times Telegram put off a chat's sends"),
    MetricSpec("flood_wait_seconds", "flood_wait", _COUNTER, (), "seconds", "Time Telegram asked to wait, in total"),
    MetricSpec("logins", "telegram_logins", _COUNTER, ("outcome",), "", "Attempts to log in at the start"),
    MetricSpec("watchdog_questions", "watchdog_questions", _COUNTER, ("answer",), "", "Signs of life asked for"),
    MetricSpec("clock_offset_seconds", "telegram_clock_offset", _GAUGE, (), "seconds", "Telegram's clock minus ours"),
    MetricSpec("receiver", "receiver", _GAUGE, (), "", "1 while this process receives for its bot"),
    MetricSpec("database_operations", "database_operations", _COUNTER, ("op", "outcome"), "", "MongoDB operations"),
    MetricSpec("database_seconds", "database_operation", _HISTOGRAM, ("op",), "seconds", "MongoDB answers", _QUICK_S),
    MetricSpec("cache_operations", "cache_operations", _COUNTER, ("op", "outcome"), "", "Redis operations"),
    MetricSpec("indexing_queue_depth", "indexing_queue_depth", _GAUGE, ("queue",), "", "Posts waiting to be indexed"),
    MetricSpec(
        "indexing_behind_seconds", "indexing_behind", _GAUGE, (), "seconds", "Age of the oldest gap of a channel"
    ),
    MetricSpec("posts_indexed", "posts_indexed", _COUNTER, (), "", "Posts that became a new file"),
    MetricSpec("posts_duplicate", "posts_duplicate", _COUNTER, (), "", "Posts of a file that was already known"),
    MetricSpec("posts_rejected", "posts_rejected", _COUNTER, ("reason",), "", "Posts that were not indexed"),
    MetricSpec("posts_audited", "posts_audited", _COUNTER, ("outcome",), "", "Posts read again, and put right"),
    MetricSpec("posts_shed", "posts_shed", _COUNTER, (), "", "Live posts left to the channel's record: queue full"),
    MetricSpec("rate_limit_refusals", "rate_limit_refusals", _COUNTER, ("action", "scope"), "", "Actions refused"),
    MetricSpec("rate_limit_fallbacks", "rate_limit_fallbacks", _COUNTER, (), "", "Checks made without Redis"),
    MetricSpec("tasks_failed", "tasks_failed", _COUNTER, ("task",), "", "Background tasks that ended in an error"),
    MetricSpec("maintenance_steps", "maintenance_steps", _COUNTER, ("step", "outcome"), "", "Steps of daily runs"),
    MetricSpec("maintenance_day_seconds", "maintenance_day_timestamp", _GAUGE, (), "seconds", "Last complete day"),
    MetricSpec("job_completed_seconds", "job_completed_timestamp", _GAUGE, ("name",), "seconds", "Last complete run"),
    MetricSpec("broadcasts_running", "broadcasts_running", _GAUGE, (), "", "1 while this process sends a broadcast"),
    MetricSpec("broadcast_people", "broadcast_people", _COUNTER, ("outcome",), "", "People whom broadcasts tried"),
    MetricSpec("loop_lag_seconds", "loop_lag", _GAUGE, (), "seconds", "99th percentile of the event loop's lateness"),
    MetricSpec("process_start_seconds", "process_start_time", _GAUGE, (), "seconds", "Unix time of the start"),
    MetricSpec("memory_bytes", "memory_resident", _GAUGE, (), "bytes", "Memory that the process holds"),
    MetricSpec("tasks_running", "tasks_running", _GAUGE, (), "", "Background tasks of the process"),
    MetricSpec("lane_in_use", "lane_in_use", _GAUGE, ("lane",), "", "Places taken in a lane of work"),
    MetricSpec("lane_waiting", "lane_waiting", _GAUGE, ("lane",), "", "Tasks that wait for a place in a lane of work"),
    MetricSpec("build_info", "build_info", _GAUGE, ("version",), "", "1, with the version that runs"),
    MetricSpec("breaker_state", "breaker_state", _GAUGE, ("name",), "", "0 closed, 1 half-open, 2 open"),
    MetricSpec("health_state", "health_state", _GAUGE, ("part",), "", "1 healthy, 0 failed"),
    MetricSpec("ready", "ready", _GAUGE, (), "", "1 while the bot can do its job, as `/health/ready` says"),
    MetricSpec("database_room_bytes", "database_room", _GAUGE, ("database",), "bytes", "Room for new files, measured"),
    MetricSpec("library_full", "library_full", _GAUGE, (), "", "1 while no database has room for new files"),
    MetricSpec("write_switches", "write_switches", _COUNTER, (), "", "Changes of the database that takes new files"),
    MetricSpec("postponed_changes", "postponed_changes", _GAUGE, ("database",), "", "Edits and deletions waiting"),
    MetricSpec("names_read", "names_read", _COUNTER, ("outcome",), "", "Names read for what they say of a release"),
    MetricSpec("names_waiting", "names_waiting", _GAUGE, (), "", "Names waiting to be read"),
    MetricSpec("worker_processes", "worker_processes", _COUNTER, ("event",), "", "Worker processes started and lost"),
    MetricSpec("people_lost", "people_lost", _COUNTER, ("why",), "", "People who could not be written to any more"),
    MetricSpec("deletions", "deletions", _COUNTER, ("kind", "outcome"), "", "Messages that were to be deleted"),
    MetricSpec("deletions_kept", "deletions_kept", _GAUGE, (), "", "Deletions waiting in memory for the database"),
    MetricSpec("deletions_late_seconds", "deletions_late", _GAUGE, (), "seconds", "How late deletions are made"),
    MetricSpec("membership_checks", "membership_checks", _COUNTER, ("answer",), "", "Questions who is in a chat"),
    MetricSpec("premium_notices", "premium_notices", _COUNTER, ("notice", "outcome"), "", "Ends of premium told"),
    MetricSpec("http_requests", "http_requests", _COUNTER, ("path", "status"), "", "Answers of the sidecar"),
)


class Metrics:
    """The metrics of one process on a registry of its own: one attribute per row of `METRICS`.

    A metric whose labels have values that are known beforehand shows all of them from the start, as 0: of a sum that
    first appears as 1, Prometheus does not see the increase.

    Attributes:
        registry: what `/metrics` exposes.
    """

    updates: Counter
    update_seconds: Histogram
    updates_waiting: Gauge
    updates_shed: Counter
    updates_missed: Counter
    updates_repeated: Counter
    chat_events: Counter
    searches: Counter
    search_seconds: Histogram
    search_words: Gauge
    search_dictionary_writes: Counter
    search_recount_seconds: Gauge
    files_delivered: Counter
    send_all_jobs: Gauge
    quota_refusals: Counter
    quota_failures: Counter
    telegram_calls: Counter
    telegram_seconds: Histogram
    telegram_outcomes: Counter
    telegram_wait_seconds: Histogram
    send_budget_seconds: Histogram
    send_budget_waiting: Gauge
    send_budget_refusals: Counter
    send_budget_holds: Counter
    flood_wait_seconds: Counter
    logins: Counter
    watchdog_questions: Counter
    clock_offset_seconds: Gauge
    receiver: Gauge
    database_operations: Counter
    database_seconds: Histogram
    cache_operations: Counter
    indexing_queue_depth: Gauge
    indexing_behind_seconds: Gauge
    posts_indexed: Counter
    posts_duplicate: Counter
    posts_rejected: Counter
    posts_audited: Counter
    posts_shed: Counter
    rate_limit_refusals: Counter
    rate_limit_fallbacks: Counter
    tasks_failed: Counter
    maintenance_steps: Counter
    maintenance_day_seconds: Gauge
    job_completed_seconds: Gauge
    broadcasts_running: Gauge
    broadcast_people: Counter
    loop_lag_seconds: Gauge
    process_start_seconds: Gauge
    memory_bytes: Gauge
    tasks_running: Gauge
    lane_in_use: Gauge
    lane_waiting: Gauge
    build_info: Gauge
    breaker_state: Gauge
    health_state: Gauge
    ready: Gauge
    database_room_bytes: Gauge
    library_full: Gauge
    write_switches: Counter
    postponed_changes: Gauge
    names_read: Counter
    names_waiting: Gauge
    worker_processes: Counter
    people_lost: Counter
    deletions: Counter
    deletions_kept: Gauge
    deletions_late_seconds: Gauge
    premium_notices: Counter
    membership_checks: Counter
    http_requests: Counter

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for spec in METRICS:
            metric = _build(spec, self.registry)
            setattr(self, spec.attribute, metric)
            for values in _known_values(spec):
                metric.labels(*values)

    def count_failed_task(self, name: str, error: BaseException) -> None:
        """Count a failed task by the part of its name before ":", which has few values."""
        self.tasks_failed.labels(name.partition(":")[0]).inc()

    def render(self) -> tuple[bytes, str]:
        """The Prometheus text of all metrics and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


def _known_values(spec: MetricSpec) -> Iterable[tuple[str, ...]]:
    """Every combination of label values; none when the metric has no labels, or one whose values are not known."""
    labels = LABELS.get(spec.attribute, {})
    values = [known for label in spec.labels if isinstance(known := labels.get(label), tuple)]
    return product(*values) if values and len(values) == len(spec.labels) else ()


def _build(spec: MetricSpec, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    name = f"{_PREFIX}_{spec.name}"
    if spec.kind is MetricKind.HISTOGRAM:
        return Histogram(name, spec.help, spec.labels, unit=spec.unit, registry=registry, buckets=spec.buckets)
    if spec.kind is MetricKind.GAUGE:
        return Gauge(name, spec.help, spec.labels, unit=spec.unit, registry=registry)
    return Counter(name, spec.help, spec.labels, unit=spec.unit, registry=registry)
