"""What tests of indexing move and look at, in one piece."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.owner import Owner
from tests.e2e.channel_truth import Library, posts_of
from tests.e2e.past import QUICK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from sandbox.world.message_box import Message
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@dataclass(frozen=True, slots=True)
class Stage:
    """A bot that may run, its Telegram, and who drives them.

    Attributes:
        owner: Bob's other hand: albums, rights, deletions that bots are not told of.
        library: the stored files, read past the bot.
        old: a channel full of posts that the bot may read and was never told of.
    """

    setup: BotSetup
    world: World
    dc: DataCenter
    cast: Cast
    ann: Actor
    bob: Actor
    owner: Owner
    library: Library
    old: Channel

    @classmethod
    @contextmanager
    def over(cls, setup: BotSetup, world: World, dc: DataCenter, cast: Cast, ann: Actor, bob: Actor) -> Iterator[Stage]:
        """Everything together; the library is read until the end of the block."""
        library = Library(setup.environ["DATABASE_URI"], setup.environ["DATABASE_NAME"])
        old = world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id])
        try:
            yield cls(setup, world, dc, cast, ann, bob, Owner(world, cast.bob.id, cast.bot.id), library, old)
        finally:
            library.close()

    @property
    def channel(self) -> Channel:
        """The channel of the index list."""
        return self.cast.channel

    @property
    def posts(self) -> Mapping[tuple[int, int], tuple[str, str | None]]:
        """What that channel holds, as `posts_of` gives it."""
        return posts_of(self.world, self.cast.channel)

    def post(self, name: str, size: int = 1) -> Message:
        """Post a file there."""
        return self.bob.post_file(self.channel.id, name, size)

    async def is_in_step(self) -> None:
        """Return when the library holds what the channel holds."""
        await self.library.equals(self.posts)

    @asynccontextmanager
    async def running(self, **changes: str) -> AsyncIterator[Container]:
        """The bot in this process, with small blocks and lively progress."""
        async with self.setup.running(**QUICK | changes) as bot:
            yield bot
