"""The words of the library, from a post to a misspelled search, over a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.clock import Clock
    from core.container import Container
    from sandbox.actor import Actor
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def wait_loaded(bot: Container, clock: Clock) -> None:
    """Until the bot has read what other ones stored."""
    started = clock.monotonic()
    while not bot.dictionary.is_loaded:
        assert clock.monotonic() - started < 10
        await clock.sleep(0.02)


async def test_a_typo_is_understood_before_and_after_a_restart(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scenario 49. What indexing taught a bot that is stopped right after, the next one knows and corrects by."""
    monkeypatch.chdir(tmp_path)
    async with setup.running() as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.1080p.mkv", "Metropolis.1927.mkv"])
        ann.say("nosfertau")
        page = await ann.wait_message(lambda seen: bool(file_labels(seen)))
        assert ["Nosferatu" in label for label in file_labels(page)] == [True]

    async with setup.running() as successor:
        await wait_loaded(successor, clock)
        assert successor.dictionary.dictionary.files("nosferatu") == 1
        ann.say("metroplis")
        page = await ann.wait_message(lambda seen: bool(file_labels(seen)))
        assert ["Metropolis" in label for label in file_labels(page)] == [True]
