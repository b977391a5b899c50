"""What a pyrofork client hands to its handlers, one queue a kind."""

from __future__ import annotations

import asyncio


async def arrivals(client, handler_class, *conditions, group=0):
    """A queue of everything the client's dispatcher hands to a handler of this class."""
    queue = asyncio.Queue()

    async def handle(_client, update):
        queue.put_nowait(update)

    condition = conditions[0] if conditions else None
    handler = handler_class(handle, condition) if condition else handler_class(handle)
    client.dispatcher.groups.setdefault(group, []).append(handler)
    return queue


async def got(queue):
    async with asyncio.timeout(10):
        return await queue.get()
