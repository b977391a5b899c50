"""A reader's wish that a channel be indexed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequestState(StrEnum):
    """What became of a request; the values are stored."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Untold(StrEnum):
    """Who has to be told yet how a request stands; the values are stored."""

    MODERATORS = "moderators"
    ASKER = "asker"


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """The newest request for one channel.

    Attributes:
        channel_id: full id.
        number: grows by one with every request for the channel, so that a button of an earlier one is recognised.
        top: the newest post that should be indexed.
        asker_id: who asked.
        language: tag of the catalogue that the asker reads.
        decided_by: id of the moderator; None while it is open.
        decided_name: the moderator's first name, "" while it is open.
    """

    channel_id: int
    title: str
    number: int
    top: int
    state: RequestState
    asker_id: int
    asker_name: str
    language: str
    decided_by: int | None = None
    decided_name: str = ""
