"""A public channel that readers have to be in; Ann is not, and Cleo neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.actor import Actor
from sandbox.owner import Owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from core.container import Container
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@pytest.fixture
def owner(world: World, cast: Cast) -> Owner:
    """Bob, with his channels."""
    return Owner(world, cast.bob.id, cast.bot.id)


@pytest.fixture
def news(world: World, cast: Cast) -> Channel:
    """The channel that has to be joined."""
    return world.add_channel("News", creator=cast.bob.id, username="news_box", admins=[cast.bot.id])


@pytest.fixture
def cleo(world: World, cast: Cast) -> Iterator[Actor]:
    """Somebody else who reads."""
    account = world.add_user("Cleo", phone="9996623333")
    world.says(account.id, cast.bot.id, "/start")
    actor = Actor(world, account.id, cast.bot.id)
    yield actor
    actor.close()


@pytest.fixture
async def gated(
    setup: BotSetup, news: Channel, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> AsyncIterator[Container]:
    """The bot that asks everybody to join the channel."""
    monkeypatch.chdir(str(tmp_path))
    async with setup.running(FORCE_SUBSCRIBE_CHATS=str(news.full_id)) as container:
        yield container
