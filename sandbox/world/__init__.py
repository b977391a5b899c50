"""What the local Telegram holds: accounts, chats, messages and files, in memory."""

from sandbox.world.delivery import UpdateSink
from sandbox.world.world import World

__all__ = ["UpdateSink", "World"]
