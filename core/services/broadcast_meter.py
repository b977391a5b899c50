"""Counting whom broadcasts reach, as their checkpoints tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.domain.broadcast import Broadcast, Tally
    from core.observability.metrics import Metrics


class BroadcastMeter:
    """Shows that a broadcast is being sent, and counts what each of its checkpoints adds to the one before."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._counted: dict[str, int] = {}

    def started(self, broadcast: Broadcast, then: Callable[[Broadcast], None]) -> Callable[[Broadcast], None]:
        """Count from here on, whoever sent what came before; the result is told of checkpoints, and tells `then`."""
        self._counted = _outcomes(broadcast.tally)
        self._metrics.broadcasts_running.set(1)

        def note(record: Broadcast) -> None:
            self._count(_outcomes(record.tally))
            then(record)

        return note

    def ended(self) -> None:
        """This process sends nothing more of it."""
        self._metrics.broadcasts_running.set(0)

    def _count(self, outcomes: dict[str, int]) -> None:
        for outcome, people in outcomes.items():
            self._metrics.broadcast_people.labels(outcome).inc(max(0, people - self._counted.get(outcome, 0)))
        self._counted = outcomes


def _outcomes(tally: Tally) -> dict[str, int]:
    return {
        "sent": tally.sent,
        "unreachable": sum(tally.unreachable.values()),
        "failed": sum(tally.failed.values()),
    }
