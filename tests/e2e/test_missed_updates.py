"""What happens while the bot is down or cut off: answered at most once, and what may not be lost is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pyrogram import raw

from sandbox.datacenter.faults import Fault
from sandbox.world.posting import Draft
from tests.e2e.test_update_order import ANSWERED, hold_answers

if TYPE_CHECKING:
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

PRIVATE = {"RATE_CALLBACK_BURST": "10000", "SEND_BUDGET": "false"}


def count(bot: Container, metric: str, **labels: str) -> float:
    """The value of a counter, 0 when it was never touched."""
    return float(bot.metrics.registry.get_sample_value(f"file_filter_{metric}_total", labels) or 0)


async def until(bot: Container, value: float, metric: str, **labels: str) -> None:
    """Return when a counter has a value."""
    while count(bot, metric, **labels) != value:
        await bot.clock.sleep(0.01)


def helped(actor: Actor) -> int:
    """How many times the help was sent to somebody."""
    return sum(ANSWERED in seen.text for seen in actor.received)


async def test_what_was_said_while_the_bot_was_down_is_answered_unless_it_is_old(
    setup: BotSetup, ann: Actor, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A message of the last minute is answered, once, in its order; older ones are left out and counted."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(**PRIVATE):
        ann.say("/help")
        await ann.wait_message(containing=ANSWERED)
    for _ in range(3):
        ann.say("/help").body.date -= 120
    ann.say("/help")
    ann.say("/nonsense")
    async with setup.running(**PRIVATE) as bot:
        await ann.wait_message(containing=ANSWERED)
        await ann.wait_message(containing="do not know this command")
        assert count(bot, "updates_missed", kind="message", outcome="too_old") == 3
        assert count(bot, "updates_missed", kind="message", outcome="handled") == 2
    async with setup.running(**PRIVATE) as bot:
        ann.say("/nonsense")
        await ann.wait_message(containing="do not know this command")

    assert helped(ann) == 2


async def test_the_first_start_answers_nothing_of_before(
    setup: BotSetup, ann: Actor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where nothing is known of an earlier run, the account's past is left alone."""
    monkeypatch.chdir(tmp_path)
    ann.say("/help")
    async with setup.running(**PRIVATE) as bot:
        ann.say("/nonsense")
        await ann.expect_nothing_until(bot.clock.sleep(0))
        await ann.wait_message(containing="do not know this command")

    assert helped(ann) == 0


@pytest.mark.parametrize("error", [(500, "INTERNAL"), (400, "PERSISTENT_TIMESTAMP_INVALID")])
async def test_a_past_that_telegram_does_not_tell_holds_nobody_up(
    setup: BotSetup,
    dc: DataCenter,
    ann: Actor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: tuple[int, str],
) -> None:
    """Where what was missed cannot be had, now or ever, what arrives is answered."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(**PRIVATE):
        ann.say("/help")
        await ann.wait_message(containing=ANSWERED)
    ann.say("/help")
    dc.faults.add(Fault("updates.GetDifference", error=error, times=None))
    async with setup.running(**PRIVATE):
        ann.say("/nonsense")
        await ann.wait_message(containing="do not know this command", timeout=20)

    assert helped(ann) == 1


@pytest.mark.parametrize("ends", ["while it stops", "never"])
async def test_what_waited_at_the_end_is_handled_after_the_next_start(
    setup: BotSetup, dc: DataCenter, ann: Actor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ends: str
) -> None:
    """Scenario 139: of three messages one is being answered at the stop: it is not answered again, the others are."""
    monkeypatch.chdir(tmp_path)
    deadline_s = "2" if ends == "never" else "20"
    async with setup.running(SHUTDOWN_DEADLINE_S=deadline_s, **PRIVATE) as bot:
        held = hold_answers(dc, ann)
        ann.say("/help")
        await held.held()
        ann.say("/nonsense")
        ann.say("/nonsense")
        while bot.receiving.lanes.waiting < 2:
            await bot.clock.sleep(0.01)
        if ends == "while it stops":
            asyncio.get_running_loop().call_later(0.2, held.release)
    held.release()
    async with setup.running(**PRIVATE) as bot:
        for _ in range(2):
            await ann.wait_message(containing="do not know this command")
        assert count(bot, "updates_missed", kind="message", outcome="handled") == 2
        assert count(bot, "updates_missed", kind="message", outcome="known") == (ends == "never")

    assert helped(ann) == 1


async def test_what_a_lost_connection_swallowed_is_asked_for(bot: Container, dc: DataCenter, ann: Actor) -> None:
    """Messages that Telegram no longer sends after a reconnection, or says are too many, are handled once."""
    for policy in ("drop", "too_long", "queue"):
        dc.offline = policy
        dc.trouble.turn_away = True
        dc.trouble.drop_all()
        ann.say("/help")
        dc.trouble.turn_away = False
        await ann.wait_message(containing=ANSWERED, timeout=15)

    ann.say("/nonsense")
    await ann.wait_message(containing="do not know this command")
    assert helped(ann) == 3


async def test_payments_and_members_are_never_left_out(
    setup: BotSetup, world: World, ann: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However old, a payment and changes of members are handed over after the start, and live ones are."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(**PRIVATE) as bot:
        world.write(cast.ann.id, cast.bot, Draft(action=_paid("first")))
        await until(bot, 1, "chat_events", kind="PaymentReceived", outcome="unhandled")
        world.delivery.push(cast.bot.id, _about_to_pay(cast.ann.id))
        await until(bot, 1, "chat_events", kind="PreCheckout", outcome="unhandled")
    world.write(cast.ann.id, cast.bot, Draft(action=_paid("second"))).body.date -= 3_600
    world.membership.kick(cast.group, cast.ann.id, actor_id=cast.bob.id)
    world.block(cast.ann.id, cast.bot.id)
    async with setup.running(**PRIVATE) as bot:
        await until(bot, 1, "chat_events", kind="PaymentReceived", outcome="unhandled")
        await until(bot, 2, "chat_events", kind="MembershipChanged", outcome="taken")


async def test_killed_at_any_moment_a_message_is_answered_at_most_once(
    setup: BotSetup, dc: DataCenter, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Killed before, while and right after it answers, and with a message that came while it was dead."""
    world.says(cast.bob.id, cast.bot.id, "/start")
    async with setup.process(**PRIVATE) as bot:
        held = hold_answers(dc, ann)
        ann.say("/help")
        await held.held()
        await bot.kill()
        held.release()
        await bot.start()
        bob.say("/help")
        await bob.wait_message(containing=ANSWERED)
        ann.say("/help")
        await ann.wait_message(lambda _: helped(ann) == 2)
        await bot.kill()
        ann.say("/help")
        await bot.start()
        await ann.wait_message(lambda _: helped(ann) == 3)
        ann.say("/nonsense")
        await ann.wait_message(containing="do not know this command")

    assert helped(ann) == 3


def _paid(charge: str) -> raw.base.MessageAction:
    return raw.types.MessageActionPaymentSentMe(
        currency="XTR",
        total_amount=100,
        payload=b"premium:30",
        charge=raw.types.PaymentCharge(id=charge, provider_charge_id=charge),
    )


def _about_to_pay(person_id: int) -> raw.base.Update:
    return raw.types.UpdateBotPrecheckoutQuery(
        query_id=7, user_id=person_id, payload=b"premium:30", currency="XTR", total_amount=100
    )
