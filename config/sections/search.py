"""Runtime settings: what is found, and how it is shown."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from config.sections.section import Section, Whole, unit

_FILES = unit("files")
_SECONDS = unit("seconds")
_CHARACTERS = unit("characters")
_MATCHES = unit("matches")
_NONE = unit("")


class SearchSection(Section):
    """What is found, and how it is shown."""

    section: ClassVar[str] = "search"

    result_page_size: Whole = Field(
        default=10, ge=1, le=20, json_schema_extra=_FILES, description="Files on one page of search results."
    )
    search_window_size: Whole = Field(
        default=200, ge=20, le=500, json_schema_extra=_FILES, description="Newest matches that are ranked and paged."
    )
    search_session_lifetime_s: Whole = Field(
        default=3600, ge=60, le=86_400, json_schema_extra=_SECONDS, description="How long a result page can be turned."
    )
    max_query_length: Whole = Field(
        default=200, ge=10, le=1000, json_schema_extra=_CHARACTERS, description="A longer search text is cut."
    )
    search_captions: bool = Field(
        default=True, json_schema_extra=_NONE, description="Whether words of captions are found too."
    )
    count_limit: Whole = Field(
        default=1001, ge=100, le=10_001, json_schema_extra=_MATCHES, description="Where counting matches stops."
    )
    group_search_mode: Literal["all", "mention", "command"] = Field(
        default="mention",
        json_schema_extra=_NONE,
        description="What counts as a search in groups: everything, words for the bot, /search alone.",
    )
    search_cache_s: Whole = Field(
        default=300, ge=1, le=3600, json_schema_extra=_SECONDS, description="How long a search is remembered."
    )
    search_refresh_s: Whole = Field(
        default=30,
        ge=1,
        le=300,
        json_schema_extra=_SECONDS,
        description="How long a repeated search may go on without new files.",
    )
