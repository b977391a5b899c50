"""What clients have called, for tests to look at and to wait for."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call as it arrived.

    Attributes:
        index: how many calls were recorded before it, forgotten ones included.
        user_id: the account that called; None before login.
        name: TL name, "messages.SendMessage".
        request: the pyrogram.raw object without its invoke* wrappers.
    """

    index: int
    user_id: int | None
    name: str
    request: Any


class Recorder:
    """Keeps the last 200,000 calls.

    Args:
        recording: False keeps nothing, for benchmarks.
    """

    def __init__(self, *, recording: bool = True) -> None:
        self.recording = recording
        self._calls: deque[RecordedCall] = deque(maxlen=_MAX_CALLS)
        self._count = 0
        self._waiting: dict[str, set[asyncio.Queue[RecordedCall]]] = {}

    @property
    def calls(self) -> list[RecordedCall]:
        """A copy of what is kept, oldest first."""
        return list(self._calls)

    def record(self, user_id: int | None, name: str, request: Any) -> None:
        """Keep one call and wake those who wait for its name."""
        if not self.recording:
            return
        call = RecordedCall(self._count, user_id, name, request)
        self._count += 1
        self._calls.append(call)
        for arrivals in self._waiting.get(name, ()):
            arrivals.put_nowait(call)

    def mark(self) -> int:
        """The index that the next call will have; give it to `wait_call` or `since` to leave out the past."""
        return self._count

    def since(self, mark: int) -> list[RecordedCall]:
        """Calls with an index of `mark` and above, oldest first; takes time by their number, not by the past's."""
        recent = []
        for call in reversed(self._calls):
            if call.index < mark:
                break
            recent.append(call)
        return recent[::-1]

    async def wait_call(
        self,
        name: str,
        predicate: Callable[[Any], bool] = lambda _request: True,
        timeout: float = 10,  # noqa: ASYNC109  (the caller names a bound, not a scope)
        since: int = 0,
        user_id: int | None = None,
    ) -> Any:
        """The request of the first call that fits, as soon as there is one.

        Args:
            name: TL name of the call.
            predicate: further condition on the request.
            timeout: seconds of real time.
            since: a mark; earlier calls do not count.
            user_id: only calls of this account; None for anybody's.

        Raises:
            TimeoutError: none came; the message lists what did.
            RuntimeError: recording is switched off.
        """
        if not self.recording:
            raise RuntimeError("calls are not recorded here, so none can be waited for")
        arrivals: asyncio.Queue[RecordedCall] = asyncio.Queue()
        for call in self.since(since):
            if call.name == name:
                arrivals.put_nowait(call)
        self._waiting.setdefault(name, set()).add(arrivals)
        try:
            async with asyncio.timeout(timeout):
                while True:
                    call = await arrivals.get()
                    if user_id in (None, call.user_id) and predicate(call.request):
                        return call.request
        except TimeoutError:
            seen = [call.name for call in self.since(since)][-50:]
            raise TimeoutError(f"no {name} within {timeout} s; the last calls were {seen}") from None
        finally:
            self._waiting[name].discard(arrivals)
