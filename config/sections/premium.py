"""Runtime settings: how much free readers and those with premium get, and how long premium lasts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from config.sections.section import Section, Whole, unit

_FILES = unit("files")
_SECONDS = unit("seconds")
_DAYS = unit("days")


class PremiumSection(Section):
    """How much free readers and those with premium get, and how long premium lasts."""

    section: ClassVar[str] = "premium"

    non_premium_daily_limit: Whole = Field(
        default=10, ge=0, le=100_000, json_schema_extra=_FILES, description="Files a day for free readers; 0: no limit."
    )
    premium_daily_limit: Whole = Field(
        default=0, ge=0, le=100_000, json_schema_extra=_FILES, description="Files a day with premium; 0: no limit."
    )
    quota_hold_s: Whole = Field(
        default=600, ge=30, le=3600, json_schema_extra=_SECONDS, description="How long an unspent slot stays reserved."
    )
    premium_default_days: Whole = Field(
        default=30, ge=1, le=3650, json_schema_extra=_DAYS, description="Days of premium when an admin names none."
    )
    premium_longest_days: Whole = Field(
        default=3650, ge=1, le=36_500, json_schema_extra=_DAYS, description="Most days of premium given at once."
    )
    premium_reminder_days: Whole = Field(
        default=3,
        ge=0,
        le=30,
        json_schema_extra=_DAYS,
        description="Days before its end that premium is told of; 0: never.",
    )
    premium_sweep_s: Whole = Field(
        default=3600,
        ge=1,
        le=86_400,
        json_schema_extra=_SECONDS,
        description="How often people are told that their premium ends.",
    )
