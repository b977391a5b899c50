"""What each refusal of Telegram means to a caller, by Telegram's own error names. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from core.domain.audience import Unreachable
from core.errors import TelegramUnavailableError
from core.telegram.gateway import (
    FileReferenceExpiredError,
    RecipientUnreachableError,
    SourceGoneError,
    TelegramRefusedError,
)

if TYPE_CHECKING:
    from core.errors import FileFilterError

_UNAUTHORIZED, _FORBIDDEN, _NOT_ACCEPTABLE = 401, 403, 406


class Purpose(Enum):
    """What a request was for, which decides what its refusal means."""

    WRITE = "write"
    EDIT = "edit"
    DELETE = "delete"
    CALLBACK = "callback"
    INLINE = "inline"
    READ = "read"
    DIFFERENCE = "difference"


_NOTHING_TO_DO = {
    Purpose.EDIT: {"MESSAGE_NOT_MODIFIED", "MESSAGE_ID_INVALID", "MESSAGE_EDIT_TIME_EXPIRED"},
    Purpose.DELETE: {"MESSAGE_ID_INVALID", "MESSAGE_IDS_EMPTY"},
    Purpose.CALLBACK: {"QUERY_ID_INVALID"},
    Purpose.INLINE: {"QUERY_ID_INVALID"},
    Purpose.DIFFERENCE: {"PERSISTENT_TIMESTAMP_INVALID", "PERSISTENT_TIMESTAMP_EMPTY"},
}
_UNREACHABLE = {
    "PEER_ID_INVALID": Unreachable.NEVER_STARTED,
    "USER_ID_INVALID": Unreachable.NEVER_STARTED,
    "USER_IS_BLOCKED": Unreachable.BLOCKED,
    "USER_IS_BOT": Unreachable.NEVER_STARTED,
    "INPUT_USER_DEACTIVATED": Unreachable.DEACTIVATED,
    "USER_DEACTIVATED": Unreachable.DEACTIVATED,
    "USER_DEACTIVATED_BAN": Unreachable.DEACTIVATED,
    "CHANNEL_PRIVATE": None,
    "CHANNEL_INVALID": None,
    "CHAT_ID_INVALID": None,
    "CHAT_RESTRICTED": None,
}
_REFERENCE = {
    "FILE_REFERENCE_EXPIRED",
    "FILE_REFERENCE_EMPTY",
    "FILE_REFERENCE_INVALID",
    "FILE_ID_INVALID",
    "MEDIA_EMPTY",
    "MEDIA_INVALID",
}
_WRONG_RESULT = {"DOCUMENT_INVALID", "PHOTO_INVALID"}
_GONE = {
    "CHANNEL_PRIVATE",
    "CHANNEL_INVALID",
    "CHANNEL_PUBLIC_GROUP_NA",
    "CHAT_ADMIN_REQUIRED",
    "PEER_ID_INVALID",
    "USERNAME_INVALID",
    "USERNAME_NOT_OCCUPIED",
}


def refusal(method: str, name: str, code: int, purpose: Purpose) -> FileFilterError | None:
    """The error a caller sees; None when the refusal says that nothing is left to do."""
    if name in _NOTHING_TO_DO.get(purpose, ()):
        return None
    if code == _UNAUTHORIZED:
        return TelegramUnavailableError(f"{method}: the login is not accepted ({name})")
    if purpose in {Purpose.READ, Purpose.DIFFERENCE}:
        if name in _GONE or code in {_FORBIDDEN, _NOT_ACCEPTABLE}:
            return SourceGoneError(f"{method}: {name}")
    elif name in _REFERENCE or name.startswith("FILE_REFERENCE_") or _is_wrong_result(name, purpose):
        return FileReferenceExpiredError(f"{method}: {name}")
    elif name in _UNREACHABLE or code == _FORBIDDEN:
        return RecipientUnreachableError(f"{method}: {name}", _UNREACHABLE.get(name))
    return TelegramRefusedError(method, name)


def _is_wrong_result(name: str, purpose: Purpose) -> bool:
    """An inline result whose file is not to be had, or is not of the kind it was stored as."""
    return purpose is Purpose.INLINE and name in _WRONG_RESULT
