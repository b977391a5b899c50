"""What tests of the gate say, press and look at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.seen import Seen
    from sandbox.world.callbacks import PressAnswer

AGAIN = "Try again"


async def refused(actor: Actor) -> Seen:
    """The message that asks to join something."""
    return await actor.wait_message(lambda seen: any(button.text == AGAIN for row in seen.buttons for button in row))


async def refused_search(actor: Actor, words: str) -> Seen:
    """Search, and be asked to join."""
    actor.say(words)
    return await refused(actor)


async def again(actor: Actor, refusal: Seen) -> PressAnswer:
    """Press "Try again"; what the bot answers to the press."""
    return await actor.press(refusal, AGAIN)


async def delivered(actor: Actor) -> Seen:
    """The next file."""
    return await actor.wait_message(lambda seen: seen.document is not None)


def asked(dc: DataCenter, since: int, user_id: int) -> int:
    """How often Telegram was asked whether a person is in a channel."""
    return sum(
        call.name == "channels.GetParticipant" and getattr(call.request.participant, "user_id", 0) == user_id
        for call in dc.recorder.since(since)
    )


async def until(bot: Container, holds: Callable[[], Awaitable[bool]], within_s: float = 5) -> None:
    """Return when something holds."""
    async with asyncio.timeout(within_s):
        while not await holds():
            await bot.clock.sleep(0.01)


async def knows(bot: Container, chat_id: int, user_id: int, letter: str | None) -> None:
    """Return when this process has been told what a person is in a chat."""

    async def told() -> bool:
        known = bot.subscribing.memberships._known.get((chat_id, user_id))
        return (known.value if known else None) == letter

    await until(bot, told)
