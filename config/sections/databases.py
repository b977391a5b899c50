"""Runtime settings: where new files go, and when a database is left alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from config.sections.section import Number, Section, Whole, unit

_SECONDS = unit("seconds")
_NONE = unit("")


class DatabasesSection(Section):
    """Where new files go, and when a database is left alone."""

    section: ClassVar[str] = "databases"

    database_size_limit_gb: Number = Field(
        default=0.5,
        ge=0,
        le=100_000,
        json_schema_extra=unit("GiB"),
        description="Data and indexes of one database before new files go to the next; 0: no limit.",
    )
    database_auto_switch: bool = Field(
        default=True, json_schema_extra=_NONE, description="Whether new files leave a full or failing database."
    )
    database_preferred: Whole = Field(
        default=0, ge=0, le=100, json_schema_extra=_NONE, description="Number of the database for new files; 0: any."
    )
    database_max_failures: Whole = Field(
        default=5, ge=1, le=100, json_schema_extra=unit("failures"), description="Failures in a row that stop asking."
    )
    database_recovery_timeout: Whole = Field(
        default=300, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Then the database is asked again."
    )
    database_half_open_calls: Whole = Field(
        default=3, ge=1, le=100, json_schema_extra=unit("calls"), description="Calls that may try whether it is back."
    )
