"""A broadcast whose process is killed, again and again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from tests.e2e.broadcast.crowd import says, start

if TYPE_CHECKING:
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.broadcast.crowd import Crowd

TEXT = "The library has moved to a larger house."
PEOPLE = 500
KILLS = 5
SEED = 103


async def test_after_five_kills_everybody_has_the_message_exactly_once(
    setup: BotSetup, dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 103: after every kill -9 the broadcast goes on by itself; nobody is left out, nobody hears it twice."""
    ids = await crowd.join(PEOPLE)
    blocked = random.Random(SEED).sample(ids, 20)
    for user_id in blocked:
        crowd.block(user_id)
    points = sorted(random.Random(SEED).sample(range(20, PEOPLE - 60), KILLS))
    dc.faults.add(Fault("messages.SendMessage", action="delay", delay=0.03, times=None, match=says(TEXT)))
    async with setup.process() as bot:
        question = await start(admin, TEXT)
        for point in points:
            await crowd.reach(TEXT, point)
            await bot.kill()
            assert crowd.reached(TEXT) < PEOPLE - len(blocked)
            await bot.start()
        report = await admin.wait_edit(of=question, containing="The broadcast is done", timeout=30)
        record = await crowd.record("done")

    assert crowd.copies(TEXT) == {1: PEOPLE - len(blocked), 0: len(blocked)}
    assert record["sent"] == PEOPLE - len(blocked) + 1  # the admin as well
    assert record["unreachable"] == {"blocked": len(blocked)}
    assert (record["failed"], record["unsettled"]) == ({}, [])
    assert f"Sent: {PEOPLE - len(blocked) + 1} of {PEOPLE + 1}" in report.text
