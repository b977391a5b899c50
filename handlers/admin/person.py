"""Whom a command is about: an id, an @name, or the sender of the answered message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import BadInputError
from handlers.admin.arguments import replied_message, words_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.user import User
    from core.telegram.lookups import TelegramLookups
    from handlers.incoming import IncomingMessage

_ID = re.compile(r"[1-9][0-9]{0,18}")
_USERNAME = re.compile(r"@[A-Za-z][A-Za-z0-9_]{2,31}")
_LARGEST_ID = 2**63 - 1
_SHOWN_LENGTH = 64


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Whom a command is about.

    Attributes:
        id: of the person, whom the bot may never have met.
        words: what else stands behind the command.
    """

    id: int
    words: Sequence[str]


async def named_person(lookups: TelegramLookups, message: IncomingMessage, usage: str) -> NamedPerson:
    """Whom a command is about.

    Args:
        lookups: asked for @names and answered messages.
        message: the command.
        usage: key of the sentence for a command that is about nobody.

    Raises:
        BadInputError: `usage`, or what stands there is no person.
        TelegramUnavailableError: Telegram does not tell now.
    """
    words = words_after(message)
    first = words[0] if words else ""
    is_named = _ID.fullmatch(first) is not None or first.startswith("@")
    replied = await replied_message(lookups, message)
    if replied is not None:
        if is_named:
            raise BadInputError("person-named-twice")
        person_id = replied.origin_id if message.is_private else replied.sender_id
        if person_id is None:
            raise BadInputError("person-hidden" if message.is_private else "person-not-sender")
        return NamedPerson(person_id, words)
    if not first:
        raise BadInputError(usage)
    return NamedPerson(await _read_name(lookups, first), words[1:])


def shown_name(user: User) -> str:
    """What somebody is called in an answer; the id for those whom the bot has never met."""
    return user.first_name[:_SHOWN_LENGTH] or str(user.id)


async def _read_name(lookups: TelegramLookups, name: str) -> int:
    if _USERNAME.fullmatch(name):
        person_id = await lookups.find_person(name[1:])
        if person_id is None:
            raise BadInputError("person-unknown-name", name=name)
        return person_id
    if not _ID.fullmatch(name) or int(name) > _LARGEST_ID:
        raise BadInputError("person-bad-id", name=name[:_SHOWN_LENGTH])
    return int(name)
