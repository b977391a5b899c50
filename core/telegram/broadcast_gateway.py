"""What a broadcast asks of Telegram: a port without pyrogram types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from core.errors import FileFilterError

if TYPE_CHECKING:
    from core.domain.broadcast import Snapshot
    from core.telegram.gateway import SendClass


class NotRepeatableError(FileFilterError):
    """A message that cannot be sent again: a poll, a place, a contact, a service message."""


class BroadcastTelegram(Protocol):
    """The port; every method raises what `TelegramGateway`'s raise for a flood wait, an outage and a refusal."""

    async def snapshot_of(self, chat_id: int, message_id: int) -> Snapshot | None:
        """What a message of a private chat says now; None when it is gone.

        Raises:
            NotRepeatableError: it has something that cannot be sent again by reference.
        """
        ...

    async def send_snapshot(self, chat_id: int, snapshot: Snapshot, *, random_id: int, send_class: SendClass) -> int:
        """Send it in its turn; sending with the same `random_id` again delivers nothing twice, and is no error.

        Args:
            chat_id: a person.
            snapshot: what to send.
            random_id: 1 to 2^63 - 1, the same for every attempt at the same person.
            send_class: behind whom it waits.

        Returns:
            The message's id; 0 when it was delivered but nothing names the id, as after a repeated send.

        Raises:
            RecipientUnreachableError: `why` says for what reason.
            FileReferenceExpiredError: take the snapshot again.
            OutcomeUnknownError: send again with the same `random_id`.
        """
        ...

    async def pin(self, chat_id: int, message_id: int) -> None:
        """Pin a message in a private chat, silently."""
        ...
