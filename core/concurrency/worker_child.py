"""What runs inside a worker process: calls read from standard input, their outcomes written to standard output.

Started by `core.concurrency.worker_process` alone. It imports nothing but what it is asked to call. Its standard input
ends when the process that started it ends in whatever way, and the worker ends with it, after its call when it is busy.
A call that does not end is ended by an alarm, which needs nobody to be alive and no thread of Python to run.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from types import TracebackType

LENGTH = struct.Struct(">Q")
"""Before every message: how many bytes it has."""
_NICENESS = 10


def pack_message(value: object) -> bytes:
    """A value as it travels."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def unpack_body(body: bytes) -> Any:
    """The value of a message without its length."""
    return pickle.loads(body)  # noqa: S301 - both ends are this program


def main(longest_s: int) -> None:
    """Answer calls, with little claim to the processor, until nobody asks, or one raises or takes `longest_s`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to everybody; the parent decides
    os.nice(_NICENESS)
    outcomes = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a function prints must not stand between the outcomes
    sys.excepthook = partial(_pass_on, outcomes)
    while (body := _next_body(sys.stdin.buffer)) is not None:
        signal.alarm(longest_s)
        function, argument = unpack_body(body)
        _send(outcomes, returned=True, value=function(argument))
        signal.alarm(0)


def _next_body(calls: BinaryIO) -> bytes | None:
    """The next call, None when there will be none."""
    head = calls.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = calls.read(length)
    return body if len(body) == length else None


def _pass_on(outcomes: BinaryIO, _: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """Let the caller raise what ends this process."""
    if isinstance(error, Exception) and not isinstance(error, BrokenPipeError):
        _send(outcomes, returned=False, value=error)


def _send(outcomes: BinaryIO, *, returned: bool, value: object) -> None:
    outcomes.write(pack_message((returned, value)))
    outcomes.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
