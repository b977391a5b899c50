"""Restarting the bot from the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.lifecycle import EXIT_RESTART
from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask_seen, audited

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_restart_ends_in_order_and_is_told(setup: BotSetup, bob: Actor) -> None:
    """Scenario 135: it only restarts: the process drains and ends with the code for it, the next one says so, once."""
    async with setup.process() as bot:
        question = await ask_seen(bob, "/restart")
        await bob.press(question, "Restart")
        await bob.wait_edit(of=question, containing="Restarting")
        assert await bot.ended(20) == EXIT_RESTART
        finished = await bot.wait_log("shutdown_finished")
        assert finished["cancelled"] is not None

        await bot.start()
        await bob.wait_message(containing="I am back, after")
        again = await ask_seen(bob, "/restart")
        refused = await bob.press(again, data=question.button("Restart").data)
        assert "too old to be answered" in (refused.text or "")
        assert len([seen for seen in bob.received if "I am back, after" in seen.text]) == 1


async def test_a_restart_is_confirmed_by_who_asked(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Cancelled, it cannot be confirmed any more; a restart that was not confirmed does nothing."""
    question = await ask_seen(bob, "/restart")
    confirm = question.button("Restart").data
    await bob.press(question, "Go on as before")
    await bob.wait_edit(of=question, containing="as before")
    refused = await bob.press(question, data=confirm)
    assert "settled" in (refused.text or "")
    assert not bot.base.stop.is_set
    assert await audited(bot) == []


@pytest.mark.parametrize("error", [(400, "MESSAGE_ID_INVALID"), (420, "FLOOD_WAIT_3600")])
async def test_a_question_that_cannot_be_edited_is_answered_all_the_same(
    setup: BotSetup, dc: DataCenter, bob: Actor, error: tuple[int, str]
) -> None:
    """Scenario 135: who confirmed a restart gets it, also when the message is gone or Telegram puts edits off."""
    async with setup.process() as bot:
        question = await ask_seen(bob, "/restart")
        dc.faults.add(Fault("messages.EditMessage", error=error, times=None))

        await bob.press(question, "Restart")

        assert await bot.ended(20) == EXIT_RESTART
