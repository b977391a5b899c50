"""Runtime settings: how posts of channels get into the library."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from config.sections.section import Number, Section, Whole, unit

_SECONDS = unit("seconds")
_POSTS = unit("posts")
_POSTS_AT_START = unit("posts", at_start=True)


class IndexingSection(Section):
    """How posts of channels get into the library."""

    section: ClassVar[str] = "indexing"

    message_queue_size: Whole = Field(
        default=1000, ge=10, le=100_000, json_schema_extra=_POSTS_AT_START, description="Posts that wait to be indexed."
    )
    overflow_queue_size: Whole = Field(
        default=500, ge=10, le=100_000, json_schema_extra=_POSTS_AT_START, description="Posts that wait beyond that."
    )
    batch_size_small: Whole = Field(
        default=20, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once normally."
    )
    batch_size_medium: Whole = Field(
        default=30, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once at the medium depth."
    )
    batch_size_large: Whole = Field(
        default=50, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once at the large depth."
    )
    batch_size_overflow: Whole = Field(
        default=200, ge=1, le=200, json_schema_extra=_POSTS, description="Posts indexed at once from the overflow."
    )
    batch_depth_medium: Whole = Field(
        default=200, ge=1, le=100_000, json_schema_extra=_POSTS, description="Queue depth of the medium batch."
    )
    batch_depth_large: Whole = Field(
        default=500, ge=1, le=100_000, json_schema_extra=_POSTS, description="Queue depth of the large batch."
    )
    reconcile_interval_s: Whole = Field(
        default=300,
        ge=10,
        le=86_400,
        json_schema_extra=_SECONDS,
        description="How often channels are checked for gaps.",
    )
    audit_days: Whole = Field(
        default=7,
        ge=0,
        le=365,
        json_schema_extra=unit("days"),
        description="In how many days every indexed post is read again; 0: never.",
    )
    backfill_block_size: Whole = Field(
        default=200,
        ge=1,
        le=200,
        json_schema_extra=_POSTS,
        description="Messages of a channel's past that are read at once.",
    )
    backfill_progress_s: Number = Field(
        default=3,
        ge=0.1,
        le=60,
        json_schema_extra=_SECONDS,
        description="Shortest time between two edits of a message that shows how indexing goes.",
    )
