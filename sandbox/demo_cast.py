"""Who and what the demo's Telegram holds, and the library that its admin posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.demo_library import LibraryItem, load_library
from sandbox.picture import paint

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.world import World
    from sandbox.world.accounts import Account
    from sandbox.world.chats import Channel

BOT_TOKEN = "7000000001:the-demo-bot-of-the-local-telegram"
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class DemoCast:
    """Who and what the demo's Telegram holds."""

    bot: Account
    channel: Channel
    group: Channel
    admin: Account
    reader: Account
    premium: Account

    @property
    def people(self) -> dict[str, Account]:
        """By role, the ordinary reader first."""
        return {"reader": self.reader, "premium": self.premium, "admin": self.admin}


def build_cast(world: World) -> DemoCast:
    """Add the bot, its channel and group, and three people; the admin owns both chats, and knows the bot."""
    bot = world.add_bot(BOT_TOKEN, "File Filter Bot", "file_filter_demo_bot", inline_placeholder="Search the library")
    admin = world.add_user("Ada", username="demo_admin", phone="9996610001")
    reader = world.add_user("Rui", username="demo_reader", phone="9996610002")
    premium = world.add_user("Mia", username="demo_premium", phone="9996610003")
    channel = world.add_channel("Public Domain Library", creator=admin.id, username="demo_library", admins=[bot.id])
    members = [reader.id, premium.id, bot.id]
    group = world.add_group("Library Friends", creator=admin.id, username="demo_friends", members=members)
    bot.started.add(admin.id)
    bot.met.add(admin.id)
    return DemoCast(bot, channel, group, admin, reader, premium)


async def fill_library(container: Container, world: World, cast: DemoCast) -> int:
    """Post the library into the channel as its admin would, and wait until the bot has indexed it; number of files."""
    while not container.indexing.index_list.is_indexed(cast.channel.full_id):
        await container.clock.sleep(_POLL_S)
    items = load_library()
    for item in items:
        world.post(cast.channel.id, item.caption or "", author=cast.admin.id, file=_add_file(world, item))
        if container.indexing.queue.depth > 0:
            await container.clock.sleep(0)
    while await container.pool.count("media_files", {}) < len(items):
        await container.clock.sleep(_POLL_S)
    # What was counted at the start, before there was a file, would stand in /stats for an hour.
    await container.reports.statistics.count_kinds()
    return len(items)


def _add_file(world: World, item: LibraryItem) -> int:
    picture = paint(item.caption or item.file_name) if item.kind == "photo" else None
    return world.add_document(
        item.file_name, item.size, item.mime_type, kind=item.kind, duration=item.duration or 0, data=picture
    )
