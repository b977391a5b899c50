"""What an index of a channel has to hold, and whether it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pymongo

from core.clock import Clock

if TYPE_CHECKING:
    from sandbox.world import World
    from sandbox.world.chats import Channel

Posts = dict[tuple[int, int], tuple[str, str | None]]
"""(name, caption) of the file of every post, by channel and message id."""


def posts_of(world: World, channel: Channel) -> Posts:
    """The channel as a reader sees it now."""
    return {
        (channel.full_id, message.id): (message.body.file.name, message.body.text or None)
        for message in world.channels[channel.id].history
        if message.body.file is not None
    }


class Library:
    """The stored files, read past the bot."""

    def __init__(self, uri: str, database: str) -> None:
        self._client = pymongo.MongoClient[dict[str, Any]](uri)
        self._database = self._client[database]

    def close(self) -> None:
        self._client.close()

    def posts(self) -> Posts:
        """What is stored, by post; fails when two files claim one post."""
        found: Posts = {}
        for document in self._database["media_files"].find():
            for source in document["src"]:
                key = (source["ch"], source["mi"])
                assert key not in found, f"{key} is stored twice"
                found[key] = (document["n"], document.get("c"))
        return found

    def count(self) -> int:
        """Records."""
        return self._database["media_files"].count_documents({})

    def counted_today(self) -> int:
        """What the day's statistics say was indexed, by all processes together."""
        days = self._database["daily_statistics"].find()
        return sum(part.get("files_indexed", 0) for day in days for part in day.get("parts", {}).values())

    async def equals(self, expected: Posts, within_s: float = 20) -> None:
        """Wait until exactly these posts are stored."""
        try:
            async with asyncio.timeout(within_s):
                while self.posts() != expected:
                    await Clock().sleep(0.05)
        except TimeoutError:
            stored = self.posts()
            differing = {key for key in stored.keys() & expected.keys() if stored[key] != expected[key]}
            raise AssertionError(
                f"missing {sorted(expected.keys() - stored.keys())}, "
                f"too many {sorted(stored.keys() - expected.keys())}, "
                f"different {[(stored[key], expected[key]) for key in sorted(differing)]}"
            ) from None
