"""Channels with a past, and naming their posts to the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.actor import Actor
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from sandbox.world.message_box import Message

QUICK = {"BACKFILL_BLOCK_SIZE": "10", "BACKFILL_PROGRESS_S": "0.1"}
"""Small blocks and lively progress."""


def fill(owner: Actor, channel: Channel, count: int, name: str = "Old") -> list[Message]:
    return [owner.post_file(channel.id, f"{name} {n}.mkv", 1000 + n) for n in range(count)]


def forward(world: World, person: Actor, post: Message) -> None:
    """Send the bot somebody's post, with the header that Telegram puts on it."""
    [draft] = world.sharing.forwarded([post])
    world.write(person.user_id, world.accounts[person.bot_id], draft)


def link(channel: Channel, post: Message) -> str:
    return f"https://t.me/c/{channel.id}/{post.id}"
