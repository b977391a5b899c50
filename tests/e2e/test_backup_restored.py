"""A bot on a restored backup is the bot it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pymongo
import pytest
import redis

from core.clock import Clock
from core.errors import ConfigurationError
from core.tools import backup, restore
from tests.e2e.admin.talk import ask
from tests.e2e.delivery.wishes import charged, fetch
from tests.e2e.library import indexed, post_files
from tests.e2e.test_main_path import file_labels
from tests.fixtures.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor, Seen
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

FILES = [f"Les Vampires Part {number:02}.mkv" for number in range(1, 13)]


@pytest.fixture
def restored_name(mongo_uri: str, mongo_database: str) -> Iterator[str]:
    name = f"{mongo_database}_r"
    yield name
    with pymongo.MongoClient(mongo_uri) as client:
        client.drop_database(name)


async def search_until_prepared(reader: Actor, words: str) -> Seen:
    """The page; asked for again as long as the bot says that the indexes of the restored library are not built yet."""
    async with asyncio.timeout(30):
        while True:
            reader.say(words)
            answer = await reader.wait_message(lambda seen: words in seen.text or "being prepared" in seen.text)
            if words in answer.text:
                return answer
            await Clock().sleep(0.5)


async def test_a_restored_bot_serves_as_before(
    setup: BotSetup,
    world: World,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    restored_name: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Backed up while it runs, restored into an empty database: library, quota, premium and rights are there."""
    programs = Programs(setup.environ, monkeypatch, capsys)
    cid = world.add_user("Cid").id
    world.says(cid, cast.bot.id, "/start")
    async with setup.running() as bot:
        await post_files(bot, bob, cast, FILES)
        await fetch(ann, "vampires", "Part 03")
        assert "until" in await ask(bob, f"/addpremium {cid} 30d")
        assert await ask(bob, f"/role {cid} moderator")
        before = await bot.pool.find("users", {}, sort=[("_id", 1)])
        code, told, complaints = await programs.run(backup, "--to", tmp_path)
    assert code == 0, complaints
    folder = told.split("complete: ")[1].strip()
    code, _, complaints = await programs.run(restore, "--from", folder, "--database", restored_name)
    assert code == 0, complaints
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()

    async with setup.running(DATABASE_NAME=restored_name) as bot:
        assert await bot.pool.count("media_files", {}) == len(FILES)
        assert len(file_labels(await search_until_prepared(ann, "vampires"))) == 10
        delivered = await fetch(ann, "vampires", "Part 04")
        assert delivered.document is not None
        assert await charged(bot.pool, ann.user_id) == 2
        after = await bot.pool.find("users", {}, sort=[("_id", 1)])
        kept = ("_id", "premium_until", "role", "language", "first_name")
        assert [{k: u.get(k) for k in kept} for u in after] == [{k: u.get(k) for k in kept} for u in before]
        bob.post_file(cast.channel.id, "Nosferatu.1922.mkv", 1000)
        await indexed(bot, len(FILES) + 1)


async def test_a_bot_does_not_start_on_half_a_database(setup: BotSetup, pool: DatabaseConnectionPool) -> None:
    """After a machine that went down during a restore the bot says so, and writes nothing that the rest would meet."""
    await pool.insert_one("restores", {"_id": "2026-03-14T120000Z"})

    with pytest.raises(ConfigurationError, match=r"core\.tools\.restore"):
        async with setup.running():
            pass

    assert await pool.count("bot_settings", {}) == 0
    await pool.delete_many("restores", {})
    async with setup.running():
        pass
