"""Broadcasts of a bot that runs in two processes, on a real MongoDB."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from config.settings import load_settings
from core.container import open_container
from handlers import build_manager
from sandbox.datacenter.faults import Fault
from tests.e2e.bots import BotSetup
from tests.e2e.broadcast.crowd import ask, says, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from core.clock import Clock
    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.broadcast.crowd import Crowd

TEXT = "The library has moved to a larger house."
PEOPLE = 300


@asynccontextmanager
async def another_process(setup: BotSetup) -> AsyncIterator[Container]:
    """A process beside the bot's own that sends broadcasts, too, and handles no updates."""
    environ = setup.environ | {"SESSION": setup.environ["SESSION"].replace("bot.", "other.")}
    async with open_container(load_settings(environ, env_file=None), environ=environ) as other:
        build_manager(other)  # which shows broadcasts, too
        await other.start(lambda _name: None, receives=False)
        other.tasks.supervise(other.broadcasting.service.run, name="broadcasts")
        yield other


def sends(dc: DataCenter) -> int:
    """How often the text was sent, and accepted or not; without the preview."""
    return len([call for call in dc.recorder.calls if getattr(call.request, "message", None) == TEXT]) - 1


async def test_of_two_processes_one_sends(
    setup: BotSetup,
    dc: DataCenter,
    admin: Actor,
    crowd: Crowd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scenario 107: both would send the broadcast; the lease lets one do it, so that nothing is even tried twice."""
    monkeypatch.chdir(tmp_path)
    patient = BotSetup(setup.environ | {"BROADCAST_LEASE_S": "60"})  # outlasts any pause of the machine
    await crowd.join(PEOPLE)
    async with patient.running() as bot, another_process(patient) as other:
        question = await ask(admin, TEXT)
        first = dc.faults.add(Fault("messages.SendMessage", action="hold", match=says(TEXT)))
        await admin.press(question, "Send it")
        await first.held()
        assert await other.broadcasting.service._serve() is False
        first.release()
        await admin.wait_edit(of=question, containing="The broadcast is done")

    assert crowd.copies(TEXT) == {1: PEOPLE}
    assert sends(dc) == PEOPLE + 1  # the admin as well
    assert bot.tasks.failures == 0


async def test_whoever_lost_the_lease_moves_nothing_any_more(
    bot: Container,
    setup: BotSetup,
    dc: DataCenter,
    admin: Actor,
    crowd: Crowd,
    pool: DatabaseConnectionPool,
    clock: Clock,
) -> None:
    """Scenario 103: a process that was suspended finds another one at work and leaves it alone; all count once."""
    await crowd.join(PEOPLE)
    dc.faults.add(Fault("messages.SendMessage", action="delay", delay=0.05, times=None, match=says(TEXT)))
    question = await start(admin, TEXT)
    await crowd.reach(TEXT, 60)
    fence = (await crowd.record("running"))["fence"]
    async with another_process(setup) as other:
        long_ago = clock.utc_now() - timedelta(hours=1)
        await pool.update_one("leases", {"_id": "broadcast"}, {"$set": {"expires_at": long_ago}})
        report = await admin.wait_edit(of=question, containing="The broadcast is done", timeout=20)
        record = await crowd.record("done")
        assert other.tasks.failures == 0

    assert record["fence"] > fence
    assert crowd.copies(TEXT) == {1: PEOPLE}
    assert f"Sent: {PEOPLE + 1} of {PEOPLE + 1}" in report.text
    assert bot.tasks.failures == 0
