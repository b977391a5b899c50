"""What stands behind a command, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import BadInputError

if TYPE_CHECKING:
    from core.telegram.lookups import RepliedMessage, TelegramLookups
    from handlers.incoming import IncomingMessage


def words_after(message: IncomingMessage) -> list[str]:
    """The words after the command."""
    return message.text.split()[1:]


def text_after(message: IncomingMessage) -> str:
    """Everything after the command, without the spaces around it; "" for nothing."""
    _, *rest = message.text.split(maxsplit=1)
    return rest[0].strip() if rest else ""


async def replied_file(lookups: TelegramLookups, message: IncomingMessage) -> str | None:
    """Telegram's unique id of the file in the answered message; None when the command answers nothing.

    Raises:
        BadInputError: the answered message has no file, or is gone.
    """
    replied = await replied_message(lookups, message)
    if replied is None:
        return None
    if replied.file is None:
        raise BadInputError("admin-reply-without-file")
    return replied.file.unique_id


async def replied_message(lookups: TelegramLookups, message: IncomingMessage) -> RepliedMessage | None:
    """The answered message; None when the command answers nothing.

    Raises:
        BadInputError: it is gone.
    """
    if message.reply_to is None:
        return None
    replied = await lookups.get_replied(message.chat_id, message.reply_to)
    if replied is None:
        raise BadInputError("admin-reply-gone")
    return replied
