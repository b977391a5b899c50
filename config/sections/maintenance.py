"""Runtime settings: keeping readers out while the bot is worked on."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from config.sections.section import Section, unit

_NONE = unit("")


class MaintenanceSection(Section):
    """Keeping readers out while the bot is worked on; who has a role is never kept out."""

    section: ClassVar[str] = "maintenance"

    maintenance_mode: bool = Field(
        default=False, json_schema_extra=_NONE, description="Whether everybody without a role is told to come back."
    )
    maintenance_text: str = Field(
        default="",
        max_length=200,
        json_schema_extra=_NONE,
        description="What they are told meanwhile; empty: that the bot is being worked on.",
    )
