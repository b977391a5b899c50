"""Losing the database while the bot is in the middle of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault

if TYPE_CHECKING:
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.seen import Seen
    from sandbox.stores import InMemoryStores


async def lose_database_under_send_all(dc: DataCenter, stores: InMemoryStores, reader: Actor, page: Seen) -> None:
    """Press `Send all`, and lose the database between its progress message and its first file."""
    progress = dc.faults.add(Fault("messages.SendMessage", action="hold"))
    await reader.press(page, "Send all")
    await progress.held()
    stores.database_down = True
    progress.release()
