"""The part of the composition root that keeps one process of the bot listening, and has a deaf one replaced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from core.clock import Clock
from core.concurrency.instance_lock import InstanceLock
from core.database.lease import DatabaseLease
from core.lifecycle import EXIT_DEAF
from core.services.health_report import HealthProbe
from core.services.receiver_lease import ReceiverLease
from core.telegram.clock_watch import OFF_S, ClockWatch
from core.telegram.login import Login
from core.telegram.server_clock import ServerClock
from core.telegram.session_guard import SessionWatch, watch_sessions
from core.telegram.watchdog import Watchdog

if TYPE_CHECKING:
    from core.services.admin_notices import AdminNotices
    from core.wiring import Base, Databases


@dataclass(frozen=True, slots=True)
class Watch:
    """What makes sure that the bot hears Telegram, and that no other process does."""

    receiver: ReceiverLease
    login: Login
    watchdog: Watchdog
    clock_watch: ClockWatch

    @property
    def probes(self) -> dict[str, HealthProbe]:
        """Its parts of the health report; a process that stands by is alive and not ready."""
        return {
            "receiver": HealthProbe(self.receiver.check, critical=True, state=lambda: self.receiver.state),
            "watchdog": HealthProbe(self.watchdog.check, critical=True, vital=True, state=lambda: self.watchdog.state),
        }


def build_watch(base: Base, databases: Databases, client: Any, notices: AdminNotices) -> Watch:
    """Nothing of it runs yet; whoever gives up asks the process to exit, so that a new one is started."""
    give_up = partial(base.stop.request, exit_code=EXIT_DEAF)
    wire_clock = Clock()  # pyrogram compares packets with the real time, so the real one is watched
    server_clock = ServerClock(wire_clock, OFF_S)
    watch_sessions(client, SessionWatch(wire_clock, server_clock))
    settings = base.settings
    bot_id, _, _ = settings.bot_token.get_secret_value().partition(":")
    receiver = ReceiverLease(
        leases=DatabaseLease(databases.manager.primary, base.clock),
        lock=InstanceLock(settings.session_file.with_name(settings.session_file.name + ".lock")),
        bot_id=bot_id,
        tasks=base.tasks,
        metrics=base.metrics,
        clock=base.clock,
        on_lost=give_up,
    )

    def tell_drift(offset_s: float) -> None:
        notices.tell("notice-clock-drifts", seconds=round(abs(offset_s)))

    return Watch(
        receiver,
        Login(client, base.clock, base.metrics),
        Watchdog(client, base.clock, base.metrics, give_up),
        ClockWatch(server_clock, base.clock, base.metrics, tell_drift, give_up),
    )
