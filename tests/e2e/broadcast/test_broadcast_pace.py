"""A broadcast beside readers, where Telegram limits how fast a bot may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.broadcast.crowd import start
from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.broadcast.crowd import Crowd
    from tests.e2e.conftest import Cast

TEXT = "The library has moved to a larger house."
PEOPLE = 120


def waited_s(bot: Container, kind: str) -> tuple[int, float]:
    """(sends of a class, seconds that they waited for their turns)."""
    (family,) = bot.metrics.send_budget_seconds.labels(kind).collect()
    values = {sample.name.rpartition("_")[2]: sample.value for sample in family.samples}
    return int(values["count"]), values["sum"]


async def test_readers_are_served_while_a_broadcast_takes_every_turn(
    setup: BotSetup,
    dc: DataCenter,
    cast: Cast,
    ann: Actor,
    admin: Actor,
    crowd: Crowd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scenario 88: a search and a file in the middle of it go at once, and nobody is told to wait."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(SEND_BUDGET="true") as bot:
        await post_files(bot, admin, cast, ["Nosferatu.1922.mkv"])
        await crowd.join(PEOPLE)
        dc.trouble.flood_control.enable()
        question = await start(admin, TEXT)
        await crowd.reach(TEXT, 10)

        ann.say("nosferatu")
        page = await ann.wait_message(lambda seen: bool(seen.buttons))
        await ann.press(page, file_labels(page)[0])
        await ann.wait_message(lambda seen: seen.document is not None)
        reached = crowd.reached(TEXT)
        await admin.wait_edit(of=question, containing="The broadcast is done", timeout=20)
        served = [waited_s(bot, kind) for kind in ("answer", "delivery")]

    assert reached < PEOPLE
    assert crowd.copies(TEXT) == {1: PEOPLE}
    assert dc.trouble.flood_control.refused.total() == 0
    assert all(count > 0 and seconds < 0.1 for count, seconds in served), served
