"""What the panel does to the demo: stores that stop and stall, a Telegram in trouble, a clock that jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datacenter.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datacenter.server import DataCenter
    from sandbox.demo_clock import DemoClock
    from sandbox.stores import InMemoryStores
    from sandbox.web.last_lines import LastLines

FLOOD_WAIT_S = 3
_STALLED_MS = 3_600_000.0
_SENDS = frozenset({"SendMessage", "SendMedia", "EditMessage"})


class Panel:
    """Breaks what the bot stands on, and mends it.

    Args:
        bot_id: whose next call gets FLOOD_WAIT.
        restart: stops the bot and starts it again; the local Telegram and the stores stay.
        log: what the panel shows of the log.
    """

    def __init__(
        self,
        datacenter: DataCenter,
        stores: InMemoryStores,
        clock: DemoClock,
        *,
        bot_id: int,
        restart: Callable[[], None],
        log: LastLines,
    ) -> None:
        self._datacenter = datacenter
        self._stores = stores
        self._clock = clock
        self._bot_id = bot_id
        self._log = log
        self._wait: Fault | None = None
        self._acts: dict[str, Callable[[], object]] = {
            "database_stop": lambda: self._set_database(down=True),
            "database_stall": lambda: self._set_database(slow_ms=_STALLED_MS),
            "database_restore": self._set_database,
            "redis_stop": lambda: self._set_redis(down=True),
            "redis_stall": lambda: self._set_redis(slow_ms=_STALLED_MS),
            "redis_restore": self._set_redis,
            "flood_wait": self._ask_to_wait,
            "flood_control_on": datacenter.trouble.flood_control.enable,
            "flood_control_off": datacenter.trouble.flood_control.disable,
            "cut": datacenter.trouble.drop_all,
            "midnight": clock.jump_to_midnight,
            "restart": restart,
        }

    @property
    def actions(self) -> list[str]:
        """What `act` takes."""
        return list(self._acts)

    def act(self, name: str) -> None:
        """Do one thing to the demo.

        Raises:
            KeyError: there is no such thing.
        """
        self._acts[name]()

    def state(self, after: int) -> dict[str, Any]:
        """How everything is now, and the log entries after a number."""
        stores = self._stores
        return {
            "database": _word(down=stores.database_down, slow_ms=stores.database_slow_ms),
            "redis": _word(down=stores.redis_down, slow_ms=stores.redis_slow_ms),
            "flood_control": self._datacenter.trouble.flood_control.enabled,
            "flood_wait": self._waits(),
            "connected": self._is_connected(),
            "time": self._clock.utc_now().strftime("%Y-%m-%d %H:%M:%S"),
            "run": self._log.run,
            "log": self._log.since(after),
        }

    def _set_database(self, *, down: bool = False, slow_ms: float = 0.0) -> None:
        self._stores.database_down, self._stores.database_slow_ms = down, slow_ms

    def _set_redis(self, *, down: bool = False, slow_ms: float = 0.0) -> None:
        self._stores.redis_down, self._stores.redis_slow_ms = down, slow_ms

    def _ask_to_wait(self) -> None:
        if not self._waits():
            fault = Fault("*", error=(420, f"FLOOD_WAIT_{FLOOD_WAIT_S}"), match=_writes, user_id=self._bot_id)
            self._wait = self._datacenter.faults.add(fault)

    def _waits(self) -> bool:
        """Whether a FLOOD_WAIT still has to meet its message."""
        return self._wait is not None and self._wait.hits == 0

    def _is_connected(self) -> bool:
        keys = self._datacenter.keys_of(self._bot_id)
        return any(session.connection is not None for key in keys for session in key.sessions.values())


def _writes(request: Any) -> bool:
    return type(request).__name__ in _SENDS


def _word(*, down: bool, slow_ms: float) -> str:
    return "stopped" if down else "stalled" if slow_ms else "up"
