"""Runtime settings: every value an admin may change while the bot runs, declared once, by section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import ValidationError

from config.sections.broadcast import BroadcastSection
from config.sections.databases import DatabasesSection
from config.sections.delivery import DeliverySection
from config.sections.indexing import IndexingSection
from config.sections.limits import LimitsSection
from config.sections.maintenance import MaintenanceSection
from config.sections.premium import PremiumSection
from config.sections.search import SearchSection
from config.sections.subscription import SubscriptionSection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.sections.section import Section


class RuntimeSettings(
    SearchSection,
    DeliverySection,
    PremiumSection,
    SubscriptionSection,
    DatabasesSection,
    IndexingSection,
    BroadcastSection,
    LimitsSection,
    MaintenanceSection,
):
    """All runtime settings at one moment; a change makes a new object.

    The environment variable of a setting's name in upper case seeds it at the first start; afterwards the database
    rules.
    """

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of all settings."""
        return frozenset(cls.model_fields)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> tuple[Self, dict[str, str]]:
        """Read stored values; one that cannot be used keeps its default.

        Args:
            stored: by name; names of another version of the bot are passed over in silence.

        Returns:
            The settings, and by name what is wrong with each value that was not used (never the value itself).
        """
        problems: dict[str, str] = {}
        good: dict[str, Any] = {}
        for name in cls.model_fields.keys() & stored.keys():
            try:
                good[name] = getattr(cls.model_validate({name: stored[name]}), name)
            except ValidationError as error:
                problems[name] = _sentence(error)
        return cls.model_validate(good), problems

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """The settings that environment variables seed, typed, and by name what is wrong with the rest."""
        given = {name: environ[name.upper()] for name in cls.model_fields if environ.get(name.upper(), "").strip()}
        settings, problems = cls.from_stored(given)
        return {name: getattr(settings, name) for name in given if name not in problems}, problems

    def rate_limit(self, action: str) -> tuple[int, int]:
        """The burst and the period in seconds of `action`, "global" for the ceiling of the whole bot.

        Raises:
            AttributeError: no such action.
        """
        return getattr(self, f"rate_{action}_burst"), getattr(self, f"rate_{action}_period_s")

    def with_value(self, name: str, value: Any) -> Self:
        """A copy with one value changed, which may be given as text.

        Raises:
            ValueError: no such setting, or the value has a wrong type or is out of bounds; says which.
        """
        if name not in type(self).model_fields:
            raise ValueError(f"there is no setting {name}")
        try:
            return type(self).model_validate({**self.model_dump(), name: value})
        except ValidationError as error:
            raise ValueError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    return "; ".join(
        problem["msg"].removeprefix("Value error, ") for problem in error.errors(include_input=False, include_url=False)
    )


SECTIONS = cast("tuple[type[Section], ...]", RuntimeSettings.__bases__)
"""In the order of the editor and of the documentation."""
