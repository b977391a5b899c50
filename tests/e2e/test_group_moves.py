"""Groups that become supergroups, and groups where the bot may do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from sandbox.world.posting import Draft
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.seen import Seen
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

MODE = "/search_mode"


async def heard(actor: Actor, containing: str = "") -> Seen:
    """What the bot says next where the actor sees it."""
    return await actor.wait_message(lambda seen: seen.sender_id == actor.bot_id, containing=containing)


async def test_a_groups_settings_move_with_it(
    setup: BotSetup, world: World, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scenario 102: what was set in the basic group counts in the supergroup, also when it moved during a stop."""
    monkeypatch.chdir(tmp_path)
    live, later = (bob.create_basic_group(title, [cast.bot.id, cast.ann.id]) for title in ("Live", "Later"))
    async with setup.running() as bot:
        for group in (live, later):
            world.write(bob.user_id, group, Draft(text=f"{MODE} command"))
            await heard(bob, "from now on")
        moved = bob.migrate(live)
        await stored(bot, moved.full_id, "command")
        bob.say_in(moved.full_id, MODE)
        assert "command" in (await heard(bob)).text
    moved = bob.migrate(later)
    async with setup.running() as bot:
        await stored(bot, moved.full_id, "command")
        while await bot.pool.find_one("groups", {"_id": later.full_id}) is not None:
            await bot.clock.sleep(0.01)


async def test_what_was_set_in_the_supergroup_already_stays(bot: Container, bob: Actor, cast: Cast) -> None:
    """Scenario 102: being told twice of a move, or late, undoes nothing."""
    groups = bot.searching.groups
    old, new = -100, bob.create_supergroup("New", members=[cast.bot.id]).full_id
    for group, mode in ((old, "mention"), (new, "command")):
        await bot.pool.update_one("groups", {"_id": group}, {"$set": {"mode": mode}}, upsert=True, idempotent=True)

    await groups.move(old, new)
    await groups.move(old, new)

    assert (await groups.mode(new)).value == "command"
    assert await bot.pool.count("groups", {}) == 1


async def test_a_group_where_the_bot_may_not_write_harms_nobody(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 102: added without rights, the bot says nothing, fails nowhere, and goes on for everybody else."""
    forbidden = dc.faults.add(Fault("messages.SendMessage", error=(403, "CHAT_WRITE_FORBIDDEN"), times=None))
    group = bob.create_supergroup("Silent", members=[cast.bot.id, cast.ann.id])
    bob.create_basic_group("Quiet", [cast.bot.id])
    bob.say_in(group.full_id, "/help@filter_test_bot")
    bob.say_in(group.full_id, f"{MODE} all")
    await dc.recorder.wait_call("messages.SendMessage")
    bob.remove_bot(group.full_id)
    dc.faults.clear()

    ann.say("/help")
    await ann.wait_message(containing="How to search")
    await until(lambda: not (bot.receiving.lanes.running or bot.receiving.lanes.waiting))

    assert forbidden.hits > 0
    failed = [sample for sample in _outcomes(bot) if sample in {"failed", "unavailable", "unknown"}]
    assert failed == []


async def stored(bot: Container, group_id: int, mode: str) -> None:
    """Return when a group has a mode."""
    while ((await bot.pool.find_one("groups", {"_id": group_id})) or {}).get("mode") != mode:
        await bot.clock.sleep(0.01)


def _outcomes(bot: Container) -> list[str]:
    family = next(family for family in bot.metrics.registry.collect() if family.name == "file_filter_updates")
    return [sample.labels["outcome"] for sample in family.samples if sample.name.endswith("_total")]
