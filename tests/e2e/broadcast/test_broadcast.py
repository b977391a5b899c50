"""Broadcasts over the wire: shown, confirmed, sent, reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrogram import raw

from sandbox.datacenter.faults import Fault
from tests.e2e.broadcast.crowd import ask, start

if TYPE_CHECKING:
    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.broadcast.crowd import Crowd
    from tests.e2e.conftest import Cast

TEXT = "The library has moved to a larger house."


async def test_everybody_gets_the_message_once_and_the_admin_a_report(
    bot: Container, admin: Actor, crowd: Crowd
) -> None:
    """Scenarios 35, 104: shown first, then sent to everybody once, with progress and a report."""
    await crowd.join(120)

    question = await ask(admin, TEXT)
    assert "121 people" in question.text  # the admin as well
    assert crowd.reached(TEXT) == 0
    await admin.press(question, "Send it")
    report = await admin.wait_edit(of=question, containing="The broadcast is done")

    assert crowd.copies(TEXT) == {1: 120}
    assert "Sent: 121 of 121" in report.text
    assert report.buttons == ()
    assert "The broadcast is done" in (await admin.wait_message(containing="It took")).text
    assert bot.broadcasting.service is not None
