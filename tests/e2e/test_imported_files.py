"""Files of another bot's collection, in the hands of readers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pyrogram.file_id import FileId

from core.tools import import_dump
from tests.e2e.delivery.wishes import charged, fetch, has_file
from tests.e2e.test_main_path import file_labels, search
from tests.fixtures.foreign_dump import auto_filter_record, short_file_id, short_reference
from tests.fixtures.programs import Programs

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.world import World
    from sandbox.world.message_box import Message
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

GONE = "This file is no longer available at its source."


@dataclass(frozen=True, slots=True)
class Archive:
    """A channel of the time before this bot, which it does not index, and the program that imports from dumps of it."""

    bot: Container
    owner: Actor
    channel_id: int
    full_id: int
    folder: Path
    programs: Programs

    async def record(self, name: str, *, of_another_bot: bool = False) -> tuple[dict[str, Any], Message]:
        """A file as the bot before stored it, and its post; another bot's file_ids are good for nobody else."""
        post = self.owner.post_file(self.channel_id, name, 1000)
        [media] = await self.bot.telegram.fetch_posts(self.full_id, [post.id])
        found = FileId.decode(media.file_id)
        access_hash = found.access_hash ^ 1 if of_another_bot else found.access_hash
        key = short_file_id(found.media_id, kind=found.file_type, access_hash=access_hash, dc_id=found.dc_id)
        reference = short_reference(found.file_reference)
        return auto_filter_record(1, name, _id=key, file_ref=reference, caption="From before"), post

    async def bring(self, *records: dict[str, Any]) -> str:
        """Import them beside the running bot."""
        dump = self.folder / "dump.json"
        dump.write_text("\n".join(map(json.dumps, records)))
        code, told, complaints = await self.programs.run(import_dump, dump)
        assert (code, complaints) == (0, "")
        return told


@pytest.fixture
def archive(
    bot: Container,
    setup: BotSetup,
    world: World,
    bob: Actor,
    cast: Cast,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Archive:
    channel = world.add_channel("Archive", creator=cast.bob.id, admins=[cast.bot.id])
    programs = Programs(setup.environ, monkeypatch, capsys)
    return Archive(bot, bob, channel.id, channel.full_id, tmp_path, programs)


async def test_an_imported_file_is_found_and_delivered(
    archive: Archive, bot: Container, ann: Actor, cast: Cast
) -> None:
    """A collection of before is in the library of the running bot, and its files arrive."""
    assert file_labels(await search(ann, "nosferatu")) == []
    record, _ = await archive.record("Nosferatu.1922.mkv")

    assert "1 new" in await archive.bring(record)
    bot.books.invalidator.deleted()  # within three seconds by itself
    delivered = await fetch(ann, "nosferatu", "Nosferatu")

    assert delivered.document is not None
    assert (delivered.document.name, delivered.text) == ("Nosferatu.1922.mkv", "From before")


async def test_a_file_that_telegram_refuses_is_marked_dead_and_reported(
    archive: Archive, bot: Container, ann: Actor, cast: Cast
) -> None:
    """Scenario 81: the file_id of another bot: the first reader is told and not charged, and nobody sees it again."""
    record, _ = await archive.record("Golem.1920.mkv", of_another_bot=True)
    await archive.bring(record)
    page = await search(ann, "golem")

    answer = await ann.press(page, "Golem")

    assert answer.text == GONE
    assert await charged(bot.pool, ann.user_id) == 0
    [report] = await bot.pool.find("file_reports", {})
    assert report["reporters"] == [ann.user_id]
    assert (await search(ann, "golem")).text.startswith("Nothing found")
    assert "0 new, 1 known" in await archive.bring(record)
    assert (await search(ann, "golem")).text.startswith("Nothing found")


async def test_a_post_of_the_file_heals_what_was_imported(
    archive: Archive, bot: Container, world: World, ann: Actor, cast: Cast
) -> None:
    """Scenario 80: once an indexed channel has a post of it, a file of another bot is sent, and its record healed."""
    record, post = await archive.record("Faust.1926.mkv", of_another_bot=True)
    await archive.bring(record)
    world.post(cast.channel.id, author=cast.bob.id, file=post.body.file.id)
    async with asyncio.timeout(10):
        while await bot.pool.count("media_files", {"src.0": {"$exists": True}}) == 0:
            await bot.clock.sleep(0.01)

    page = await search(ann, "faust")
    await ann.press(page, "Faust")
    delivered = await ann.wait_message(has_file)

    assert delivered.document is not None
    assert delivered.document.name == "Faust.1926.mkv"
    assert await bot.pool.count("media_files", {}) == 1
