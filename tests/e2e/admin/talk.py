"""Talking to the bot as its admin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pyrogram.file_id import FileUniqueId, FileUniqueType

from tests.fixtures.waiting import until as until_true

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.seen import Seen
    from sandbox.world.message_box import Message


async def ask(actor: Actor, text: str, *, reply_to: Message | None = None) -> str:
    """Send a command in private chat; what the bot answers."""
    return (await ask_seen(actor, text, reply_to=reply_to)).text


async def ask_seen(actor: Actor, text: str, *, reply_to: Message | None = None) -> Seen:
    """As `ask`; the whole message."""
    actor.say(text, reply_to=reply_to)
    return await actor.wait_message(lambda seen: seen.sender_id == seen.chat_id == actor.bot_id)


def unique_id(post: Message) -> str:
    """Telegram's unique id of the file of a post."""
    file = post.body.file
    assert file is not None
    return str(FileUniqueId(file_unique_type=FileUniqueType.DOCUMENT, media_id=file.id).encode())


async def names(bot: Container) -> list[str]:
    """Names of all files in all databases, sorted."""
    found = [file for pool in bot.databases.databases for file in await pool.find("media_files", {})]
    return sorted(file["n"] for file in found)


async def audited(bot: Container) -> list[tuple[int, str]]:
    """Who did what, oldest first."""
    entries = await bot.pool.find("audit_log", {}, sort=[("at", 1), ("_id", 1)])
    return [(entry["admin"], entry["action"]) for entry in entries]


async def in_step(bot: Container, channel_id: int) -> None:
    """Return when nothing of a channel is looked for any more, so that no look of the bot's own comes between."""
    await until_true(lambda: bot.indexing.index_list.steady_pts(channel_id) is not None)


async def night_is_over(bot: Container) -> None:
    """Return when the work of the day is done, which begins with the bot."""
    async with asyncio.timeout(20):
        while await bot.pool.find_one("maintenance", {"_id": "daily"}) is None:
            await bot.clock.sleep(0.01)


async def until(bot: Container, wanted: list[str]) -> None:
    """Return when the library holds exactly these names."""
    found: list[str] = []
    try:
        async with asyncio.timeout(10):
            while (found := await names(bot)) != wanted:
                await bot.clock.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"wanted {wanted}, found {found}") from None
