"""Taking over another bot's collection, batch by batch, as often as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.library_import import ImportTally, UnusableDumpError, UnusableRecordError
from core.errors import DatabaseFullError, DatabaseUnavailableError
from core.services.import_fields import FieldMap, file_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

    from core.clock import Clock
    from core.domain.indexing import BatchOutcome
    from core.domain.library_import import DumpEntry, FileIdentity
    from core.domain.media import NewMedia

    AddFiles = Callable[[Sequence[NewMedia]], Awaitable[BatchOutcome]]

_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


class LibraryImport:
    """Stores the files of a dump without sources: a file_id that Telegram refuses later marks its file dead.

    Files that are known stay as they are, so that importing a dump again, or a part of it, changes nothing.

    Args:
        add_files: stores a batch; adding it again is safe. None for a rehearsal that stores nothing.
        identify: as in `file_from`.
        tell_refused: told the number of every entry that is left out, and why.
    """

    def __init__(
        self,
        *,
        add_files: AddFiles | None,
        identify: Callable[[str, str | None], FileIdentity],
        names: FieldMap,
        tell_refused: Callable[[int, str], None],
        clock: Clock,
    ) -> None:
        self._add_files = add_files
        self._identify = identify
        self._names = names
        self._tell_refused = tell_refused
        self._clock = clock

    async def run(
        self,
        batches: AsyncIterable[Sequence[DumpEntry]],
        tally: ImportTally,
        stored: Callable[[str], Awaitable[None]],
    ) -> None:
        """Store everything that is left of a dump.

        Args:
            batches: entries in their order.
            tally: grows with every batch.
            stored: called with the position behind every batch once all of it is stored.

        Raises:
            UnusableDumpError: nothing was read before, and no entry of the first batch is a file.
            DatabaseUnavailableError: the databases stayed away for a minute, or none has room; go on later.
        """
        async for entries in batches:
            is_first = tally.read == 0
            files = self._files_of(entries, tally)
            if is_first and not files:
                raise UnusableDumpError(f"none of the first {len(entries)} records is a file: {_reasons(tally)}")
            tally.read += len(entries)
            if self._add_files is not None:
                self._count(tally, await self._store(self._add_files, list(files.values())), files)
            await stored(entries[-1].position)

    def _files_of(self, entries: Sequence[DumpEntry], tally: ImportTally) -> dict[int, NewMedia]:
        """The files of the entries that have one, by number; the others are told."""
        files: dict[int, NewMedia] = {}
        for entry in entries:
            try:
                files[entry.number] = file_from(entry.fields, self._names, self._identify)
            except UnusableRecordError as error:
                self._refuse(tally, entry.number, str(error))
        return files

    async def _store(self, add_files: AddFiles, files: Sequence[NewMedia]) -> BatchOutcome:
        """Store a batch, patiently."""
        for pause_s in _PAUSES_S:
            try:
                return await add_files(files)
            except DatabaseFullError:
                raise
            except DatabaseUnavailableError:
                await self._clock.sleep(pause_s)
        return await add_files(files)

    def _count(self, tally: ImportTally, outcome: BatchOutcome, files: dict[int, NewMedia]) -> None:
        tally.new += outcome.new
        tally.known += outcome.known
        numbers = {media.unique_id: number for number, media in files.items()}
        for media, reason in outcome.rejected:
            self._refuse(tally, numbers[media.unique_id], reason)
        left_out = len(files) - outcome.new - outcome.known - len(outcome.rejected)
        for _ in range(left_out):
            tally.refuse("taken_down")

    def _refuse(self, tally: ImportTally, number: int, reason: str) -> None:
        tally.refuse(reason)
        self._tell_refused(number, reason)


def _reasons(tally: ImportTally) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(tally.refused.items())) or "it is empty"
