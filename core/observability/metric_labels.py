"""What the labels of every metric may say: few values, whatever people send."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Values: TypeAlias = tuple[str, ...] | str
"""Every value there is; or, where only the running program knows them, a sentence that says what bounds them."""

_ROUTE = "the routes of `handlers/`: what nobody knows is `unknown_command` or `unknown_button`"
_METHOD = "functions of Telegram's API that the bot calls"
_DATABASE = "numbers of the configured databases"
_KINDS = ("message", "press", "inline")
_SEND_CLASSES = ("answer", "delivery", "notice", "bulk")
_UNREACHABLE = ("blocked", "deactivated", "never_started")

LABELS: Mapping[str, Mapping[str, Values]] = {
    "updates": {
        "route": _ROUTE,
        "outcome": ("ok", "refused", "rate_limited", "unreachable", "unknown", "unavailable", "failed"),
    },
    "update_seconds": {"route": _ROUTE},
    "updates_shed": {"kind": _KINDS, "reason": ("stale", "chat_full", "all_full", "stopping")},
    "updates_missed": {"kind": _KINDS, "outcome": ("handled", "known", "too_old")},
    "chat_events": {
        "kind": ("MembershipChanged", "JoinRequested", "GroupMigrated", "PaymentReceived", "PreCheckout"),
        "outcome": ("taken", "unhandled"),
    },
    "searches": {"outcome": ("found", "nothing", "refused", "failed")},
    "search_dictionary_writes": {"outcome": ("done", "failed")},
    "files_delivered": {"outcome": ("sent", "unknown", "gone", "unreachable", "failed")},
    "send_all_jobs": {"state": ("working", "waiting")},
    "telegram_calls": {
        "method": _METHOD,
        "outcome": ("ok", "flood_wait", "server_error", "not_sent", "answer_lost", "duplicate", "refused"),
    },
    "telegram_seconds": {"method": _METHOD},
    "telegram_outcomes": {"method": _METHOD, "outcome": "`ok`, or the class of the error, of those that pyrogram has"},
    "telegram_wait_seconds": {"reason": ("lane", "connection", "flood_wait", "retry")},
    "send_budget_seconds": {"kind": _SEND_CLASSES},
    "send_budget_waiting": {"kind": _SEND_CLASSES},
    "send_budget_refusals": {"kind": _SEND_CLASSES},
    "logins": {"outcome": ("done", "asked_to_wait", "no_answer", "refused")},
    "watchdog_questions": {"answer": ("good", "none", "lost_key", "asked_to_wait")},
    "database_operations": {
        "op": "operations of the driver, or the name that a repository gives its question",
        "outcome": ("ok", "error", "unavailable", "full", "timeout", "cancelled"),
    },
    "database_seconds": {"op": "as of `database_operations`"},
    "cache_operations": {
        "op": ("get", "set", "add", "delete", "script", "ping", "scan"),
        "outcome": ("ok", "hit", "miss", "skipped", "refused", "error"),
    },
    "indexing_queue_depth": {"queue": ("main", "overflow")},
    "posts_rejected": {"reason": "reasons of `repositories/media_batch.py`, `failed` and `barred`"},
    "posts_audited": {"outcome": ("read", "added", "edited", "gone")},
    "rate_limit_refusals": {
        "action": "actions of the rate limiter, and `link_failures`",
        "scope": ("person", "global"),
    },
    "tasks_failed": {"task": "names of tasks up to the colon"},
    "maintenance_steps": {"step": "steps of the daily run", "outcome": ("done", "failed")},
    "job_completed_seconds": {"name": "regular jobs that write down when they were complete"},
    "broadcast_people": {"outcome": ("sent", "unreachable", "failed")},
    "breaker_state": {"name": "`database_` and a number, and `redis`"},
    "health_state": {"part": "parts of `/health`"},
    "database_room_bytes": {"database": _DATABASE},
    "postponed_changes": {"database": _DATABASE},
    "names_read": {"outcome": ("stored", "postponed", "dropped", "left")},
    "worker_processes": {"event": ("started", "lost")},
    "people_lost": {"why": _UNREACHABLE},
    "deletions": {
        "kind": ("files", "results", "menu"),
        "outcome": ("deleted", "refused", "too_late", "lost"),
    },
    "membership_checks": {"answer": ("member", "pending", "absent", "unknown")},
    "premium_notices": {
        "notice": ("soon", "over"),
        "outcome": ("told", "later", "refused", *_UNREACHABLE),
    },
    "http_requests": {"path": "the sidecar's own pages", "status": "statuses of HTTP"},
    "lane_in_use": {"lane": "kinds of work with `CONCURRENCY_` settings"},
    "lane_waiting": {"lane": "as of `lane_in_use`"},
    "build_info": {"version": "the one that runs"},
}
"""By attribute of the metric, then by label; metrics without labels are left out."""
