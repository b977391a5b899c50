"""Bob administers the bot and owns the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.owner import Owner

if TYPE_CHECKING:
    from sandbox.world import World
    from tests.e2e.conftest import Cast


@pytest.fixture
def owner(world: World, cast: Cast) -> Owner:
    """Bob, with his channels."""
    return Owner(world, cast.bob.id, cast.bot.id)
