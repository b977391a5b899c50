"""Bob is the bot's admin; the crowd started the bot before it was restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.bots import BotSetup
from tests.e2e.broadcast.crowd import Crowd

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.world import World
    from tests.e2e.conftest import Cast


@pytest.fixture
def setup(setup: BotSetup) -> BotSetup:
    """Broadcasts that are shown and taken over faster than in earnest."""
    return BotSetup(setup.environ | {"BROADCAST_PROGRESS_S": "0.2", "BROADCAST_LEASE_S": "1"})


@pytest.fixture
def crowd(world: World, cast: Cast, pool: DatabaseConnectionPool, clock: Clock) -> Crowd:
    """Nobody yet."""
    return Crowd(world, cast, pool, clock)


@pytest.fixture
def admin(bob: Actor, cast: Cast) -> Actor:
    """Bob, who may be written to."""
    cast.bot.started.add(bob.user_id)
    return bob
