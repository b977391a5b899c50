"""Import another bot's collection: python -m core.tools.import_dump FILE, beside the running bot or before its start.

FILE holds what `mongoexport` wrote (one JSON document a line) or `mongodump` (BSON, also gzipped). Instead of a file,
--collection reads a database directly, whose address stands in a variable of the environment, SOURCE_URI.

Files are stored without the posts they came from: they are found and sent as long as Telegram accepts their file_ids,
which it does for the bot (the token) that stored them. One that is refused is marked dead and reported at its first
request; a post of it in an indexed channel heals it. Importing goes on where it was interrupted, and may be repeated.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from bson import json_util
from pymongo.errors import InvalidName, PyMongoError

from config.settings import load_settings
from core.clock import Clock
from core.database.copying_pool import CopyingPool
from core.domain.library_import import DumpEntry, UnusableDumpError
from core.errors import ConfigurationError, InfrastructureError
from core.lifecycle import EXIT_CONFIGURATION, EXIT_STOPPED, EXIT_UNAVAILABLE
from core.observability.logging import configure_logging
from core.services.import_fields import FieldMap
from core.services.library_import import LibraryImport
from core.telegram.file_ids import identity_of
from core.tools.dump_files import BATCH, dump_batches
from core.tools.import_progress import ImportProgress, read_progress, write_progress
from core.tools.library import open_library
from core.tools.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from config.settings import BootstrapSettings
    from core.services.library_import import AddFiles
    from core.tools.library import Library

_SETTLED_EVERY = 20
_TOLD_EVERY_S = 5.0
_SOURCE_URI = "SOURCE_URI"
_UNREADABLE = (
    "the address of a server is expected, for example mongodb://me:password@old.example.net/; special characters in "
    "the password are written as %40 for @, %3A for :, %2F for /"
)


class ImportRun:
    """One call of the program: reads, stores, tells how far it is.

    Args:
        progress_file: where it stands; gone when all is imported.
        stores: False for a rehearsal that writes nothing.
    """

    def __init__(
        self,
        settings: BootstrapSettings,
        progress: ImportProgress,
        progress_file: Path,
        *,
        names: FieldMap,
        stores: bool,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._progress_file = progress_file
        self._names = names
        self._stores = stores
        self._clock = clock
        self._told_at = self._started_at = clock.monotonic()
        self._read_before = progress.tally.read
        self._batches = 0

    async def run(self, batches: AsyncIterator[list[DumpEntry]]) -> None:
        """Import what is left.

        Raises:
            UnusableDumpError: it is no dump of files.
            DatabaseUnavailableError: what is not stored yet is stored by the next call.
            OSError: the dump or the file of the progress cannot be used.
        """
        if self._stores:
            async with open_library(self._settings, self._clock) as library:
                await self._read(batches, partial(self._stored, library), library.indexing.add_files)
                await library.settle(names_left=0)
            self._progress_file.unlink(missing_ok=True)
        else:
            await self._read(batches, self._passed, None)
        self._tell("done")

    async def _read(
        self,
        batches: AsyncIterator[list[DumpEntry]],
        done: Callable[[str], Awaitable[None]],
        add_files: AddFiles | None,
    ) -> None:
        service = LibraryImport(
            add_files=add_files,
            identify=identity_of,
            names=self._names,
            tell_refused=_tell_refused,
            clock=self._clock,
        )
        await service.run(batches, self._progress.tally, done)

    async def _stored(self, library: Library, position: str) -> None:
        self._batches += 1
        if self._batches % _SETTLED_EVERY == 0:
            await library.settle()
        write_progress(self._progress_file, replace(self._progress, position=position))
        await self._passed(position)

    async def _passed(self, _position: str) -> None:
        if self._clock.monotonic() - self._told_at >= _TOLD_EVERY_S:
            self._tell("so far")

    def _tell(self, when: str) -> None:
        tally, self._told_at = self._progress.tally, self._clock.monotonic()
        a_second = (tally.read - self._read_before) / max(0.001, self._told_at - self._started_at)
        refused = ", ".join(f"{count:,} {reason}" for reason, count in sorted(tally.refused.items())) or "none"
        stored = f"{tally.new:,} new, {tally.known:,} known" if self._stores else "nothing stored (--dry-run)"
        print(f"{when}: {tally.read:,} read ({a_second:,.0f} a second), {stored}; left out: {refused}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Import what the command line names; returns the exit code, the bot's own."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        configure_logging("error", settings.log_format, settings.secrets)
        asyncio.run(_import(settings, options))
    except (ConfigurationError, UnusableDumpError) as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    except (InfrastructureError, OSError, KeyboardInterrupt) as error:
        print(f"{error}\nCall it again: it goes on where it was.".strip(), file=sys.stderr)
        return EXIT_UNAVAILABLE
    except PyMongoError as error:
        print(f"{refusal(error)}\nThen call it again: it goes on where it was.", file=sys.stderr)
        return EXIT_UNAVAILABLE
    return EXIT_STOPPED


async def _import(settings: BootstrapSettings, options: argparse.Namespace) -> None:
    names, clock = FieldMap(), Clock()
    for what, name in options.field:
        names = names.with_field(what, name)
    source = _name_of_source(options)
    file = settings.session_file.parent / f"import-{blake2b(source.encode(), digest_size=4).hexdigest()}.json"
    progress = ImportProgress(source) if options.dry_run else read_progress(file, source)
    if progress.position is not None:
        print(f"going on behind record {progress.tally.read:,}", flush=True)
    async with AsyncExitStack() as closing:
        if options.file is not None:
            batches = dump_batches(options.file, progress.position)
        else:
            pool = _source_pool(options.database, clock)
            closing.push_async_callback(pool.close)
            batches = _collection_batches(pool, options.collection, progress)
        run = ImportRun(settings, progress, file, names=names, stores=not options.dry_run, clock=clock)
        await run.run(batches)


def _source_pool(database: str, clock: Clock) -> CopyingPool:
    """The database to read from.

    Raises:
        ConfigurationError: it cannot be called so, or its address cannot be read, of which nothing is repeated.
    """
    try:
        return CopyingPool(os.environ[_SOURCE_URI], database, clock=clock)
    except InvalidName:
        raise ConfigurationError("--database: no database can be called so") from None
    except (PyMongoError, ValueError):
        raise ConfigurationError(f"{_SOURCE_URI}: {_UNREADABLE}") from None


async def _collection_batches(
    pool: CopyingPool, collection: str, progress: ImportProgress
) -> AsyncIterator[list[DumpEntry]]:
    after = None if progress.position is None else json_util.loads(progress.position)
    number = progress.tally.read
    while documents := await pool.read_after(collection, after, BATCH):
        after = documents[-1]["_id"]
        yield [
            DumpEntry(number + at, json_util.dumps(document["_id"]), document)
            for at, document in enumerate(documents, start=1)
        ]
        number += len(documents)


def _name_of_source(options: argparse.Namespace) -> str:
    """What its progress is kept for: a file of another size is another dump.

    Raises:
        ConfigurationError: there is no such file, or no address of a database.
    """
    if options.file is not None:
        if not options.file.is_file():
            raise ConfigurationError(f"{options.file}: there is no such file")
        return f"{options.file.resolve()} {options.file.stat().st_size}"
    if not options.database or not os.environ.get(_SOURCE_URI):
        raise ConfigurationError(f"--collection needs --database and the server's address in {_SOURCE_URI}")
    if not os.environ[_SOURCE_URI].startswith(("mongodb://", "mongodb+srv://")):
        raise ConfigurationError(f"{_SOURCE_URI}: {_UNREADABLE}")
    where = blake2b(os.environ[_SOURCE_URI].encode(), digest_size=8).hexdigest()
    return f"{where} {options.database} {options.collection}"


def _tell_refused(number: int, reason: str) -> None:
    print(f"record {number}: {reason}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.tools.import_dump", description="Import another bot's collection of files."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("file", nargs="?", type=Path, help="JSON lines of mongoexport, or .bson, .bson.gz of mongodump")
    source.add_argument("--collection", help=f"read this collection of the server at {_SOURCE_URI} instead")
    parser.add_argument("--database", help="of --collection")
    parser.add_argument(
        "--field",
        type=_field,
        action="append",
        default=[],
        metavar="WHAT=NAME",
        help=f"the field that holds a part of a file; WHAT is one of {', '.join(FieldMap.names())}",
    )
    parser.add_argument("--dry-run", action="store_true", help="read and check everything, store nothing")
    return parser


def _field(text: str) -> tuple[str, str]:
    what, _, name = text.partition("=")
    if what not in FieldMap.names() or not name:
        raise argparse.ArgumentTypeError(f"expected WHAT=NAME, where WHAT is one of {', '.join(FieldMap.names())}")
    return what, name


if __name__ == "__main__":
    sys.exit(main())
