"""What an error of the driver means for whoever asked, decided by its class and the server's code."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pymongo import errors

_NOT_SENT = (errors.ServerSelectionTimeoutError, errors.WaitQueueTimeoutError)
_UNAVAILABLE = (errors.ConnectionFailure, errors.InvalidOperation, errors.ExecutionTimeout, errors.WriteConcernError)
# NotWritablePrimary, NotPrimaryNoSecondaryOk, LegacyNotPrimary: the command was refused before it did anything.
_REFUSED_CODES = frozenset({10107, 13435, 10058})
# HostUnreachable, Unauthorized, AuthenticationFailed, LockTimeout, MaxTimeMSExpired in a write, ExceededTimeLimit.
_UNAVAILABLE_CODES = frozenset({6, 13, 18, 24, 50, 262})
# Atlas' own refusal when the space is used up, OutOfDiskSpace.
_FULL_CODES = frozenset({8000, 14031})


class ErrorMeaning(Enum):
    """UNAVAILABLE: no usable answer. FULL: it answers and takes no more data. ANSWERED: the command itself is wrong."""

    UNAVAILABLE = "unavailable"
    FULL = "full"
    ANSWERED = "error"


def meaning_of(error: Exception) -> ErrorMeaning:
    """Classify an error of the driver, or the TimeoutError of a deadline."""
    if isinstance(error, errors.BulkWriteError):
        return _meaning_of_bulk(error.details)
    if isinstance(error, errors.DuplicateKeyError):
        return ErrorMeaning.ANSWERED
    code = error.code if isinstance(error, errors.OperationFailure) else None
    if code in _FULL_CODES:
        return ErrorMeaning.FULL
    if isinstance(error, (TimeoutError, *_UNAVAILABLE)) or code in _UNAVAILABLE_CODES:
        return ErrorMeaning.UNAVAILABLE
    return ErrorMeaning.ANSWERED


def may_repeat(error: errors.AutoReconnect, *, idempotent: bool) -> bool:
    """Whether the operation may be sent again: it is idempotent, or the server is known not to have begun it.

    Not when no server was found at all: looking for one has taken the time there was.
    """
    return not isinstance(error, _NOT_SENT) and (idempotent or _was_refused(error))


def _meaning_of_bulk(details: Mapping[str, Any] | None) -> ErrorMeaning:
    """A bulk write that the majority did not confirm is as good as unanswered; one refused document is an answer."""
    found = details or {}
    if any(refusal.get("code") in _FULL_CODES for refusal in found.get("writeErrors", ())):
        return ErrorMeaning.FULL
    return ErrorMeaning.UNAVAILABLE if found.get("writeConcernErrors") else ErrorMeaning.ANSWERED


def _was_refused(error: errors.AutoReconnect) -> bool:
    details = error.details
    return (
        isinstance(error, errors.NotPrimaryError)
        and isinstance(details, Mapping)
        and details.get("code") in _REFUSED_CODES
    )
