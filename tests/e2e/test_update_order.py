"""Messages of one chat in their order, and no chat that waits for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

ANSWERED = "How to search"


def sends_to(person_id: int) -> Any:
    """A condition on requests: they write to this person."""
    return lambda request: getattr(request.peer, "user_id", None) == person_id


def hold_answers(dc: DataCenter, actor: Actor, method: str = "messages.SendMessage", times: int | None = 1) -> Fault:
    """Keep the bot's next answers to somebody in the data centre until they are released."""
    return dc.faults.add(Fault(method, action="hold", times=times, match=sends_to(actor.user_id)))


def shed(bot: Container, kind: str, reason: str) -> float:
    """How many updates were not handled."""
    return float(bot.metrics.registry.get_sample_value("file_filter_updates_shed_total", _labels(kind, reason)) or 0)


def _labels(kind: str, reason: str) -> dict[str, str]:
    return {"kind": kind, "reason": reason}


async def test_a_chat_keeps_its_order_and_delays_no_other(
    bot: Container, dc: DataCenter, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """While the answer to Ann's first message hangs, her second waits for it, and Bob is answered at once."""
    world.says(cast.bob.id, cast.bot.id, "/start")
    await bob.wait_message()
    held = hold_answers(dc, ann)

    ann.say("/help")
    await held.held()
    ann.say("/nonsense")
    bob.say("/help")
    await ann.expect_nothing_until(bob.wait_message(containing=ANSWERED))
    held.release()

    await ann.wait_message(containing=ANSWERED)
    await ann.wait_message(containing="do not know this command")


async def test_a_flood_from_one_chat_is_cut_and_others_are_answered_at_once(
    setup: BotSetup,
    dc: DataCenter,
    world: World,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Of 500 messages while one is being answered 20 wait, the rest is counted, and the person is told once."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(RATE_CALLBACK_BURST="10000", SEND_BUDGET="false") as bot:
        world.says(cast.bob.id, cast.bot.id, "/start")
        await bob.wait_message()
        held = hold_answers(dc, ann, times=None)
        ann.say("/help")
        await held.held()

        for _ in range(500):
            ann.say("/help")
        bob.say("/help")
        await ann.expect_nothing_until(bob.wait_message(containing=ANSWERED))
        assert shed(bot, "message", "chat_full") == 480
        assert bot.receiving.lanes.waiting == 20
        held.release()

        for _ in range(21):
            await ann.wait_message(containing=ANSWERED)
        ann.say("/nonsense")
        await ann.wait_message(containing="do not know this command")
        assert sum("too much at a time" in seen.text for seen in ann.received) == 1
        assert len([seen for seen in ann.received if ANSWERED in seen.text]) == 21


async def test_a_button_stops_turning_while_its_handler_goes_on(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 35: a press that is not done within five seconds is answered, and done afterwards."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    page = await search(ann, "nosferatu")
    held = hold_answers(dc, ann, "messages.SendMedia")

    answer = await ann.press(page, "Nosferatu", timeout=9)
    assert (answer.text, ann.files()) == (None, [])
    held.release()

    await ann.wait_message(lambda seen: seen.document is not None)


async def test_a_press_waits_for_the_message_before_it_and_a_query_does_not(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """What somebody writes and presses in the private chat is one order; what they type elsewhere is another."""
    await post_files(bot, bob, cast, [f"Nosferatu.{n}.mkv" for n in range(12)])
    page = await search(ann, "nosferatu")
    held = hold_answers(dc, ann)
    ann.say("/help")
    await held.held()

    edits = dc.recorder.mark()
    press = bot.tasks.spawn(ann.press(page, "›"), name="press")
    assert len((await ann.inline("nosferatu")).results) > 0
    assert "messages.EditMessage" not in {call.name for call in dc.recorder.since(edits)}
    held.release()

    await ann.wait_message(containing=ANSWERED)
    await ann.wait_edit(of=page)
    await press
