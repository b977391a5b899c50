"""Runtime settings: how messages to everybody are sent."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from config.sections.section import Number, Section, Whole, unit

_SECONDS = unit("seconds")


class BroadcastSection(Section):
    """How messages to everybody are sent."""

    section: ClassVar[str] = "broadcast"

    broadcast_in_flight: Whole = Field(
        default=20,
        ge=1,
        le=150,
        json_schema_extra=unit("people"),
        description="People whom a broadcast is sent to at once; the send budget decides how fast.",
    )
    broadcast_lease_s: Number = Field(
        default=15,
        ge=1,
        le=300,
        json_schema_extra=_SECONDS,
        description="Time after which the broadcast of a process that died goes on.",
    )
    broadcast_progress_s: Number = Field(
        default=3,
        ge=0.1,
        le=60,
        json_schema_extra=_SECONDS,
        description="Shortest time between two edits of a message that shows how a broadcast goes.",
    )
