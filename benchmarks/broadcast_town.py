"""People of a local Telegram around one bot: thousands who are written to, and some who search and fetch."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

from benchmarks.load import PATIENCE_S, WINDOW
from handlers.buttons import FetchFile
from sandbox.actor import Actor
from sandbox.world.message_box import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load import Load
    from sandbox.seen import Seen
    from sandbox.world.delivery import Happening, Observer

_LOOKS_S = (14.0, 26.0)  # how long a person looks at a page, or at a file, before the next step
_ANSWER_S = 30.0
_PAGE, _FILE = "search", "file"


class Town:
    """Everybody who has started the bot, and what it sent them.

    Attributes:
        people: ids of all of them, the admin included.
        sent: when each message of the bot arrived, by `time.perf_counter`.
    """

    def __init__(self, load: Load, people: int) -> None:
        self._load = load
        further = people - len(load.readers) - 1
        joined = [load.world.add_user(f"Person {n}").id for n in range(max(0, further))]
        self.people = [load.admin.id, *load.readers, *joined][:people]
        self.sent: list[float] = []
        self._awaited = ""
        self._copies: dict[int, list[float]] = {}
        self._first: dict[int, asyncio.Future[None]] = {}
        for person in self.people:
            load.world.observe(person, self._observer(person))

    async def join(self) -> None:
        """Let everybody start the bot, which greets them."""
        left = iter(self.people)

        async def work() -> None:
            for person in left:
                greeted = self._first[person] = asyncio.get_running_loop().create_future()
                self._load.world.says(person, self._load.bot.id, "/start")
                async with asyncio.timeout(PATIENCE_S):
                    await greeted

        async with asyncio.TaskGroup() as group:
            for _ in range(WINDOW):
                group.create_task(work())

    def expect(self, text: str) -> None:
        """Count from now on who gets messages of this text, and everything the bot sends."""
        self._awaited = text
        self._copies = {person: [] for person in self.people}
        self.sent = []

    @property
    def reached(self) -> int:
        """How many have the expected message."""
        return sum(bool(times) for times in self._copies.values())

    @property
    def copies(self) -> list[int]:
        """How often each person has it."""
        return [len(times) for times in self._copies.values()]

    @property
    def arrivals(self) -> list[float]:
        """When copies arrived, in order."""
        return sorted(at for times in self._copies.values() for at in times)

    def _observer(self, person: int) -> Observer:
        def observe(happening: Happening) -> None:
            message = happening.message
            if message is None or happening.kind is not EventKind.NEW or message.body.sender_id != self._load.bot.id:
                return
            now = time.perf_counter()
            self.sent.append(now)
            if self._awaited and message.body.text == self._awaited and person in self._copies:
                self._copies[person].append(now)
            greeted = self._first.pop(person, None)
            if greeted is not None and not greeted.done():
                greeted.set_result(None)

        return observe


class Readers:
    """People who search, look at what was found, fetch a file, look at it, and so on.

    Attributes:
        waits_s: (what, seconds) from a "search" to its page and from a press to the "file", in order.
        unanswered: steps without an answer within half a minute.
    """

    def __init__(self, load: Load, count: int, queries: Sequence[str]) -> None:
        self._actors = [Actor(load.world, reader, load.bot.id) for reader in load.readers[:count]]
        self._queries = queries
        self._random = random.Random(1895)
        self.waits_s: list[tuple[str, float]] = []
        self.unanswered = 0

    async def live(self) -> None:
        """Go on until cancelled; they do not start all at once."""
        async with asyncio.TaskGroup() as group:
            for actor in self._actors:
                group.create_task(self._live(actor))

    async def _live(self, actor: Actor) -> None:
        await asyncio.sleep(self._random.uniform(0, _LOOKS_S[1]))
        while True:
            page = await self._search(actor)
            await self._look()
            if page is not None:
                await self._fetch(actor, page)
                await self._look()

    async def _search(self, actor: Actor) -> Seen | None:
        started = time.perf_counter()
        actor.say(self._random.choice(self._queries))
        return await self._answer(actor, started, files=False)

    async def _fetch(self, actor: Actor, page: Seen) -> None:
        offered = [button.data for row in page.buttons for button in row if FetchFile.matches(button.data)]
        started = time.perf_counter()
        pressing = asyncio.create_task(actor.press(page, data=self._random.choice(offered)))
        await self._answer(actor, started, files=True)
        await pressing

    async def _answer(self, actor: Actor, started: float, *, files: bool) -> Seen | None:
        """Wait for a page, or for a file."""
        try:
            seen = await actor.wait_message(
                lambda seen: seen.document is not None if files else bool(_files_of(seen)), timeout=_ANSWER_S
            )
        except TimeoutError:
            self.unanswered += 1
            self.waits_s.append((_FILE if files else _PAGE, _ANSWER_S))
            return None
        self.waits_s.append((_FILE if files else _PAGE, time.perf_counter() - started))
        return seen

    async def _look(self) -> None:
        await asyncio.sleep(self._random.uniform(*_LOOKS_S))


def _files_of(seen: Seen) -> list[bytes]:
    return [button.data for row in seen.buttons for button in row if button.data and FetchFile.matches(button.data)]
