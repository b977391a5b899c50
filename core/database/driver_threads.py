"""Threads for the driver, which blocks one for every operation under way."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

P = ParamSpec("P")
T = TypeVar("T")

THREADS_PER_DATABASE = 32

_asked: ContextVar[ThreadPoolExecutor] = ContextVar("threads of the database being asked")


class DatabaseThreads:
    """The threads of one database: one that stands still can take all of its own, and none of another's.

    Threads are made when they are needed. Operations beyond their number wait, within their deadlines.
    """

    def __init__(self, number: int) -> None:
        self._threads = ThreadPoolExecutor(THREADS_PER_DATABASE, thread_name_prefix=f"database-{number}")

    def use(self) -> None:
        """What this task asks of a driver from now on is done by these threads."""
        _asked.set(self._threads)


class DriverThreads(Executor):
    """Stands in for the one executor that the driver shares among all of its clients; it has no threads to end."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand work to the threads of the database that the calling task is asking."""
        return _asked.get().submit(fn, *args, **kwargs)
