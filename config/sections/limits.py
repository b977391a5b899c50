"""Runtime settings: how often people may do things, and the bot with all of them together."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from config.sections.section import Section, Whole, unit

_SECONDS = unit("seconds")
_ACTIONS = unit("actions")


class LimitsSection(Section):
    """How often people may do things, and the bot with all of them together."""

    section: ClassVar[str] = "limits"

    rate_search_burst: Whole = Field(
        default=30, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Searches a person may make in a period."
    )
    rate_search_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the search limit."
    )
    rate_file_burst: Whole = Field(
        default=10, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Files a person may press in a period."
    )
    rate_file_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the file limit."
    )
    rate_inline_burst: Whole = Field(
        default=50, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Inline queries of a person in a period."
    )
    rate_inline_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the inline limit."
    )
    rate_deep_link_burst: Whole = Field(
        default=20, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Links a person may open in a period."
    )
    rate_deep_link_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the link limit."
    )
    link_failures_burst: Whole = Field(
        default=10,
        ge=1,
        le=10_000,
        json_schema_extra=unit("links"),
        description="Wrong links of a person in a period.",
    )
    link_failures_period_s: Whole = Field(
        default=600, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the limit of wrong links."
    )
    rate_callback_burst: Whole = Field(
        default=60, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Other presses and commands in a period."
    )
    rate_callback_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the press limit."
    )
    rate_group_burst: Whole = Field(
        default=20, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Searches of one group in a period."
    )
    rate_group_period_s: Whole = Field(
        default=60, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the group limit."
    )
    rate_request_burst: Whole = Field(
        default=3, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Titles a person may ask for in a period."
    )
    rate_request_period_s: Whole = Field(
        default=86_400, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the request limit."
    )
    rate_index_request_burst: Whole = Field(
        default=3, ge=1, le=10_000, json_schema_extra=_ACTIONS, description="Channels a person may propose in a period."
    )
    rate_index_request_period_s: Whole = Field(
        default=86_400, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the channel request limit."
    )
    rate_broadcast_burst: Whole = Field(
        default=1, ge=1, le=1000, json_schema_extra=_ACTIONS, description="Broadcasts of the bot in a period."
    )
    rate_broadcast_period_s: Whole = Field(
        default=3600, ge=1, le=86_400, json_schema_extra=_SECONDS, description="Period of the broadcast limit."
    )
    rate_global_burst: Whole = Field(
        default=1000, ge=10, le=1_000_000, json_schema_extra=_ACTIONS, description="Actions of all people in a period."
    )
    rate_global_period_s: Whole = Field(
        default=10, ge=1, le=3600, json_schema_extra=_SECONDS, description="Period of the global ceiling."
    )
