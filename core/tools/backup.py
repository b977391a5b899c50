"""Copy every database into a folder: python -m core.tools.backup --to FOLDER, also while the bot runs.

A subfolder named after the moment is made, readable by its owner alone, and complete once its manifest is there. Redis
holds nothing that has to be kept. Beside it, keep `.env`, and the session file unless a new login does no harm.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pymongo.errors import PyMongoError

from config.settings import load_settings
from core.clock import Clock
from core.errors import ConfigurationError, InfrastructureError
from core.lifecycle import EXIT_CONFIGURATION, EXIT_STOPPED, EXIT_UNAVAILABLE
from core.observability.logging import configure_logging
from core.tools.backup_folder import Manifest, save_collection, write_manifest
from core.tools.database_access import open_databases
from core.tools.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bson.raw_bson import RawBSONDocument

    from core.database.copying_pool import CopyingPool

_AT_ONCE = 1_000
_OWNER_ONLY = 0o077

# What the bot writes while it is copied has to leave the copy such as a kill would have left the databases. So whatever
# says "done up to here", or is applied to something else, is copied before what it speaks of: done once more is fine.
_FIRST = ("indexed_channels", "index_jobs", "postponed_changes", "premium_grants", "payments", "broadcasts")
# What keeps something out, and the counters of fences, are copied when everything else is.
_LAST = ("blocked_files", "leases")
# Jobs of the moment, which nobody goes on with: their slots come back when the hold expires.
_LEFT_OUT = frozenset({"deliveries", "restores"})


async def back_up(pools: Sequence[CopyingPool], folder: Path, began_at: str) -> Manifest:
    """Copy all collections of all databases.

    Raises:
        DatabaseUnavailableError: a database did not answer; the backup is not complete.
    """
    jobs = [(pool, name) for pool in pools for name in await pool.collection_names() if name not in _LEFT_OUT]
    jobs.sort(key=lambda job: (_rank(job[1]), job[0].number, job[1]))
    saved = [await save_collection(folder, pool.number, name, _pages(pool, name)) for pool, name in jobs]
    manifest = Manifest(began_at, tuple(saved))
    write_manifest(folder, manifest)
    return manifest


def _rank(name: str) -> int:
    if name in _FIRST:
        return _FIRST.index(name) - len(_FIRST)
    return 1 + _LAST.index(name) if name in _LAST else 0


async def _pages(pool: CopyingPool, name: str) -> AsyncIterator[list[RawBSONDocument]]:
    after = None
    while documents := await pool.read_after(name, after, _AT_ONCE):
        yield documents
        after = documents[-1]["_id"]


async def _run(parent: Path) -> None:
    settings, clock = load_settings(), Clock()
    configure_logging("error", settings.log_format, settings.secrets)
    began_at = clock.utc_now().strftime("%Y-%m-%dT%H%M%SZ")
    folder = parent / began_at
    folder.mkdir(parents=True)
    async with open_databases(settings, clock) as pools:
        manifest = await back_up(pools, folder, began_at)
    for saved in manifest.collections:
        print(f"{saved.place}: {saved.documents:,}")
    print(f"complete: {folder}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one backup; returns the exit code, the bot's own."""
    parser = argparse.ArgumentParser(
        prog="python -m core.tools.backup", description="Copy every database into a folder."
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="gets a subfolder for this backup")
    options = parser.parse_args(arguments)
    before = os.umask(_OWNER_ONLY)
    try:
        asyncio.run(_run(options.to))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    except (InfrastructureError, OSError) as error:
        print(f"{error}\nThe backup is not complete.", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except PyMongoError as error:
        print(f"{refusal(error)}\nThe backup is not complete.", file=sys.stderr)
        return EXIT_UNAVAILABLE
    finally:
        os.umask(before)
    return EXIT_STOPPED


if __name__ == "__main__":
    sys.exit(main())
