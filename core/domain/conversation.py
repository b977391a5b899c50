"""What the bot has asked somebody, whose next message is the answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conversation:
    """An open question.

    Attributes:
        topic: what it is about; a route of the handlers answers to it.
        details: what the answer is needed for, as the topic understands it.
    """

    topic: str
    details: tuple[str, ...] = ()
