"""Bring a backup into empty databases: python -m core.tools.restore --from FOLDER/MOMENT, while the bot is stopped.

It goes into the databases of the settings, or with --database NAME into NAME, NAME_2, … on the same servers,
to rehearse. Indexes are built by the bot at its start. Broadcasts that were confirmed are paused: who has had them
since, the backup does not know. A restore that was interrupted goes on when it is called again.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pymongo.errors import BulkWriteError, PyMongoError

from config.settings import load_settings
from core.clock import Clock
from core.database.unfinished_restore import RESTORES
from core.domain.broadcast import BroadcastPause, BroadcastState
from core.errors import ConfigurationError, InfrastructureError
from core.lifecycle import EXIT_CONFIGURATION, EXIT_STOPPED, EXIT_UNAVAILABLE
from core.observability.logging import configure_logging
from core.tools.backup_folder import Manifest, SavedCollection, documents_of, read_manifest
from core.tools.database_access import open_databases
from core.tools.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.database.copying_pool import CopyingPool

_AT_ONCE = 500
_NAME = re.compile(r"[A-Za-z0-9_-]{1,36}")
_DUPLICATE_KEY = 11000
_CONFIRMED = (BroadcastState.RUNNING, BroadcastState.WAITING)


async def restore(pools: Sequence[CopyingPool], folder: Path, manifest: Manifest) -> int:
    """Bring everything in; returns how many broadcasts were paused.

    Raises:
        ConfigurationError: there are too few databases, or one of them is not empty; nothing was touched.
        DatabaseUnavailableError: a part is there; call again.
    """
    if manifest.databases > len(pools):
        raise ConfigurationError(f"the backup is of {manifest.databases} databases: as many have to be configured")
    unclaimed = [pool for pool in pools if await pool.find_one(RESTORES, {"_id": manifest.began_at}) is None]
    for pool in unclaimed:
        await _refuse_unless_empty(pool)
    for pool in unclaimed:  # one that is marked with this backup is gone on with, so none is before all are known
        await pool.update_one(
            RESTORES, {"_id": manifest.began_at}, {"$set": {"began": True}}, upsert=True, idempotent=True
        )
    for saved in manifest.collections:
        await _fill(pools[saved.database - 1], folder, saved)
    paused = await _pause_broadcasts(pools[0])
    for pool in pools:
        await pool.delete_many(RESTORES, {})
    return paused


async def _refuse_unless_empty(pool: CopyingPool) -> None:
    filled = [name for name in await pool.collection_names() if await pool.read_after(name, None, 1)]
    if filled:
        raise ConfigurationError(
            f"database {pool.number} ({pool.name}) is not empty: it holds {', '.join(filled[:5])}; "
            "stop the bot and drop it, or name another one with --database"
        )


async def _fill(pool: CopyingPool, folder: Path, saved: SavedCollection) -> None:
    documents, count = documents_of(folder, saved), 0
    while part := list(islice(documents, _AT_ONCE)):
        try:
            await pool.insert_many(saved.name, part)
        except BulkWriteError as error:
            if any(failure["code"] != _DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise
        count += len(part)
    if count != saved.documents:
        raise ConfigurationError(f"{saved.place} holds {count} documents instead of {saved.documents}")


async def _pause_broadcasts(primary: CopyingPool) -> int:
    confirmed = {"state": {"$in": [state.value for state in _CONFIRMED]}}
    pause = {"$set": {"state": BroadcastState.PAUSED.value, "pause": BroadcastPause.ASKED.value}}
    return await primary.update_many("broadcasts", confirmed, pause, idempotent=True)


async def _run(folder: Path, database: str | None) -> None:
    settings = load_settings()
    configure_logging("error", settings.log_format, settings.secrets)
    manifest = read_manifest(folder)
    async with open_databases(settings, Clock(), database) as pools:
        paused = await restore(pools, folder, manifest)
    print(f"complete: {sum(saved.documents for saved in manifest.collections):,} documents of {manifest.began_at}")
    if paused:
        print(f"{paused} broadcasts are paused: resume or stop them with /broadcasts")
    print("Empty Redis before the bot starts: what it remembers is of another time.")


def _database_name(text: str) -> str:
    """A name that leaves room for the numbers behind it."""
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("at most 36 letters, digits, - and _ are expected")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Restore one backup; returns the exit code, the bot's own."""
    parser = argparse.ArgumentParser(
        prog="python -m core.tools.restore", description="Bring a backup into empty databases."
    )
    parser.add_argument("--from", dest="folder", type=Path, required=True, metavar="FOLDER", help="of one backup")
    parser.add_argument(
        "--database", type=_database_name, help="restore into NAME, NAME_2, … instead of the configured ones"
    )
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_run(options.folder, options.database))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    except (InfrastructureError, OSError) as error:
        print(f"{error}\nCall it again: it goes on where it was.", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except PyMongoError as error:
        print(f"{refusal(error)}\nThen call it again: it goes on where it was.", file=sys.stderr)
        return EXIT_UNAVAILABLE
    return EXIT_STOPPED


if __name__ == "__main__":
    sys.exit(main())
