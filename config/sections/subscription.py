"""Runtime settings: chats that readers have to be in."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from config.sections.section import ChatIds, Section, Whole, unit

_SECONDS = unit("seconds")
_NONE = unit("")


class SubscriptionSection(Section):
    """Chats that readers have to be in."""

    section: ClassVar[str] = "subscription"

    force_subscribe_chats: ChatIds = Field(
        default="",
        json_schema_extra=unit("", kind="chats"),
        description="Ids of the channels and groups that readers have to be in; better with /fsub_add.",
    )
    force_subscribe_policy: Literal["deny", "allow"] = Field(
        default="deny",
        json_schema_extra=_NONE,
        description="What happens while nobody can say whether a reader is in a channel that they have to be in.",
    )
    force_subscribe_join_requests: bool = Field(
        default=True, json_schema_extra=_NONE, description="Whether who waits to be let in counts as being in."
    )
    force_subscribe_request_h: Whole = Field(
        default=72, ge=1, le=720, json_schema_extra=unit("hours"), description="How long such a request counts."
    )
    force_subscribe_cache_s: Whole = Field(
        default=60, ge=1, le=3600, json_schema_extra=_SECONDS, description="How long a membership is remembered."
    )
    force_subscribe_premium_exempt: bool = Field(
        default=False, json_schema_extra=_NONE, description="Whether readers with premium need not be in them."
    )
