"""Files that take longer to send than people are patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.cache import keys
from tests.e2e.delivery.wishes import charged, has_file, sends_to
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast


async def test_a_press_on_a_file_that_is_slow_to_come_brings_no_second_one(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 1: whoever presses again while the first press is still served has one file, and pays for one."""
    monkeypatch.setattr(keys, "DEDUPE", replace(keys.DEDUPE, ttl_s=1))
    await post_files(bot, bob, cast, ["Nosferatu.mkv"])
    page = await search(ann, "nosferatu")
    slow = dc.faults.add(sends_to(cast.ann.id, action="hold"))
    bot.tasks.spawn(ann.press(page, "Nosferatu"), name="first press")
    await slow.held()

    second = bot.tasks.spawn(ann.press(page, "Nosferatu"), name="second press")
    await bot.clock.sleep(1.5)  # longer than a press is remembered
    slow.release()
    await ann.wait_message(has_file)
    answer = await second

    assert "on its way already" in str(answer.text)
    assert len(ann.files()) == 1
    assert await charged(bot.pool, cast.ann.id) == 1
