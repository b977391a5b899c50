"""The mark of a restore that has begun and not ended: what is there until then is no whole database."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool

RESTORES = "restores"
"""A collection with one document, whose `_id` names the backup; empty when a restore is complete."""


async def refuse_unfinished_restore(primary: DatabaseConnectionPool) -> None:
    """Return when nothing is being restored into a database; what a bot wrote into a half would be mixed with the rest.

    A database that is gone is taken for a whole one.

    Raises:
        ConfigurationError: it is being restored, or that was interrupted; says what to do.
    """
    with suppress(DatabaseUnavailableError):
        if await primary.find_one(RESTORES, {"_id": {"$gt": ""}}) is not None:
            raise ConfigurationError(
                "DATABASE_URI: a backup is being restored into this database, or that was interrupted: call "
                "python -m core.tools.restore again, and start the bot when it says that it is complete"
            )
