"""How much room a database has, although its server says so late; pure arithmetic.

`dataSize` of a server is exact at once. `indexSize` is what its last checkpoint wrote, and a checkpoint comes once a
minute: 2,000 files after an empty start it still reads 16 kB of what will be 1.2 MB. So what was inserted since shortly
before a reading is added by estimate:

    room = limit - data - index - reserved
           - data inserted since the reading - 1.5 x index of what was inserted since 65 s before the reading

Measured on mongod 6.0 with 50,000 files of 200-file inserts, bytes of indexes when a checkpoint has written them:

    names                       words a file   bytes a word   bytes a file beside words   (checkpoints)
    skewed like real ones               11.2             49                         189   every 5,000 files
    skewed like real ones               11.2             36                         138   every 50,000 files
    all words random                    16.0             74                         191   every 5,000 files

A checkpoint writes every changed page anew before it frees the old one, which is why frequent ones make larger files.
The constants are those of the first line; times 1.5 they cover the last one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.database import DatabaseSize

INDEX_BYTES_A_WORD = 49
INDEX_BYTES_A_FILE = 190
INDEX_MARGIN = 1.5
LAG_S = 65.0

_USUAL_DATA_BYTES = 330
_USUAL_INDEX_BYTES = 740
_LARGEST_INDEX_BYTES = 40 * INDEX_BYTES_A_WORD + INDEX_BYTES_A_FILE
_ENOUGH_FILES = 1_000


@dataclass(frozen=True, slots=True)
class WriteLoad:
    """What an insert will take.

    Attributes:
        data_bytes: documents as BSON, exact.
        index_bytes: estimate for indexes, without the margin.
    """

    files: int
    data_bytes: int
    index_bytes: int

    @property
    def bytes(self) -> int:
        """What has to be free for it, margin included."""
        return self.data_bytes + int(self.index_bytes * INDEX_MARGIN)


def index_bytes(files: int, words: int) -> int:
    """Estimate of what `files` with `words` words in all add to the indexes."""
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
        unseen = (own_index + self._reading.unseen_index_bytes) * INDEX_MARGIN
        return size.data_bytes + size.index_bytes + self.charged_since_reading + self._reserved + int(unseen)

    def _forget_before(self, moment: float) -> None:
        """Drop what the indexes of a reading show; a second that has only partly passed counts in full."""
        while self._seconds and self._seconds[0].at + 1.0 < moment:
            self._seconds.popleft()


def _index_bytes_a_file(size: DatabaseSize, recent_files: int) -> float:
    """The average of the files that the indexes of a reading show, where there are enough for one."""
    settled = size.files - recent_files
    if settled < _ENOUGH_FILES:
        return _USUAL_INDEX_BYTES
    return min(_LARGEST_INDEX_BYTES, max(INDEX_BYTES_A_FILE, size.index_bytes / settled))
