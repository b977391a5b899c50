"""Commands of many callers in one round trip."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from core.clock import Clock


@dataclass(slots=True, eq=False)
class _Entry:
    command: tuple[Any, ...]
    answer: asyncio.Future[Any]


class CommandBatch:
    """Sends what callers want at the same moment as one pipeline; one pipeline is under way at a time.

    The caller whose turn it is makes the round trip for everybody who is waiting by then, and those find their answer
    when their turn comes. So a quiet bot sends every command at once, and a busy one pays for a system call per batch
    instead of one per command. No task is needed, and none is left behind.

    Args:
        client: answers bytes.
    """

    def __init__(self, client: Redis, clock: Clock) -> None:
        self._client: Any = client
        self._clock = clock
        self._waiting: list[_Entry] = []
        self._turn = asyncio.Lock()

    async def execute(self, *command: Any) -> Any:
        """Send one command and return its answer.

        A caller that is cancelled while it waits does not take its command back.

        Raises:
            RedisError: the server refused this command, or the round trip that carried it failed.
        """
        return (await self.execute_all((command,)))[0]

    async def execute_all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send several commands in one round trip and return their answers; as `execute` for the first that fails."""
        loop = asyncio.get_running_loop()
        entries = [_Entry(command, loop.create_future()) for command in commands]
        self._waiting.extend(entries)
        async with self._turn:
            if entries and not entries[-1].answer.done():
                await self._clock.sleep(0)  # whoever is ready in this turn of the loop comes along
                await self._round_trip()
        return [entry.answer.result() for entry in entries]

    async def _round_trip(self) -> None:
        batch, self._waiting = self._waiting, []
        pipeline = self._client.pipeline(transaction=False)
        for entry in batch:
            pipeline.execute_command(*entry.command)
        answers: list[Any] = [RedisConnectionError("the round trip was given up")] * len(batch)
        try:
            answers = await pipeline.execute(raise_on_error=False)
        except (OSError, RedisError) as error:
            answers = [error] * len(batch)
        finally:
            for entry, answer in zip(batch, answers, strict=True):
                _settle(entry.answer, answer)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if isinstance(answer, Exception):
        future.set_exception(answer)
        future.exception()  # whoever asked may have gone; who has not raises it from the result
    else:
        future.set_result(answer)
