"""Runtime settings: files on their way to readers, and what stays of them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from config.sections.section import Section, Whole, unit
from core.domain.auto_delete import LONGEST_S
from core.domain.caption_template import checked_template

_SECONDS = unit("seconds")
_NONE = unit("")


class DeliverySection(Section):
    """Files on their way to readers, and what stays of them."""

    section: ClassVar[str] = "delivery"

    send_all_places: Whole = Field(
        default=20,
        ge=1,
        le=1000,
        json_schema_extra=unit("jobs"),
        description="How many readers are sent pages of files at a time; the others have their turn.",
    )
    protect_content: bool = Field(
        default=False, json_schema_extra=_NONE, description="Whether delivered files can not be forwarded or saved."
    )
    caption_template: Annotated[str, AfterValidator(checked_template)] = Field(
        default="",
        json_schema_extra=unit("", kind="template"),
        description="What stands under delivered files; empty: their own caption, or their name.",
    )
    auto_delete_s: Whole = Field(
        default=300,
        ge=0,
        le=LONGEST_S,
        json_schema_extra=_SECONDS,
        description="After how long files, results and menus are deleted; 0: never.",
    )
    deep_link_lifetime_s: Whole = Field(
        default=86_400,
        ge=60,
        le=604_800,
        json_schema_extra=_SECONDS,
        description="How long a link to a file works after it was last given out.",
    )
