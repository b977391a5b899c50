"""Very many people who started the bot long ago, and what they got of a broadcast."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.world.message_box import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from sandbox.actor import Actor, Seen
    from sandbox.world import World
    from sandbox.world.delivery import Happening
    from sandbox.world.message_box import Message
    from tests.e2e.conftest import Cast

FIRST_ID = 910_000_000


class Crowd:
    """People of the local Telegram whom the bot's database knows."""

    def __init__(self, world: World, cast: Cast, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._world = world
        self._bot = cast.bot
        self._pool = pool
        self._clock = clock
        self._arrived = asyncio.Event()
        self._got: dict[str, defaultdict[int, list[Message]]] = {}
        self.order: list[str] = []
        self.ids: list[int] = []

    async def join(self, count: int, *, started: bool = True, **fields: object) -> list[int]:
        """Let so many people have been here before; returns their ids, ascending."""
        first = FIRST_ID + len(self.ids)
        ids = list(range(first, first + count))
        for user_id in ids:
            self._world.add_user(f"Reader {user_id - FIRST_ID}", user_id=user_id)
            self._world.observe(user_id, partial(self._note, user_id))
            if started:
                self._bot.started.add(user_id)
        await self._pool.insert_many("users", [{"_id": user_id, "first_name": "Reader", **fields} for user_id in ids])
        self.ids += ids
        return ids

    def block(self, user_id: int) -> None:
        """Let a person block the bot, of which it is not told."""
        self._world.accounts[user_id].blocked.add(self._bot.id)

    def copies(self, text: str, user_ids: Iterable[int] | None = None) -> Counter[int]:
        """By how many copies of `text` people got: how many people."""
        return Counter(len(self.got(user_id, text)) for user_id in user_ids or self.ids)

    def got(self, user_id: int, text: str) -> list[Message]:
        """The messages of this text that reached a person."""
        return self._got[text][user_id] if text in self._got else []

    def reached(self, text: str) -> int:
        """How many people have the text."""
        return len(self._got.get(text, ()))

    async def reach(self, text: str, count: int, timeout_s: float = 20) -> None:
        """Return as soon as so many have the text."""
        async with asyncio.timeout(timeout_s):
            while self.reached(text) < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def record(self, state: str, timeout_s: float = 20) -> Document:
        """The newest broadcast's document, once it is in this state and, when over, told."""
        async with asyncio.timeout(timeout_s):
            while True:
                found = await self._pool.find_one("broadcasts", {}, sort=[("created_at", -1)])
                if found and found["state"] == state and (found["told"] or state not in {"done", "stopped"}):
                    return found
                await self._clock.sleep(0.01)

    def _note(self, user_id: int, happening: Happening) -> None:
        message = happening.message
        if happening.kind is not EventKind.NEW or message is None or message.body.sender_id != self._bot.id:
            return
        self._got.setdefault(message.body.text, defaultdict(list))[user_id].append(message)
        self.order.append(message.body.text)
        self._arrived.set()


async def ask(admin: Actor, text: str, command: str = "/broadcast") -> Seen:
    """Show a text as a broadcast; returns the question."""
    admin.say(command, reply_to=admin.say(text))
    await admin.wait_message(lambda seen: seen.text == text)
    return await admin.wait_message(containing="This is how it looks")


async def start(admin: Actor, text: str, command: str = "/broadcast") -> Seen:
    """Show and confirm; returns the message that shows the progress."""
    question = await ask(admin, text, command)
    await admin.press(question, "Send it")
    return question


def says(text: str) -> Callable[[Any], bool]:
    """Whether a request writes exactly this text."""
    return lambda request: bool(request.message == text)
