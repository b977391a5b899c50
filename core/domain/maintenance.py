"""What a round of the daily maintenance did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of a round.

    Attributes:
        succeeded: False when it has to be tried again.
        result: what the step gave back, e.g. how many it changed; None when it failed.
    """

    name: str
    succeeded: bool
    result: object = None


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """One round.

    Attributes:
        day: today in the configured zone.
        steps: those that were tried in this round, in order; what an earlier round of the day did is not among them.
        is_complete: the day is done, and no process does it again.
    """

    day: date
    steps: tuple[StepReport, ...]
    is_complete: bool
