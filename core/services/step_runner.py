"""Running one step of regular work, so that whatever it raises is reported and stops nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.concurrency.task_registry import TaskFailedError
from core.domain.maintenance import StepReport
from core.errors import FileFilterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.concurrency.task_registry import TaskRegistry
    from core.observability.metrics import Metrics

    Step = Callable[[], Awaitable[object]]


class StepRunner:
    """Runs steps as tasks of their own, and counts them by name and outcome.

    Args:
        kind: in front of the names of the tasks, e.g. "maintenance".
    """

    def __init__(self, kind: str, tasks: TaskRegistry, metrics: Metrics) -> None:
        self._kind = kind
        self._tasks = tasks
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    async def run(self, name: str, step: Step) -> StepReport:
        """Run a step; never raises anything but cancellation."""
        report = StepReport(name, succeeded=False)
        try:
            result = await self._tasks.attempt(step, name=f"{self._kind}:{name}", expected=(FileFilterError,))
            report = StepReport(name, succeeded=True, result=result)
        except FileFilterError as error:
            self._log.warning(f"{self._kind}_step_failed", step=name, error=type(error).__name__, detail=str(error))
        except TaskFailedError:
            pass
        self._metrics.maintenance_steps.labels(name, "done" if report.succeeded else "failed").inc()
        return report


def results_of(reports: list[StepReport]) -> dict[str, object]:
    """What a log line says of steps: plain numbers and words, or just how it went."""
    return {
        f"step_{report.name}": report.result
        if isinstance(report.result, (int, float, str))
        else ("done" if report.succeeded else "failed")
        for report in reports
    }
