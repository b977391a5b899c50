"""What two settings have to be to each other; each alone is harmless, so what is stored is obeyed all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.domain.setting import SettingValue


@dataclass(frozen=True, slots=True)
class SettingRule:
    """`smaller` may not be above `larger`.

    Attributes:
        zero_is_endless: 0 stands for no limit, so it is larger than anything.
    """

    smaller: str
    larger: str
    zero_is_endless: bool = False

    def holds(self, values: Mapping[str, SettingValue]) -> bool:
        """Whether values by name keep it."""
        return self._size(values[self.smaller]) <= self._size(values[self.larger])

    def concerns(self, name: str) -> bool:
        """Whether a change of a setting may break it."""
        return name in {self.smaller, self.larger}

    def _size(self, value: SettingValue) -> float:
        size = float(value)
        return float("inf") if self.zero_is_endless and not size else size


RULES = (
    SettingRule("non_premium_daily_limit", "premium_daily_limit", zero_is_endless=True),
    SettingRule("premium_default_days", "premium_longest_days"),
    SettingRule("batch_size_small", "batch_size_medium"),
    SettingRule("batch_size_medium", "batch_size_large"),
    SettingRule("batch_size_large", "batch_size_overflow"),
    SettingRule("batch_depth_medium", "batch_depth_large"),
    SettingRule("batch_depth_large", "message_queue_size"),
)


def broken_rule(name: str, values: Mapping[str, SettingValue]) -> SettingRule | None:
    """The first rule about a setting that values by name break; None when they keep all of them."""
    return next((rule for rule in RULES if rule.concerns(name) and not rule.holds(values)), None)
