"""Filling the test channel, and waiting until the bot has indexed what was posted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.world.message_box import Message
    from tests.e2e.conftest import Cast


async def post_files(
    bot: Container, owner: Actor, cast: Cast, names: Sequence[str], *, caption: str = ""
) -> list[Message]:
    """Post files and return when all of them can be found."""
    before = await bot.pool.count("media_files", {})
    posts = [owner.post_file(cast.channel.id, name, 1000 + n, caption=caption) for n, name in enumerate(names)]
    await indexed(bot, before + len(names))
    return posts


async def indexed(bot: Container, count: int) -> None:
    """Return when the library holds at least `count` files, and the bot has done with all that was posted.

    It learns the words of a file, and counts it, a moment after the file is there.
    """
    async with asyncio.timeout(10):
        while await bot.pool.count("media_files", {}) < count:
            await bot.clock.sleep(0.01)
        while bot.indexing.queue.depth or not bot.dictionary.is_loaded:
            await bot.clock.sleep(0.01)


async def names_read(bot: Container, count: int) -> None:
    """Return when at least `count` records say what the names of their files say of releases."""
    async with asyncio.timeout(20):
        while await bot.pool.count("media_files", {"m": {"$exists": True}}) < count:
            await bot.clock.sleep(0.01)
