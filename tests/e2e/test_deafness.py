"""A bot that Telegram does not hear any more ends, and two with one token do not work beside each other."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.lifecycle import EXIT_DEAF
from tests.e2e.bots import get_json
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_bot_whose_key_is_lost_exits_and_the_next_one_logs_in_anew(
    setup: BotSetup, dc: DataCenter, ann: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Trap 2: the process ends with code 3 within seconds, in order, so that its supervisor starts another."""
    monkeypatch.chdir(tmp_path)
    async with setup.process() as bot:
        dc.trouble.forget_key(cast.bot.id)

        assert await bot.ended(15) == EXIT_DEAF
        assert (await bot.wait_log("telegram_deaf"))["reason"] == "the login is lost"
        assert "receiver" in str((await bot.wait_log("shutdown_finished"))["steps"])

    async with setup.running():
        ann.say("/help")
        await ann.wait_message(containing="search", timeout=10)


async def test_of_two_bots_with_one_token_one_works(
    setup: BotSetup, ann: Actor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scenario 140: the second one says that it stands by, is alive, answers nobody, and takes over at the end."""
    monkeypatch.chdir(tmp_path)
    other = setup.environ | {"SESSION": str(tmp_path / "elsewhere" / "bot.session")}
    async with setup.running() as first, _starting(setup, other) as (second, starting):
        await until(lambda: second.operations.watch.receiver.state == "stand-by")
        url = second.operations.sidecar.url
        await until(lambda: second.operations.health.health().live)
        assert (await get_json(f"{url}/health/live"))[0] == 200
        status, body = await get_json(f"{url}/health")
        assert (status, body["status"]) == (503, "unavailable")
        assert "receiver" in str(body["degraded"])

        ann.say("/help")
        await ann.wait_message(containing="search")
        assert second.client.session is None
        assert first.operations.watch.receiver.token == 1

        await first.shutdown.close()
        await asyncio.wait_for(starting, 15)
        ann.say("/help")
        await ann.wait_message(containing="search", timeout=10)
        assert second.operations.watch.receiver.token == 2


@asynccontextmanager
async def _starting(setup: BotSetup, environ: dict[str, str]) -> AsyncIterator[tuple[Container, asyncio.Task[None]]]:
    """A bot that has begun to start, and the task that ends when it has."""
    from config.settings import load_settings
    from core.container import open_container
    from handlers import build_manager

    settings = load_settings(environ, env_file=None)
    async with open_container(settings, environ=environ) as container:
        manager = build_manager(container)
        manager.register(container.client)
        starting = asyncio.create_task(container.start(manager.introduce))
        yield container, starting
        starting.cancel()
        await asyncio.wait([starting])
