"""A channel that is indexed, one that waits to be, and everybody who has to do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.indexing.stage import Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@pytest.fixture
def stage(
    setup: BotSetup,
    world: World,
    dc: DataCenter,
    cast: Cast,
    ann: Actor,
    bob: Actor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Stage]:
    """Everything that a test of indexing moves, and what it looks at; no bot is running yet."""
    monkeypatch.chdir(tmp_path)
    with Stage.over(setup, world, dc, cast, ann, bob) as stage:
        yield stage


@pytest.fixture
async def bot(stage: Stage) -> AsyncIterator[Container]:
    """The ordinary bot with small blocks and lively progress."""
    async with stage.running() as container:
        yield container
