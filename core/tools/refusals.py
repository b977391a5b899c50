"""What a database says when it refuses something, without what it refuses: that may be people's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import BulkWriteError, OperationFailure

if TYPE_CHECKING:
    from pymongo.errors import PyMongoError


def refusal(error: PyMongoError) -> str:
    """A sentence with the class of the error and MongoDB's code for it."""
    code: object = error.code if isinstance(error, OperationFailure) else None
    if isinstance(error, BulkWriteError):
        code = error.details["writeErrors"][0]["code"] if error.details.get("writeErrors") else code
    known = "" if code is None else f", code {code} of MongoDB"
    return f"the database refuses: {type(error).__name__}{known}; see the rights of its user, and the rules it has"
