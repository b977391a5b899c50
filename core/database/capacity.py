"""How much room a database has, although its server says so late; pure arithmetic.

`dataSize` of a server is exact at once. `indexSize` is what its last checkpoint wrote, and a checkpoint comes once a
minute: 2,000 files after an empty start it still reads 16 kB of what will be 1 MB. So the pages of what was inserted
since shortly before a reading are added by estimate. And a checkpoint writes every changed page anew before it frees
the old one, so that an index file grows to at most twice its live pages, however few files are inserted:

    room = limit - data - data inserted since the reading - reserved
           - max(index, 2 x (live index + index of what was inserted since 65 s before the reading))

Measured on mongod 6.0, bytes of index a file; "compact" is after one checkpoint for all, "rewritten" after a thousand
more files, which touch every page:

    names                         words a file   live, compact   file, rewritten   rewritten : live
    skewed like real ones                 11.2             486               776               1.60
    all words random                      16.0             780              1436               1.86
    all words random, forty a file        40.0            1802              3386               1.94

The estimate of live pages is that of the worst names, 44 bytes a word and 90 a file beside them; for real names it is
a fifth too high, for a minute.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.database import DatabaseSize

INDEX_BYTES_A_WORD = 44
INDEX_BYTES_A_FILE = 90
REWRITTEN = 2.0
LAG_S = 65.0

_USUAL_DATA_BYTES = 330
_USUAL_INDEX_BYTES = 580
_LARGEST_INDEX_BYTES = 40 * INDEX_BYTES_A_WORD + INDEX_BYTES_A_FILE
_ENOUGH_FILES = 1_000


@dataclass(frozen=True, slots=True)
class WriteLoad:
    """What an insert will take.

    Attributes:
        data_bytes: documents as BSON, exact.
        index_bytes: estimate of live pages of the indexes.
    """

    files: int
    data_bytes: int
    index_bytes: int

    @property
    def bytes(self) -> int:
        """What has to be free for it."""
        return self.data_bytes + int(self.index_bytes * REWRITTEN)


def index_bytes(files: int, words: int) -> int:
    """Estimate of what `files` with `words` words in all add to the live pages of the indexes."""
    return files * INDEX_BYTES_A_FILE + words * INDEX_BYTES_A_WORD


def usual_load(files: int) -> WriteLoad:
    """The load of files of which only the number is known."""
    return WriteLoad(files, files * _USUAL_DATA_BYTES, files * _USUAL_INDEX_BYTES)


@dataclass(slots=True)
class _Second:
    """What was inserted within one second; `at` is its beginning."""

    at: float
    files: int = 0
    index_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Reading:
    size: DatabaseSize
    begun_at: float
    unseen_index_bytes: float


class SpaceLedger:
    """What one database holds, by its last reading and by what this process has inserted since.

    Whoever inserts reserves first and settles by `charge` or `release`; there is no wait in between, so two tasks never
    count on the same room. `now` is monotonic and never goes back between calls.
    """

    def __init__(self) -> None:
        self._reading: _Reading | None = None
        self._reserved = 0
        self._charged_data = 0
        self._charged_before_reading = 0
        self._seconds: deque[_Second] = deque()

    @property
    def size(self) -> DatabaseSize | None:
        """The last reading; None when there was none."""
        return self._reading.size if self._reading is not None else None

    @property
    def read_at(self) -> float | None:
        """When the last reading was begun."""
        return self._reading.begun_at if self._reading is not None else None

    @property
    def charged_since_reading(self) -> int:
        """Bytes of documents inserted since the last reading was begun."""
        return self._charged_data - self._charged_before_reading

    def mark(self) -> int:
        """To be called before a reading is begun, and handed to `measured`."""
        return self._charged_data

    def measured(self, mark: int, size: DatabaseSize, recent_files: int, begun_at: float) -> None:
        """Take in a reading.

        Args:
            mark: what `mark` returned before the reading was begun.
            size: the reading.
            recent_files: files that any process inserted since `LAG_S` before the reading: their part of the indexes
                may not show in it.
            begun_at: monotonic.
        """
        self._forget_before(begun_at - LAG_S)
        strangers = max(0, recent_files - sum(second.files for second in self._seconds))
        self._reading = _Reading(size, begun_at, strangers * _index_bytes_a_file(size, recent_files))
        self._charged_before_reading = mark

    def reserve(self, load: WriteLoad) -> None:
        """Take room for an insert that is about to be made."""
        self._reserved += load.bytes

    def release(self, load: WriteLoad) -> None:
        """Give back a reservation of which nothing was inserted."""
        self._reserved -= load.bytes

    def charge(self, reserved: WriteLoad, stored: WriteLoad, now: float) -> None:
        """Turn a reservation into what was, or may have been, inserted."""
        self._reserved -= reserved.bytes
        self._charged_data += stored.data_bytes
        if not self._seconds or now - self._seconds[-1].at >= 1.0:
            self._forget_before((self.read_at if self.read_at is not None else now) - LAG_S)
            self._seconds.append(_Second(now))
        self._seconds[-1].files += stored.files
        self._seconds[-1].index_bytes += stored.index_bytes

    def used(self) -> int:
        """Bytes that are taken or may be, reservations included; 0 before the first reading."""
        if self._reading is None:
            return 0
        size = self._reading.size
        own_index = sum(second.index_bytes for second in self._seconds)
        live = size.index_bytes - size.index_free_bytes + own_index + self._reading.unseen_index_bytes
        index = max(size.index_bytes, int(live * REWRITTEN))
        return size.data_bytes + self.charged_since_reading + self._reserved + index

    def _forget_before(self, moment: float) -> None:
        """Drop what the indexes of a reading show; a second that has only partly passed counts in full."""
        while self._seconds and self._seconds[0].at + 1.0 < moment:
            self._seconds.popleft()


def _index_bytes_a_file(size: DatabaseSize, recent_files: int) -> float:
    """The average of the files that the indexes of a reading show, where there are enough for one."""
    settled = size.files - recent_files
    if settled < _ENOUGH_FILES:
        return _USUAL_INDEX_BYTES
    live = size.index_bytes - size.index_free_bytes
    return min(_LARGEST_INDEX_BYTES, max(INDEX_BYTES_A_FILE, live / settled))
