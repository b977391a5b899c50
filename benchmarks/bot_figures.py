"""What the bot itself measured between two looks at its `/metrics`: where the time of a slow step went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILIES = {
    "file_filter_update_seconds": "handling",
    "file_filter_send_budget_wait_seconds": "turn",
    "file_filter_telegram_call_seconds": "call",
    "file_filter_telegram_wait_seconds": "waiting",
    "file_filter_database_operation_seconds": "database",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """One histogram: how many, seconds in all, and how many took at most so many seconds."""

    count: float
    seconds: float
    up_to: Mapping[float, float]

    def since(self, earlier: Timing) -> Timing:
        """What was added after an earlier look."""
        up_to = {bound: found - earlier.up_to.get(bound, 0.0) for bound, found in self.up_to.items()}
        return Timing(self.count - earlier.count, self.seconds - earlier.seconds, up_to)

    @property
    def mean_ms(self) -> float:
        """Milliseconds on average; 0 for none."""
        return self.seconds / self.count * 1000 if self.count else 0.0

    @property
    def p95_ms(self) -> float:
        """The upper end of the step of the histogram that holds the 95th percentile."""
        return 1000 * min((bound for bound, found in self.up_to.items() if found >= 0.95 * self.count), default=0.0)


_NONE = Timing(0.0, 0.0, {})


def timings_of(text: str) -> dict[tuple[str, str], Timing]:
    """The histograms that matter to a reader's wait, by (what, label)."""
    found: dict[tuple[str, str], Timing] = {}
    for family in text_string_to_metric_families(text):
        what = _FAMILIES.get(family.name)
        for sample in family.samples if what else ():
            labels = dict(sample.labels)
            bound = labels.pop("le", None)
            key = (what or "", ",".join(labels.values()))
            timing = found.get(key, _NONE)
            if sample.name.endswith("_bucket"):
                timing = Timing(timing.count, timing.seconds, {**timing.up_to, float(bound or 0): sample.value})
            elif sample.name.endswith("_count"):
                timing = Timing(sample.value, timing.seconds, timing.up_to)
            elif sample.name.endswith("_sum"):
                timing = Timing(timing.count, sample.value, timing.up_to)
            found[key] = timing
    return found


def gauge_of(text: str, name: str) -> float:
    """The value of a gauge without labels; 0 when it is not there."""
    for family in text_string_to_metric_families(text):
        if family.name == name:
            return float(family.samples[0].value)
    return 0.0


def between(
    earlier: Mapping[tuple[str, str], Timing], later: Mapping[tuple[str, str], Timing]
) -> dict[tuple[str, str], Timing]:
    """What was added from one look to the next, where anything was."""
    added = {key: timing.since(earlier.get(key, _NONE)) for key, timing in later.items()}
    return {key: timing for key, timing in added.items() if timing.count}
