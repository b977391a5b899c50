"""The bot in numbers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.cache import keys
from core.concurrency.worker_process import WorkerLostError
from core.domain.local_day import day_at
from core.domain.media import MediaKind
from core.domain.statistics import KindCounts
from core.errors import DatabaseUnavailableError
from core.services.statistics import _KINDS
from core.text.day_chart import axis_top
from tests.e2e.admin.talk import ask, night_is_over
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.world import World
    from tests.e2e.conftest import Cast


async def test_numbers_and_a_picture(bot: Container, world: World, ann: Actor, bob: Actor, cast: Cast) -> None:
    """People, files, channels, today and thirty days, then the days as bars."""
    await night_is_over(bot)  # which counts the kinds as well
    await post_files(bot, bob, cast, ["Faust.1926.mkv", "Nosferatu.1922.mkv"])
    await ask(ann, "faust")
    await bot.users.set_ban(777, "spam")
    today = day_at(bot.clock.utc_now(), bot.settings.time_zone)
    for days, searches in ((1, 40), (29, 2), (30, 500)):
        past = {"searches": searches, "files_delivered": 7}
        await bot.books.counters._statistics.put_part(today - timedelta(days=days), "past", past)
    await bot.databases.primary.measure("users")
    await bot.reports.statistics.count_kinds()

    shown = await ask(bob, "/stats")
    picture = (await bob.wait_message(lambda seen: seen.document is not None)).document

    assert "Active today: 2, in 7 days: 2, in 30 days: 2" in shown
    assert "Banned: 1" in shown
    assert "Videos: 0\nAudio files: 0\nDocuments: 2" in shown
    assert "Channels: 1 read, 0 paused, 0 switched off" in shown
    assert "Searches: 1 · 43" in shown
    assert "Files fetched: 0 · 14" in shown
    assert picture is not None
    assert picture.is_photo
    assert picture.read(0, 8) == b"\x89PNG\r\n\x1a\n"
    assert 2_000 < picture.size < 100_000


async def test_what_cannot_be_asked_is_missing_and_not_nothing(
    bot: Container, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that does not answer, and a picture that cannot be drawn, cost themselves alone."""
    await night_is_over(bot)  # which counts the kinds as well
    await ask(ann, "faust")

    async def unanswered(_: object) -> int:
        raise DatabaseUnavailableError("gone")

    async def lost(*_: object) -> bytes:
        raise WorkerLostError("gone")

    monkeypatch.setattr(bot.reports.worker, "call", lost)
    with monkeypatch.context() as patched:
        patched.setattr(bot.reports.statistics._files, "of_kind", unanswered)
        await bot.base.cache.delete(keys.statistics("kinds"))
        shown = await ask(bob, "/stats")
    assert "Files by kind: being counted" in shown
    assert "Hello" in await ask(bob, "/start")  # nothing came between: neither a picture nor an apology
    await bot.reports.statistics.count_kinds()
    assert "Files by kind, counted" in await ask(bob, "/stats")

    breaker = bot.databases.primary.breaker
    for _ in range(20):
        breaker._record_failure()
    found = await bot.reports.statistics.collect()
    assert (found.sources, found.days) == (None, None)
    assert [database.files for database in found.databases] == [None]


async def test_an_old_count_is_shown_and_made_anew(bot: Container, bob: Actor, cast: Cast) -> None:
    """Nobody waits while every file is read, and a count of an hour ago is not shown for another hour."""
    await night_is_over(bot)  # which counts the kinds as well
    await post_files(bot, bob, cast, ["Faust.1926.mkv"])
    await bot.reports.statistics.count_kinds()
    old = KindCounts({MediaKind.VIDEO: 7}, bot.clock.utc_now() - timedelta(hours=2))
    await bot.base.cache.set(keys.statistics("kinds"), _KINDS.encode(old), 60)
    bot.reports.statistics._kinds_asked_at = None

    assert "Videos: 7" in await ask(bob, "/stats")
    async with asyncio.timeout(10):
        while "Documents: 1" not in await ask(bob, "/stats"):
            pass


@pytest.mark.parametrize(("highest", "top"), [(0, 4), (4, 4), (5, 8), (9, 20), (81, 200), (9_001, 20_000)])
def test_the_axis_ends_above_the_highest_bar(highest: int, top: int) -> None:
    """Four steps that are easily read."""
    assert axis_top(highest) == top
