"""What a person was doing when a refusal came between, kept until they may go on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InterruptedMessage:
    """A message to the bot in its private chat, or what an inline or group search amounts to there.

    Attributes:
        text: as written.
        forward: (full id of the channel, post, album) of a forwarded post; the album is 0 outside of one.
    """

    message_id: int
    text: str
    has_media: bool = False
    reply_to: int | None = None
    forward: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class InterruptedPress:
    """A pressed button: the message that it stands under, and its data."""

    chat_id: int
    message_id: int
    data: bytes


Interruption = InterruptedMessage | InterruptedPress
